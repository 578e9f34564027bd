// The menu behind a song's `[data-song-menu]`: play next, add to the queue. One menu for all rows. The same acts stand behind
// `[data-play-next]` and `[data-enqueue]` anywhere within a song.

import { readTrack } from "./tracks.js";

const menu = document.getElementById("song-menu");
const items = () => [...menu.querySelectorAll('[role="menuitem"]:not([hidden])')];
let opener = null;
let scrolledAt = 0; // where the page stood as the menu opened: a scroll from before is told after it
let openAtPress = null; // whose menu stood open when the pointer came down: the browser has closed it before the click is told

const findSong = (element) => element.closest("[data-track-id]") ?? opener?.closest("[data-track-id]");

const markClosed = () => opener?.setAttribute("aria-expanded", "false");

function open(button) {
  markClosed();
  opener = button;
  const song = button.closest("[data-track-id]");
  menu.setAttribute("aria-label", song.dataset.title);
  const page = menu.querySelector("[data-menu-page]");
  page.href = song.dataset.page;
  page.hidden = page.pathname === window.location.pathname;
  scrolledAt = window.scrollY;
  menu.showPopover();
  place(button.getBoundingClientRect());
  button.setAttribute("aria-expanded", "true");
  items()[0].focus();
}

function place(button) {
  const { width, height } = menu.getBoundingClientRect();
  const bar = document.getElementById("player").hidden ? 0 : document.getElementById("player").offsetHeight;
  const isBelow = button.bottom + height + 8 < window.innerHeight - bar;
  menu.style.left = `${Math.max(8, Math.min(button.right - width, window.innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, isBelow ? button.bottom + 4 : button.top - height - 4)}px`;
}

function close({ hasFocus = true } = {}) {
  if (!menu.matches(":popover-open")) return;
  menu.hidePopover();
  if (hasFocus) opener?.focus();
}

function press(button) {
  const isAgain = button === openAtPress;
  openAtPress = null;
  if (isAgain) close();
  if (isAgain) button.focus();
  else open(button);
}

document.addEventListener("pointerdown", () => (openAtPress = menu.matches(":popover-open") ? opener : null), { capture: true });
// Told later than it happens: the menu may be open again, for another song.
menu.addEventListener("toggle", () => menu.matches(":popover-open") || markClosed());
menu.addEventListener("keydown", (event) => {
  const all = items();
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (event.key === "Tab") close();
  if (to === undefined) return;
  event.preventDefault();
  all.at(to % all.length).focus();
});
window.addEventListener("scroll", () => window.scrollY === scrolledAt || close({ hasFocus: false }), { passive: true });

export function connectSongMenu({ playNext, enqueue }) {
  const acts = { "[data-play-next]": playNext, "[data-enqueue]": enqueue };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-song-menu]");
    if (button) return press(button);
    for (const [selector, act] of Object.entries(acts)) {
      const chosen = event.target.closest(selector);
      const song = chosen && findSong(chosen);
      if (!song) continue;
      act([readTrack(song)]);
      if (menu.contains(chosen)) close();
    }
    if (event.target.closest("#song-menu a")) close({ hasFocus: false });
    return undefined;
  });
}
