// Going on where one stopped: from this browser at once, from the server on any device. The last change wins, wherever it was made.

import { deviceId, headers, isMine, recall, remember } from "./memory.js";
import { currentEntry, makeQueue } from "./queue.js";
import { readTrack } from "./tracks.js";

const prefix = document.documentElement.dataset.prefix;
const url = `${prefix}/api/v1/listening`;
const SAVE_EVERY_MS = 10_000;
const SOON_MS = 800;
let clockOffset = 0; // the server's clock less ours
let timer = 0;
let savedAt = 0;
let changedAt = recall("place")?.changedAt ?? 0;

const serverNow = () => Date.now() + clockOffset;

// What stands in this browser: { queue, position }, or null.
export function recallPlace() {
  const queue = recall("queue");
  const place = recall("place");
  if (!queue?.entries?.length || !currentEntry(queue)) return null;
  return { queue, position: place?.key === currentEntry(queue).key ? place.position : 0 };
}

export function rememberQueue(queue) {
  remember("queue", queue);
}

export function rememberPlace(queue, position) {
  changedAt = serverNow();
  remember("place", { key: currentEntry(queue)?.key, position, changedAt });
}

function describe({ queue, position }) {
  const body = {
    queue: queue.entries.map((entry) => entry.track.trackId),
    place: queue.place,
    position_s: Math.round(10 * position) / 10,
    changed_at: new Date(changedAt).toISOString(),
    device_id: deviceId(),
  };
  return { method: "PUT", keepalive: true, headers, body: JSON.stringify(body) };
}

// A save that is lost is made good by the next one.
export function saveNow(place) {
  clearTimeout(timer);
  timer = 0;
  if (!isMine()) return Promise.resolve();
  savedAt = Date.now();
  return fetch(url, describe(place)).catch(() => {});
}

// `read` gives the place as it is when the time has come.
export function saveLater(read, { isSoon = false } = {}) {
  const due = isSoon ? SOON_MS : Math.max(SOON_MS, savedAt + SAVE_EVERY_MS - Date.now());
  if (timer && !isSoon) return;
  clearTimeout(timer);
  timer = setTimeout(() => saveNow(read()), due);
}

// What another device saved later than this one did; null: nothing newer. `isAnyway`: whatever is there.
export async function fetchPlace({ isAnyway = false } = {}) {
  try {
    const response = await fetch(url);
    if (!response.ok) return null;
    clockOffset = Date.parse(response.headers.get("Date")) - Date.now() || 0;
    const saved = await response.json();
    if (!saved.queue.length) return null;
    const isNewer = Date.parse(saved.changed_at) > changedAt + 1000 && saved.device_id !== deviceId();
    if (!isNewer && !isAnyway && changedAt) return null;
    return { queue: makeQueue(saved.queue.map(readTrack), saved.place), position: saved.position_s };
  } catch {
    return null;
  }
}

export function forgetPlace() {
  clearTimeout(timer);
  timer = 0;
  changedAt = 0;
}
