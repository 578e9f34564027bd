// The radio: songs without end from one song on. What was heard and skipped of it is told to the server with each question; when the
// queue runs low more is asked for, and a skip throws away what was chosen before it. Anything else that is played ends the radio.

import { isLeftEarly } from "./listening.js";
import { recall, remember } from "./memory.js";
import { appendAfter, currentEntry, upcoming } from "./queue.js";
import { showToast } from "./toast.js";
import { readTrack } from "./tracks.js";

const prefix = document.documentElement.dataset.prefix;
const LOW = 3; // songs ahead: fewer, and more are asked for
const AT_ONCE = 6;
const HEARD_MAX = 140;
const SKIPPED_MAX = 50;
const PATIENCE_MS = 1200; // a skip waits so long for other songs, then goes on with what there is
let radio = recall("radio"); // { seedId, title, heard, skipped }: null while none is on
let isAsking = false;
let isOver = false; // all was heard

export const isRadioOn = () => radio !== null;

function keep(next) {
  radio = next;
  isOver = false;
  remember("radio", radio);
}

async function ask({ seedId, heard, skipped }, signal) {
  const query = new URLSearchParams({ limit: AT_ONCE });
  if (seedId) query.set("seed", seedId);
  if (heard.length) query.set("heard", heard.slice(-HEARD_MAX).join(","));
  if (skipped.length) query.set("skipped", skipped.slice(-SKIPPED_MAX).join(","));
  const response = await fetch(`${prefix}/api/v1/radio?${query}`, { signal, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`radio ${response.status}`);
  return response.json();
}

// From a song, or without one from the listener's taste.
async function begin(song) {
  try {
    const { seed, items } = await ask({ seedId: song?.trackId, heard: [], skipped: [] });
    if (!seed) return showToast("There is nothing to play yet.", { isFault: true });
    const first = song ?? readTrack(seed);
    document.dispatchEvent(new CustomEvent("timbre:play", { detail: { tracks: [first, ...items], place: 0, isInOrder: true } }));
    keep({ seedId: seed.track_id, title: first.title, heard: [first.trackId], skipped: [] });
    return showToast(`Radio from “${first.title}”: it goes on until you play something else.`);
  } catch {
    return showToast("The radio could not be reached. Please try again.", { isFault: true });
  }
}

export function stopRadio() {
  if (radio) keep(null);
}

const idsAhead = (queue) => upcoming(queue).map(({ track }) => track.trackId);

// For the player, which is about to leave a song by the listener's wish: the queue to go on with.
export async function turnAway(queue) {
  const trackId = currentEntry(queue)?.track.trackId;
  if (!radio || !trackId || !isLeftEarly()) return queue;
  keep({ ...radio, heard: radio.heard.filter((id) => id !== trackId), skipped: [...radio.skipped, trackId].slice(-SKIPPED_MAX) });
  const asked = radio;
  try {
    const { items } = await ask(asked, AbortSignal.timeout(PATIENCE_MS));
    return items.length && radio === asked ? appendAfter(queue, items.map(readTrack)) : queue;
  } catch {
    return queue; // late or away: what was chosen before is better than silence
  }
}

async function refill(queue) {
  isAsking = true;
  const asked = radio;
  try {
    const { items } = await ask({ ...radio, heard: [...radio.heard, ...idsAhead(queue)] });
    isOver = !items.length;
    if (items.length && radio?.seedId === asked.seedId) {
      document.dispatchEvent(new CustomEvent("timbre:enqueue", { detail: { tracks: items, isQuiet: true } }));
    }
  } catch {
    // the next song asks again
  } finally {
    isAsking = false;
  }
}

document.addEventListener("timbre:queue", ({ detail: { queue } }) => {
  const trackId = currentEntry(queue)?.track.trackId;
  if (!radio || !trackId) return;
  if (radio.heard.at(-1) !== trackId) {
    const wasOver = isOver;
    keep({ ...radio, heard: [...radio.heard.filter((id) => id !== trackId), trackId].slice(-HEARD_MAX) });
    isOver = wasOver;
  }
  if (!isAsking && !isOver && upcoming(queue).length < LOW) refill(queue);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-radio]");
  if (!button) return;
  const menu = button.closest("#song-menu");
  const song = button.closest("[data-track-id]") ?? (menu && document.querySelector('[data-song-menu][aria-expanded="true"]')?.closest("[data-track-id]"));
  begin(song ? readTrack(song) : null);
  if (menu) menu.hidePopover();
});
