// Finding a song on the map by its words: what is typed is looked for after a short rest, Enter flies to the first that is found.

import { showFound } from "./map_panel.js";
import { findIds } from "./map_points.js";
import { findSongs } from "./map_songs.js";

const TYPED_REST_MS = 160;

export function connectFinder({ form, found, points, flyTo, say, signal }) {
  let rest = 0;
  let sought = 0;
  const on = (name, act) => form.addEventListener(name, act, { signal });
  const hide = () => (found.hidden = true);

  async function seek({ isFinal = false } = {}) {
    const words = form.elements.q.value.trim();
    const asked = (sought += 1); // a later question, or a song chosen, makes this answer too late
    if (!words) return hide();
    const songs = await findSongs(words);
    if (signal.aborted || !songs || asked !== sought) return undefined;
    const known = findIds(points, songs.map((song) => song.track_id));
    if (isFinal && known.has(songs[0]?.track_id)) {
      hide();
      return flyTo(known.get(songs[0].track_id));
    }
    showFound(found, songs, (id) => known.has(id));
    return say(`${songs.length} ${songs.length === 1 ? "song" : "songs"} found`);
  }

  on("input", () => {
    clearTimeout(rest);
    rest = setTimeout(seek, TYPED_REST_MS);
  });
  on("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(rest);
    seek({ isFinal: true });
  });
  on("keydown", (event) => event.key === "Escape" && hide());
  on("focusout", (event) => !form.contains(event.relatedTarget) && hide());

  return {
    close() {
      sought += 1;
      hide();
    },
  };
}
