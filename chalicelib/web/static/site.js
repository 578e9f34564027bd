// Everything that pages run, once per load: the pages change inside it, the music goes on. Each module listens to
// `timbre:page`, which says that another page has been put in place, and looks for the elements it cares for.

import "./player.js";
import "./pages.js";
import "./drop.js";
import "./upload_page.js";
import "./way.js";
import "./menu.js";
import "./dialog.js";
import "./shelf.js";
import "./toast.js";
import "./tips.js";
import "./home.js";
import "./radio.js";
import "./mix.js";
import "./query.js";
import "./dismissing.js";
import "./history.js";
import "./preview.js";
import "./search.js";
import "./track.js";
import "./map_loader.js";

document.dispatchEvent(new Event("timbre:ready")); // early.js has waited for it
