// Plays on their way to the server. An event is kept in the browser from the moment it happens until the server has it, through
// reloads and without a network, under the same id: however often it is sent, it counts once.

import { headers, isMine, recall, remember } from "./memory.js";

const prefix = document.documentElement.dataset.prefix;
const EVENTS_MAX = 200;
const RETRY_MS = [1000, 4000, 15000, 60000];
const LATE_MS = 10_000; // what is sent sooner happened just now, by the server's own clock
let isSending = false;
let aheadMs = 0; // this device's clock of the server's, as far as it was told
let failures = 0;
let timer = 0;
let onLoggedOut = () => {};

const readEvents = () => recall("outbox") ?? [];

export const whenLoggedOut = (act) => {
  onLoggedOut = act;
};

const keep = (event) => remember("outbox", [...readEvents(), { ...event, happened_ms: Date.now() }].slice(-EVENTS_MAX));

export function post(event) {
  if (!isMine()) return;
  keep(event);
  flush();
}

// For a page that is about to go: nothing waits for answers, which the next page would get by sending again.
export function postLast(event) {
  if (!isMine()) return;
  keep(event);
  send(event).catch(() => {});
}

const send = ({ happened_ms: happenedMs, ...event }) => {
  const isLate = Date.now() - happenedMs > LATE_MS;
  const body = isLate ? { ...event, occurred_at: new Date(happenedMs - aheadMs).toISOString() } : event;
  return fetch(`${prefix}/api/v1/plays`, { method: "POST", keepalive: true, headers, body: JSON.stringify(body) });
};

function compareClocks(response) {
  const serverMs = Date.parse(response?.headers.get("Date"));
  if (serverMs) aheadMs = Date.now() - serverMs;
}

async function sendOldest() {
  const [event] = readEvents();
  const response = await send(event).catch(() => null);
  compareClocks(response);
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
