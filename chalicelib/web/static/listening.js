// What is told of a song as it is listened to: `start`, then `complete` (nine tenths really heard, or the end reached after half of it)
// or `skip` (left early), each once. The ids are drawn when the listening begins and kept through reloads.

import { addRange, isComplete, judgeLeaving, sumRanges } from "./heard.js";
import { drawId, recall, remember } from "./memory.js";
import { post, postLast } from "./outbox.js";

const SAME_LISTENING_MS = 30 * 60 * 1000; // gone on with later, it is another listening
let listening = recall("listening");
let isOnlyMoving = false; // a reload, or a page of ours that the browser opens itself: the song is not left

const makeIds = () => ({ start: drawId(), complete: drawId(), skip: drawId() });
const keep = () => remember("listening", listening);

function tell(kind, send = post) {
  if (!listening || listening.told.includes(kind)) return;
  const position = kind === "start" ? listening.startedAt : sumRanges(listening.ranges);
  listening = { ...listening, told: [...listening.told, kind] };
  keep();
  send({ event_id: listening.ids[kind], track_id: listening.trackId, kind, position_s: Math.round(10 * position) / 10 });
}

// The sound has begun. Of a song that a reload interrupted, the listening goes on.
export function beginListening(entry, position, duration) {
  const isSame = listening && listening.key === entry.key && listening.trackId === entry.track.trackId;
  if (isSame && Date.now() - listening.at < SAME_LISTENING_MS) return;
  const ranges = isSame ? listening.ranges : [];
  listening = { key: entry.key, trackId: entry.track.trackId, ids: makeIds(), told: [], ranges, duration, startedAt: position, at: Date.now() };
  keep();
  tell("start");
}

export function noteHeard(from, to, duration) {
  if (!listening) return;
  listening = { ...listening, ranges: addRange(listening.ranges, from, to), duration: duration || listening.duration, at: Date.now() };
  if (isComplete(listening.ranges, listening.duration)) tell("complete");
}

export const keepListening = keep;

// Whether leaving the song now would be a skip.
export const isLeftEarly = () => Boolean(listening) && !listening.told.includes("complete") && judgeLeaving(listening.ranges, listening.duration, false) === "skip";

// Another song, or the end of this one.
export function leaveSong({ hasEnded = false, isUnplayable = false } = {}) {
  if (!listening) return;
  const isOld = Date.now() - listening.at > SAME_LISTENING_MS; // paused long ago: that it is not gone on with says nothing
  const kind = isUnplayable || isOld ? null : judgeLeaving(listening.ranges, listening.duration, hasEnded);
  if (kind && !listening.told.includes("complete")) tell(kind);
  listening = null;
  keep();
}

// The page goes away. A song that was paused is not left: it waits to be continued.
export function leavePage(isPlaying) {
  keep();
  if (!listening || isOnlyMoving || !isPlaying || listening.told.includes("complete")) return;
  if (judgeLeaving(listening.ranges, listening.duration, false) === "skip") tell("skip", postLast);
}

export function forgetListening() {
  listening = null;
}

const noteMoving = () => {
  isOnlyMoving = true;
};

document.addEventListener("timbre:moving", noteMoving);
window.navigation?.addEventListener("navigate", (event) => event.navigationType === "reload" && noteMoving());
// A reload by the keyboard is no event of `navigation`; one by the browser's own button nobody is told of: it counts as leaving.
document.addEventListener("keydown", (event) => {
  const isReload = event.key === "F5" || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "r");
  isOnlyMoving = isReload;
});
window.addEventListener("pageshow", () => {
  isOnlyMoving = false;
});
