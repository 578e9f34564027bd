// The files that are wanted in the library, and how far each has come: waiting, sending, sent (to be listened to), ready, failed. Three at
// once; counts and groups are kept as things change, so that ten thousand files cost no more than ten to look at.

import { judgeFile, lookInside, mimeOf, printOf } from "./chosen_files.js";
import { drawId } from "./memory.js";
import { sendParts } from "./parts.js";
import { SendingError, ask, pause, pauseMs, sendWhole } from "./sending.js";
import { forgetFile, keepFile, recallFile } from "./sent_files.js";

const AT_ONCE = 3;
const TRIES = 6; // without a byte getting through
const TRUSTED_MS = 3_600_000; // a song that was here so lately is not looked for again
const GROUPS = ["waiting", "sending", "sent", "ready", "failed"];

export const groups = Object.fromEntries(GROUPS.map((name) => [name, new Set()]));
export const totals = { bytes: 0, sent: 0, others: 0 };
const known = new Map(); // print → item
let onChange = () => {};
let maxBytes = Infinity;
let nextId = 1;

export function connectList({ changed, limit }) {
  onChange = changed;
  maxBytes = limit;
}

export const isBusy = () => groups.waiting.size + groups.sending.size > 0;
export const countAll = () => known.size;

// `found`: batches of { file, isFromFolder }. What is no song is told, but in a folder only counted.
export async function addFiles(found) {
  for await (const batch of found) {
    for (const one of batch) addFile(one);
    onChange();
    work();
  }
}

function addFile({ file, isFromFolder }) {
  const print = printOf(file);
  const before = known.get(print);
  if (before && before.group !== "failed") return;
  if (before) drop(before);
  const reason = judgeFile(file, maxBytes);
  if (reason && isFromFolder) {
    totals.others += 1;
    return;
  }
  const item = { id: nextId++, file, print, name: file.name, size: file.size, sent: 0, group: "", reason, isFinal: Boolean(reason) };
  known.set(print, item);
  if (!reason) totals.bytes += item.size;
  move(item, reason ? "failed" : "waiting");
}

function drop(item) {
  groups[item.group].delete(item);
  known.delete(item.print);
  if (!item.isFinal) totals.bytes -= item.size;
  totals.sent -= item.sent;
}

export function move(item, group, changes = {}) {
  if (item.group) groups[item.group].delete(item);
  Object.assign(item, changes, { group });
  groups[group].add(item);
  onChange(item);
}

function noteProgress(item, bytes) {
  totals.sent += bytes - item.sent;
  item.sent = bytes;
  item.failures = 0;
  onChange(item);
}

function work() {
  while (groups.sending.size < AT_ONCE && groups.waiting.size) {
    const [item] = groups.waiting;
    item.stop = new AbortController();
    move(item, "sending", { reason: "", failures: 0 });
    sendItem(item).finally(work);
  }
}

async function sendItem(item) {
  for (;;) {
    try {
      return await sendOnce(item);
    } catch (failure) {
      if (failure.name === "AbortError") return undefined;
      const isPassing = failure instanceof SendingError && failure.isPassing;
      item.failures = failure.afterMs ? item.failures : item.failures + 1; // told to wait is not to have failed
      if (!isPassing || (item.failures > TRIES && navigator.onLine)) return failItem(item, failure);
      noteWait(item, failure.message);
      await pause(pauseMs(item.failures, failure.afterMs), item.stop.signal).catch(() => {});
      if (item.stop.signal.aborted) return undefined;
    }
  }
}

function noteWait(item, reason) {
  item.reason = reason;
  onChange(item);
}

