// What the browser remembers of the player, for one listener only: whoever logs in next on this browser finds nothing of it. Volume and
// the switch of the shortcuts are the machine's, not the listener's, and stay.

const PREFIX = "timbre:";
const KEPT = new Set(["timbre:volume", "timbre:shortcuts", "timbre:preview-on-hover"]);
const listener = document.getElementById("player")?.dataset.userId ?? "";
const fallback = new Map(); // where storage is forbidden: for this page's life

// The server refuses what a tab sends whose cookie has become somebody else's.
export const headers = { "Content-Type": "application/json", "Timbre-Listener": listener };

export const drawId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function readText(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return fallback.get(name) ?? null;
  }
}

function writeText(name, text) {
  try {
    localStorage.setItem(PREFIX + name, text);
  } catch {
    fallback.set(name, text); // full or forbidden
  }
}

export function recall(name) {
  try {
    return JSON.parse(readText(name));
  } catch {
    return null; // written by hand, or by another version
  }
}

export const isMine = () => readText("owner") === listener;

export function remember(name, value) {
  if (isMine() || KEPT.has(PREFIX + name)) writeText(name, JSON.stringify(value));
}

export function forgetListener() {
  fallback.clear();
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX) && !KEPT.has(name));
    for (const name of names) localStorage.removeItem(name);
    sessionStorage.removeItem("timbre:resume");
  } catch {
    // nothing could be kept, so nothing is there
  }
}

// At the start of every page: what another listener left is thrown away before anything reads it.
function claimMemory() {
  if (isMine()) return;
  forgetListener();
  writeText("owner", listener);
}

export function deviceId() {
  if (!recall("device")) remember("device", drawId());
  return recall("device") ?? drawId();
}

// Whether this tab played when its page went away: a new tab has no such mark.
export function markResume(isPlaying) {
  try {
    if (isPlaying) sessionStorage.setItem("timbre:resume", "1");
    else sessionStorage.removeItem("timbre:resume");
  } catch {
    // then it stays paused
  }
}

export function takeResume() {
  try {
    const wasPlaying = sessionStorage.getItem("timbre:resume") === "1";
    sessionStorage.removeItem("timbre:resume");
    return wasPlaying;
  } catch {
    return false;
  }
}

// Another tab logged out or somebody else logged in.
export function onAnotherListener(act) {
  window.addEventListener("storage", (event) => {
    if ((event.key === null || event.key === "timbre:owner") && !isMine()) act();
  });
}

if (listener) claimMemory();
