// Songs like a recording: the file goes to the bucket, the answer is waited for, and the page with the songs takes this one's place. It goes
// on by itself after a reload, since the question is in the address.

import { fetchPage } from "./pages.js";
import { ask, send } from "./sending.js";

const prefix = document.documentElement.dataset.prefix;
const ASK_AGAIN_MS = 700;
const PATIENCE_MS = 5 * 60 * 1000;
const OTHER = "This is no recording that can be read: choose an audio file.";
const TYPES = { mp3: "audio/mpeg", flac: "audio/flac", ogg: "audio/ogg", oga: "audio/ogg", opus: "audio/ogg", wav: "audio/wav", aif: "audio/aiff", aiff: "audio/aiff", m4a: "audio/mp4" };
let work = new AbortController(); // of the recording that is on its way: another one, or another page, calls it off

const findPage = () => document.querySelector("[data-query-page]");

function say(words, { share = null } = {}) {
  const state = document.getElementById("query-state");
  if (!state) return;
  state.hidden = false;
  state.querySelector("[data-query-words]").textContent = words;
  const bar = state.querySelector("[data-query-progress]");
  bar.hidden = share === null;
  if (share !== null) bar.value = share;
}

const typeOf = (file) => (file.type.startsWith("audio/") ? file.type : TYPES[file.name.split(".").pop().toLowerCase()]);

async function start(file) {
  work.abort();
  work = new AbortController();
  const { signal } = work;
  const type = typeOf(file);
  if (!type) return say(OTHER);
  if (file.size > Number(findPage().dataset.maxBytes)) return say(`“${file.name}” is too large: cut a part out of it.`);
  try {
    say(`Sending “${file.name}” …`, { share: 0 });
    const permission = await ask("/queries", { method: "POST", signal, body: { filename: file.name, size_bytes: file.size, content_type: type } });
    const form = new FormData();
    for (const [name, value] of Object.entries(permission.fields)) form.append(name, value);
    form.append("file", file);
    await send("POST", permission.url, form, { signal, bytes: file.size, onProgress: (sent) => say(`Sending “${file.name}” …`, { share: sent / file.size }) });
    say("Listening to it …");
    await wait(permission.query_id, signal);
  } catch (failure) {
    if (failure.name !== "AbortError") say(failure.message);
  }
  return undefined;
}

async function wait(queryId, signal) {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until && !signal.aborted) {
    const { status, message } = await ask(`/queries/${queryId}`, { signal });
    if (status === "failed") return say(message);
    if (status === "ready") return show(queryId, signal);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
  return signal.aborted ? undefined : say("This takes longer than it should. Please try again later.");
}

async function show(queryId, signal) {
  const url = `${prefix}/query?id=${queryId}`;
  const found = await fetchPage(url, { signal });
  if (!found) return location.assign(url);
  document.getElementById("main").replaceWith(found.page.getElementById("main"));
  history.replaceState(history.state, "", url);
  document.dispatchEvent(new CustomEvent("timbre:page"));
  const title = document.getElementById("query-found-title");
  title?.setAttribute("tabindex", "-1");
  return title?.focus();
}

// A page that was loaded anew while the answer was under way.
function goOn() {
  work.abort();
  const page = findPage();
  if (page?.dataset.status !== "queued") return;
  work = new AbortController();
  wait(page.dataset.queryId, work.signal).catch((failure) => failure.name !== "AbortError" && say(failure.message));
}

document.addEventListener("change", (event) => {
  if (event.target.id !== "query-file" || !event.target.files.length) return;
  start(event.target.files[0]);
  event.target.value = "";
});

// What is dropped on this page is a question, and no upload: so before drop.js hears of it.
function takeDrop(event) {
  const zone = document.querySelector("[data-query-drop]");
  if (!zone || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  event.stopPropagation();
  zone.classList.toggle("is-over", event.type === "dragenter" || event.type === "dragover");
  if (event.type === "drop" && event.dataTransfer.files.length) start(event.dataTransfer.files[0]);
}

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) window.addEventListener(kind, takeDrop, { capture: true });
document.addEventListener("timbre:page", goOn);
goOn();
