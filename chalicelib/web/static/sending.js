// One file on its way to the bucket: the permission, the bytes, and what to do when either does not come through. Large files go in parts.

import { headers } from "./memory.js";

const api = `${document.documentElement.dataset.prefix}/api/v1`;
const LONGEST_WAIT_MS = 30_000;

// `isPassing`: worth another try by itself. `code`: the API's.
export class SendingError extends Error {
  constructor(message, { isPassing = false, afterMs = 0, code = "" } = {}) {
    super(message);
    Object.assign(this, { isPassing, afterMs, code });
  }
}

const NO_NETWORK = "The network is away. It goes on by itself.";
const UNREADABLE = "The file has changed or is gone: choose it again.";

export async function ask(path, { method = "GET", body, signal } = {}) {
  let response;
  try {
    response = await fetch(api + path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new SendingError(NO_NETWORK, { isPassing: true });
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw explain(response, answer);
}

function explain(response, answer) {
  if (response.status === 401) return new SendingError("You are logged out. Log in and try again.", { code: "not_signed_in" });
  const isPassing = response.status === 429 || response.status >= 500;
  const message = answer?.error?.message ?? "The server did not answer as it should.";
  return new SendingError(message, { isPassing, afterMs: 1000 * Number(response.headers.get("Retry-After") ?? 0), code: answer?.error?.code });
}

// With a progress that fetch does not have. `onProgress` gets bytes.
export function send(method, url, body, { onProgress, signal, bytes }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open(method, url);
    request.upload.addEventListener("progress", (event) => onProgress(Math.min(event.loaded, bytes)));
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(explainBucket(request))));
    request.addEventListener("error", () => reject(new SendingError(NO_NETWORK, { isPassing: true })));
    request.addEventListener("abort", () => reject(new DOMException("Called off.", "AbortError")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    signal.addEventListener("abort", abort);
    request.send(body);
  });
}

// S3 says why in XML; a refused signature is an expired one: the next try asks for another.
function explainBucket(request) {
  const code = /<Code>(\w+)<\/Code>/.exec(request.responseText)?.[1] ?? String(request.status);
  if (code === "EntityTooLarge") return new SendingError("The bucket takes no file as large as this.");
  return new SendingError(`The bucket did not take the file (${code}).`, { isPassing: request.status >= 500 || request.status === 403, code });
}

export async function sendWhole(permission, file, { onProgress, signal }) {
  await checkReadable(file);
  const form = new FormData();
  for (const [name, value] of Object.entries(permission.fields)) form.append(name, value);
  form.append("file", file);
  await send("POST", permission.url, form, { onProgress, signal, bytes: file.size });
}

export async function checkReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new SendingError(UNREADABLE);
  }
}

export const pauseMs = (failures, afterMs) => Math.max(afterMs, Math.min(1000 * 2 ** failures, LONGEST_WAIT_MS));

// Ends early when the network is back, or when nobody wants the file any more.
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      if (signal.aborted) reject(new DOMException("Called off.", "AbortError"));
      else resolve();
    };
    const timer = setTimeout(end, ms);
    window.addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}
