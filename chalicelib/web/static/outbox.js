// Plays on their way to the server. An event is kept in the browser from the moment it happens until the server has it, through
// reloads and without a network, under the same id: however often it is sent, it counts once.

import { headers, isMine, recall, remember } from "./memory.js";

const prefix = document.documentElement.dataset.prefix;
const EVENTS_MAX = 200;
const RETRY_MS = [1000, 4000, 15000, 60000];
let isSending = false;
let failures = 0;
let timer = 0;
let onLoggedOut = () => {};

const readEvents = () => recall("outbox") ?? [];

export const whenLoggedOut = (act) => {
  onLoggedOut = act;
};

export function post(event) {
  if (!isMine()) return;
  remember("outbox", [...readEvents(), event].slice(-EVENTS_MAX));
  flush();
}

// For a page that is about to go: nothing waits for answers, which the next page would get by sending again.
export function postLast(event) {
  if (!isMine()) return;
  remember("outbox", [...readEvents(), event].slice(-EVENTS_MAX));
  send(event).catch(() => {});
}

const send = (event) => fetch(`${prefix}/api/v1/plays`, { method: "POST", keepalive: true, headers, body: JSON.stringify(event) });

async function sendOldest() {
  const [event] = readEvents();
  const response = await send(event).catch(() => null);
  const status = response?.status ?? 599; // the network is away
  if (status === 401) onLoggedOut();
  if (status >= 500 || status === 429 || status === 401) return false;
  if (isMine()) remember("outbox", readEvents().filter((other) => other.event_id !== event.event_id));
  if (status === 202) document.dispatchEvent(new CustomEvent("timbre:played", { detail: { kind: event.kind, trackId: event.track_id } }));
  return true; // taken, or never to be taken
}

async function sendAll() {
  while (isMine() && readEvents().length) {
    if (!(await sendOldest())) {
      timer = setTimeout(flush, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
      failures += 1;
      return;
    }
    failures = 0;
  }
}

// One after the other, in one tab at a time.
export async function flush() {
  if (isSending) return;
  isSending = true;
  clearTimeout(timer);
  try {
    if (navigator.locks) await navigator.locks.request("timbre:outbox", sendAll);
    else await sendAll();
  } finally {
    isSending = false;
  }
}

window.addEventListener("online", () => {
  failures = 0;
  flush();
});
