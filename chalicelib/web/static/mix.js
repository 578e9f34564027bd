// The mix that a listener puts together on the way: songs to be near to, songs to be away from. The page /similar shows it; its address
// holds the mix, this only carries it from page to page. Without this file the links on that page do the same.

import { recall, remember } from "./memory.js";
import { showToast } from "./toast.js";
import { readTrack } from "./tracks.js";

const prefix = document.documentElement.dataset.prefix;
const SIDE_MAX = 20;
const empty = () => ({ to: [], away: [] });
const readMix = () => ({ ...empty(), ...recall("mix") });

function addressOf({ to, away }) {
  const query = new URLSearchParams();
  if (to.length) query.set("to", to.join(","));
  if (away.length) query.set("away", away.join(","));
  return `${prefix}/similar?${query.toString().replaceAll("%2C", ",")}`;
}

function put(song, side) {
  const before = readMix();
  const other = side === "to" ? "away" : "to";
  const mix = { ...before, [side]: [...before[side].filter((id) => id !== song.trackId), song.trackId].slice(-SIDE_MAX), [other]: before[other].filter((id) => id !== song.trackId) };
  remember("mix", mix);
  showLinks();
  const words = side === "to" ? `“${song.title}” is in your mix.` : `Your mix stays away from “${song.title}”.`;
  showToast(words, { undo: () => open(addressOf(mix)), label: "Open the mix" });
}

// By a link, so that the music goes on.
function open(address) {
  const link = document.createElement("a");
  link.href = address;
  document.getElementById("main").append(link);
  link.click();
  link.remove();
}

function showLinks() {
  for (const link of document.querySelectorAll("a[data-mix-link]")) link.href = addressOf(readMix());
}

// What the page shows is the mix from now on.
function adopt() {
  const page = document.querySelector("[data-mix-page]");
  if (page && page.dataset.mixPage === "shown") remember("mix", { to: split(page.dataset.to), away: split(page.dataset.away) });
  showLinks();
}

const split = (text) => (text ? text.split(",") : []);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-mix-clear]")) remember("mix", empty());
  const button = event.target.closest("button[data-mix]");
  if (!button) return;
  const menu = button.closest("#song-menu");
  const song = menu ? document.querySelector('[data-song-menu][aria-expanded="true"]')?.closest("[data-track-id]") : button.closest("[data-track-id]");
  if (!song) return;
  put(readTrack(song), button.dataset.mix);
  if (menu) menu.hidePopover();
});
document.addEventListener("timbre:page", adopt);
adopt();
