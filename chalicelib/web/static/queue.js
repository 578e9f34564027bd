// The order of songs, as values: every function takes a queue and gives another. Knows no sound, no page and no server.
//
// { entries: [{ key, track }], place, order, repeat, nextKey }: `place` is of the song that plays; `order` holds the keys as they were
// before shuffling (null: not shuffled); `repeat` is off, all or one. A song may be there twice, so entries go by key.

const QUEUE_MAX = 200;
const REPEATS = ["off", "all", "one"];

export const emptyQueue = (repeat = "off") => ({ entries: [], place: 0, order: null, repeat, nextKey: 1 });
export const currentEntry = (queue) => queue.entries[queue.place] ?? null;
export const upcoming = (queue) => queue.entries.slice(queue.place + 1);
export const isShuffled = (queue) => queue.order !== null;

export function makeQueue(tracks, place = 0, repeat = "off") {
  const start = Math.max(0, Math.min(place - 20, tracks.length - QUEUE_MAX)); // of a longer list, what is around the song
  const entries = tracks.slice(start, start + QUEUE_MAX).map((track, index) => ({ key: index + 1, track }));
  return { entries, place: place - start, order: null, repeat, nextKey: entries.length + 1 };
}

function nextPlace(queue, hasEnded) {
  if (!queue.entries.length) return null;
  if (hasEnded && queue.repeat === "one") return queue.place;
  if (queue.place + 1 < queue.entries.length) return queue.place + 1;
  return queue.repeat === "all" ? 0 : null;
}

// What plays when the song has ended, for preloading.
export function peekNext(queue) {
  const place = nextPlace(queue, true);
  return place === null ? null : queue.entries[place];
}

export const hasNext = (queue) => nextPlace(queue, false) !== null;

// null: nothing follows. A shuffled queue that begins again is shuffled again, but for its first song, which may be loaded already.
export function goNext(queue, { hasEnded = false, random = Math.random } = {}) {
  const place = nextPlace(queue, hasEnded);
  if (place === null) return null;
  const hasWrapped = place === 0 && queue.place > 0;
  return hasWrapped && isShuffled(queue) ? mixAfter({ ...queue, place }, random) : { ...queue, place };
}

export function goBack(queue) {
  if (queue.place > 0) return { ...queue, place: queue.place - 1 };
  return queue.repeat === "all" && queue.entries.length > 1 ? { ...queue, place: queue.entries.length - 1 } : null;
}

export function jumpTo(queue, key) {
  const place = queue.entries.findIndex((entry) => entry.key === key);
  return place < 0 ? queue : { ...queue, place };
}

export const insertNext = (queue, tracks) => insert(queue, tracks, queue.place + 1, currentEntry(queue)?.key);
export const append = (queue, tracks) => insert(queue, tracks, queue.entries.length, queue.order?.at(-1));

// In place of all that comes.
export function appendAfter(queue, tracks) {
  const gone = new Set(upcoming(queue).map((entry) => entry.key));
  const order = queue.order && queue.order.filter((key) => !gone.has(key));
  return append({ ...queue, entries: queue.entries.slice(0, queue.place + 1), order }, tracks);
}

function insert(queue, tracks, at, afterKey) {
  const added = tracks.slice(0, QUEUE_MAX).map((track, index) => ({ key: queue.nextKey + index, track }));
  const entries = queue.entries.toSpliced(at, 0, ...added);
  const keys = added.map((entry) => entry.key);
  const order = queue.order && queue.order.toSpliced(queue.order.indexOf(afterKey) + 1, 0, ...keys);
  return bound({ ...queue, entries, order, nextKey: queue.nextKey + added.length });
}

// The oldest played ones go first, then what would come last.
function bound(queue) {
  const surplus = queue.entries.length - QUEUE_MAX;
  if (surplus <= 0) return queue;
  const fromFront = Math.min(surplus, queue.place);
  const entries = queue.entries.slice(fromFront, fromFront + QUEUE_MAX);
  const kept = new Set(entries.map((entry) => entry.key));
  return { ...queue, entries, place: queue.place - fromFront, order: queue.order && queue.order.filter((key) => kept.has(key)) };
}

// `to`: the place that the entry has afterwards. The song that plays stays the same one.
export function moveEntry(queue, key, to) {
  const from = queue.entries.findIndex((entry) => entry.key === key);
  if (from < 0) return queue;
  const target = Math.max(0, Math.min(to, queue.entries.length - 1));
  const entries = queue.entries.toSpliced(from, 1).toSpliced(target, 0, queue.entries[from]);
  return { ...queue, entries, place: entries.indexOf(currentEntry(queue)) };
}

// Of the song that plays: the one after it takes its place.
export function removeEntry(queue, key) {
  const at = queue.entries.findIndex((entry) => entry.key === key);
  if (at < 0) return queue;
  const place = at < queue.place ? queue.place - 1 : queue.place;
  return { ...queue, entries: queue.entries.toSpliced(at, 1), place, order: queue.order && queue.order.filter((other) => other !== key) };
}

// All but the song that plays.
export function clearOthers(queue) {
  const current = currentEntry(queue);
  return { ...queue, entries: current ? [current] : [], place: 0, order: queue.order && (current ? [current.key] : []) };
}

// What was played keeps its place, so that nothing comes twice before everything came once.
export function shuffle(queue, random = Math.random) {
  if (isShuffled(queue)) return queue;
  return mixAfter({ ...queue, order: queue.entries.map((entry) => entry.key) }, random);
}

function mixAfter(queue, random) {
  const rest = upcoming(queue);
  for (let last = rest.length - 1; last > 0; last -= 1) {
    const drawn = Math.floor(random() * (last + 1));
    [rest[last], rest[drawn]] = [rest[drawn], rest[last]];
  }
  return { ...queue, entries: [...queue.entries.slice(0, queue.place + 1), ...rest] };
}

export function unshuffle(queue) {
  if (!isShuffled(queue)) return queue;
  const byKey = new Map(queue.entries.map((entry) => [entry.key, entry]));
  const entries = queue.order.map((key) => byKey.get(key)).filter(Boolean);
  return { ...queue, entries, place: Math.max(0, entries.indexOf(currentEntry(queue))), order: null };
}

export const turnRepeat = (queue) => ({ ...queue, repeat: REPEATS[(REPEATS.indexOf(queue.repeat) + 1) % REPEATS.length] });
