// What the points are called: fetched when somebody looks, many at once, and kept while the document stands.

const AT_ONCE = 30;
const WAIT_MS = 40;
const known = new Map(); // id → the song as the API shows it; null: it is gone
const waiting = new Map(); // id → those who wait for it
const prefix = document.documentElement.dataset.prefix;
let timer = 0;

export const knownSong = (id) => known.get(id);

// The song, null where it is gone; undefined where it could not be asked for.
export function loadSong(id) {
  if (known.has(id)) return Promise.resolve(known.get(id));
  return new Promise((resolve) => {
    waiting.set(id, [...(waiting.get(id) ?? []), resolve]);
    clearTimeout(timer);
    timer = setTimeout(askForAll, WAIT_MS);
  });
}

export const loadSongs = (ids) => Promise.all(ids.map(loadSong));

export function forgetSong(id) {
  known.delete(id);
}

async function askForAll() {
  const asked = [...waiting.keys()];
  for (let start = 0; start < asked.length; start += AT_ONCE) ask(asked.slice(start, start + AT_ONCE));
}

async function ask(ids) {
  const takers = new Map(ids.map((id) => [id, waiting.get(id)]));
  for (const id of ids) waiting.delete(id);
  const response = await fetch(`${prefix}/api/v1/map/songs?ids=${ids.join(",")}`).catch(() => null);
  const songs = response?.ok ? (await response.json()).items : null;
  if (songs) {
    for (const id of ids) known.set(id, null);
    for (const song of songs) known.set(song.track_id, song);
  }
  for (const [id, resolves] of takers) for (const resolve of resolves) resolve(known.get(id));
}

async function read(path) {
  const response = await fetch(`${prefix}/api/v1${path}`).catch(() => null);
  return response?.ok ? response.json() : null;
}

export const loadMap = () => read("/map");

export const findSongs = async (words) => (await read(`/tracks?${new URLSearchParams({ q: words, limit: 8 })}`))?.items ?? null;

export const findAlike = async (id, count) => (await read(`/tracks/${id}/similar?limit=${count}`))?.items ?? null;

let kept = { buildId: "", buffer: null };

// The file of points; the same build's is fetched once.
export async function loadPointsFile({ url, build_id: buildId }) {
  if (kept.buildId === buildId) return kept.buffer;
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) return null;
  kept = { buildId, buffer: await response.arrayBuffer() };
  return kept.buffer;
}
