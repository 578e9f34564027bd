// What was dropped, pasted or picked, as files one after the other: folders are walked, and what cannot be a song is told at once, before
// a byte of it is sent.

const NAMES = /\.(mp3|flac|ogg|oga|opus|wav|aif|aiff|aifc|caf|au)$/i;
const OTHER_SOUND = /\.(m4a|aac|wma|ape|alac|m4p|mid|midi|dsf)$/i;
const IGNORED = /^(\.|Thumbs\.db$|desktop\.ini$)/i;
const BEGINNINGS = { "25504446": "a PDF", "89504e47": "a picture", ffd8ff: "a picture", "504b0304": "a ZIP archive", "3c21": "a web page", "47494638": "a picture" };

// Why it cannot be a song, in words; null where it may be one.
export function judgeFile(file, maxBytes) {
  if (OTHER_SOUND.test(file.name)) return "This kind of sound cannot be read here: MP3, FLAC, Ogg, WAV and AIFF can.";
  if (!NAMES.test(file.name)) return "This is not a song: MP3, FLAC, Ogg, WAV and AIFF are taken.";
  if (file.size === 0) return "The file is empty.";
  if (file.size > maxBytes) return `The file is larger than ${Math.round(maxBytes / 1e6)} MB.`;
  return null;
}

// A song by its name that begins like something else.
export async function lookInside(file) {
  const bytes = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const found = Object.entries(BEGINNINGS).find(([beginning]) => hex.startsWith(beginning));
  return found ? `By its content this is ${found[1]}, not a song.` : null;
}

export const printOf = (file) => `${file.name}|${file.size}|${file.lastModified}`;

export const mimeOf = (file) => (/^audio\/[\w.+-]{1,60}$/.test(file.type) ? file.type : "audio/mpeg");

// `entries` must be taken while the drop's event lasts: afterwards the browser has emptied it.
export function takeEntries(transfer) {
  const items = Array.from(transfer.items ?? []).filter((item) => item.kind === "file");
  const handles = items.map((item) => item.getAsFileSystemHandle?.().catch(() => null)).filter(Boolean);
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  return { entries: entries.length ? entries : Array.from(transfer.files), handles };
}

// Batches of { file, isFromFolder }, as they are found.
export async function* walkEntries(entries) {
  for (const entry of entries) {
    if (entry instanceof File) yield [{ file: entry, isFromFolder: Boolean(entry.webkitRelativePath) }];
    else if (entry.isFile) yield [{ file: await readEntry(entry), isFromFolder: false }];
    else yield* walkFolder(entry);
  }
}

async function* walkFolder(folder) {
  const reader = folder.createReader();
  for (let some = await readSome(reader); some.length; some = await readSome(reader)) {
    const kept = some.filter((entry) => !IGNORED.test(entry.name));
    const files = await Promise.allSettled(kept.filter((entry) => entry.isFile).map(readEntry));
    yield files.filter((each) => each.value).map((each) => ({ file: each.value, isFromFolder: true }));
    for (const inner of kept.filter((entry) => entry.isDirectory)) yield* walkFolder(inner);
  }
}

const readEntry = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));
const readSome = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));

export async function* walkHandle(handle) {
  if (handle.kind === "file") return yield [{ file: await handle.getFile(), isFromFolder: false }];
  for await (const inner of handle.values()) {
    if (IGNORED.test(inner.name)) continue;
    if (inner.kind === "directory") yield* walkHandle(inner);
    else yield [{ file: await inner.getFile(), isFromFolder: true }];
  }
}

export async function* walkPicked(files) {
  const picked = Array.from(files);
  for (let from = 0; from < picked.length; from += 500) {
    yield picked.slice(from, from + 500).filter((file) => !IGNORED.test(file.name)).map((file) => ({ file, isFromFolder: Boolean(file.webkitRelativePath) }));
    await new Promise((resolve) => setTimeout(resolve)); // a folder of 10,000 must not hold the page up
  }
}