async function sendOnce(item) {
  const { file, print } = item;
  const fault = await lookInside(file).catch(() => null);
  if (fault) return refuse(item, fault);
  const record = await recallFile(print);
  if (record?.trackId && (await isStillThere(record))) return noteSent(item, record.uploadId, { wasHere: true, trackId: record.trackId });
  const permission = await askPermission(item, record);
  item.uploadId = permission.upload_id;
  if (permission.status !== "queued" || permission.attempts > 0) return noteSent(item, permission.upload_id);
  const options = { onProgress: (bytes) => noteProgress(item, bytes), signal: item.stop.signal };
  item.reason = "";
  try {
    await (permission.parts ? sendParts : sendWhole)(permission, file, options);
  } catch (failure) {
    if (failure.code === "parts_expired") await forgetFile(print);
    throw failure.code === "parts_expired" ? new SendingError("What was sent before is gone: it begins anew.", { isPassing: true }) : failure;
  }
  return noteSent(item, permission.upload_id);
}

function refuse(item, reason) {
  totals.bytes -= item.size;
  return move(item, "failed", { reason, isFinal: true });
}

// Under the key of the last time, so that it is the same upload; under a new one where that failed.
async function askPermission(item, record) {
  const { file, print } = item;
  const body = { filename: file.name, size_bytes: file.size, content_type: mimeOf(file), in_parts: true };
  for (const key of [record?.key, drawId()].filter(Boolean)) {
    await keepFile(print, { key });
    const permission = await ask("/uploads", { method: "POST", body: { ...body, request_key: key }, signal: item.stop.signal });
    if (permission.status !== "failed") return permission;
  }
  throw new SendingError("This upload was given up before. Please try again.");
}

async function isStillThere({ trackId, at }) {
  if (Date.now() - at < TRUSTED_MS) return true;
  try {
    await ask(`/tracks/${trackId}`);
    return true;
  } catch (failure) {
    if (failure.isPassing) throw failure;
    return false;
  }
}

function noteSent(item, uploadId, { wasHere = false, trackId = null } = {}) {
  noteProgress(item, item.size);
  item.sentAt = performance.now();
  if (wasHere) return move(item, "ready", { uploadId, trackId, wasHere });
  return move(item, "sent", { uploadId });
}

function failItem(item, failure) {
  totals.sent -= item.sent;
  item.sent = 0;
  move(item, "failed", { reason: failure.message, isRetried: failure.code !== "not_signed_in" && failure.code === "" });
}

// What its receipt says of it. The nearest songs are asked for by who shows them.
export function noteReceipt(item, receipt) {
  if (receipt.status === "failed") {
    forgetFile(item.print);
    item.isHeard = true;
    return failItem(item, { message: receipt.message ?? "It could not be listened to.", code: receipt.error_code });
  }
  if (!receipt.track_id) return undefined;
  keepFile(item.print, { key: "", uploadId: receipt.upload_id, trackId: receipt.track_id });
  return move(item, "ready", { trackId: receipt.track_id, wasHere: receipt.is_duplicate, readyAt: performance.now() });
}

export function retry(item) {
  if (item.isFinal) return;
  move(item, "waiting", { reason: "", isHeard: false });
  work();
}

export function retryAll() {
  for (const item of [...groups.failed]) retry(item);
}

export async function callOff(item) {
  item.stop?.abort();
  const { uploadId } = item;
  drop(item);
  onChange();
  work();
  await forgetFile(item.print);
  if (uploadId) await ask(`/uploads/${uploadId}`, { method: "DELETE" }).catch(() => {});
}

export async function callOffAll() {
  const going = [...groups.sending];
  for (const item of groups.waiting) known.delete(item.print);
  for (const item of groups.waiting) totals.bytes -= item.size;
  groups.waiting.clear();
  await Promise.all(going.map(callOff));
}

export function clearDone() {
  for (const item of [...groups.ready, ...groups.failed]) drop(item);
  totals.others = 0;
  if (known.size === 0) Object.assign(totals, { bytes: 0, sent: 0 });
  onChange();
}

window.addEventListener("online", () => {
  for (const item of [...groups.failed]) if (item.reason.startsWith("The network")) retry(item);
});
