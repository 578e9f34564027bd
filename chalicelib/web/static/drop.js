// Songs come in: dropped on any page, pasted, or picked as files or as a folder. What is taken goes into the list, which sends it; what
// the page held when it went away can go on from here.

import { takeEntries, walkEntries, walkHandle, walkPicked } from "./chosen_files.js";
import { recall, remember } from "./memory.js";
import { followReceipts } from "./receipts.js";
import { forgetHandles, keepHandle, recallHandles, tidyFiles } from "./sent_files.js";
import { closeTray, foldTray, itemOf, offerResume, openTray, showSoon } from "./tray.js";
import { addFiles, callOff, callOffAll, clearDone, connectList, groups, isBusy, noteReceipt, retry, retryAll } from "./upload_list.js";

const tray = document.getElementById("tray"); // only for who may upload
const overlay = document.getElementById("drop-overlay");
const UNSENT_EVERY_MS = 2000;
const LEAVE_MS = 120;
let notedAt = 0;
let leaving = 0;

const hurry = followReceipts({
  list: () => groups.sent,
  tell(item, receipt) {
    noteReceipt(item, receipt);
    document.dispatchEvent(new CustomEvent("timbre:receipt", { detail: { uploadId: item.uploadId } }));
  },
});

function onChange(item) {
  showSoon();
  if (item?.group === "sent" && !item.isFollowed) {
    item.isFollowed = true;
    document.dispatchEvent(new CustomEvent("timbre:uploaded", { detail: { uploadId: item.uploadId } }));
    hurry();
  }
  if (Date.now() - notedAt > UNSENT_EVERY_MS || !isBusy()) noteUnsent();
}

// For the next page, should this one be closed: how many files it must ask for again.
function noteUnsent() {
  notedAt = Date.now();
  const left = groups.waiting.size + groups.sending.size;
  if (left) remember("unsent", { count: left, names: [...groups.sending, ...groups.waiting].slice(0, 3).map((item) => item.name) });
  else if (recall("unsent")) forgetUnsent();
}

function forgetUnsent() {
  remember("unsent", null);
  forgetHandles();
}

async function take(found) {
  offerResume("", { canGoOn: false });
  openTray();
  await addFiles(found);
  onChange();
}

function takeTransfer(transfer) {
  const { entries, handles } = takeEntries(transfer);
  if (!entries.length) return;
  if (!isBusy() && !recall("unsent")) forgetHandles(); // of what is through
  for (const promise of handles) promise.then((handle) => handle && keepHandle(handle));
  take(walkEntries(entries));
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

function showOverlay(isOver) {
  clearTimeout(leaving);
  overlay.hidden = !isOver;
}

// Safari does not say where the pointer goes: whoever is still over the page is heard of at once.
function leave(event) {
  if (!event.relatedTarget) leaving = setTimeout(showOverlay, LEAVE_MS, false);
}

function connectDrops() {
  document.addEventListener("dragenter", (event) => hasFiles(event) && showOverlay(true));
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    showOverlay(true);
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("dragleave", leave);
  document.addEventListener("drop", (event) => {
    showOverlay(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    takeTransfer(event.dataTransfer);
  });
  document.addEventListener("paste", (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    takeTransfer(event.clipboardData);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id !== "files" && target.id !== "folder") return;
    take(walkPicked(target.files)).then(() => (target.value = ""));
  });
}

const leaveTray = () => document.getElementById("main").focus({ preventScroll: true });

const acts = {
  fold: foldTray,
  close() {
    clearDone();
    closeTray();
    leaveTray();
  },
  clear() {
    clearDone();
    leaveTray();
  },
  "retry-all": retryAll,
  stop: callOffAll,
  retry: (button) => retry(itemOf(button)),
  "call-off"(button) {
    callOff(itemOf(button));
    document.getElementById("tray-title").focus();
  },
  resume: goOn,
  forget() {
    forgetUnsent();
    offerResume("", { canGoOn: false });
  },
};

// The browser asks whether the page may read them again; it only does at a click.
async function goOn() {
  const allowed = [];
  for (const handle of await recallHandles()) if ((await handle.requestPermission({ mode: "read" })) === "granted") allowed.push(handle);
  if (!allowed.length) return offerResume("The files could not be read. Choose them again: what was sent is not sent twice.", { canGoOn: false });
  for (const handle of allowed) await take(walkHandle(handle));
  return undefined;
}

async function offerRest() {
  const unsent = recall("unsent");
  if (!unsent) return;
  const handles = await recallHandles();
  const names = unsent.count > unsent.names.length ? `${unsent.names[0]} and ${unsent.count - 1} others` : unsent.names.join(", ");
  const how = handles.length ? "" : " Choose or drop them again: what was sent is not sent twice.";
  offerResume(`Not sent when the page was closed: ${names}.${how}`, { canGoOn: handles.length > 0 });
}

function connect() {
  connectList({ changed: onChange, limit: Number(tray.dataset.maxBytes) });
  connectDrops();
  tray.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tray-act]");
    if (button) acts[button.dataset.trayAct](button);
  });
  window.addEventListener("beforeunload", (event) => isBusy() && event.preventDefault());
  window.addEventListener("pagehide", noteUnsent);
  tidyFiles();
  offerRest();
}

if (tray) connect();
