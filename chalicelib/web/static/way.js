// The way of a song, live: the strip asks for news only while something travels, less and less often, and not while nobody looks. The
// numbers are the server's; here is only their look.

const api = `${document.documentElement.dataset.prefix}/api/v1/way`;
const FIRST_MS = 300;
const LONGEST_MS = 8000;
const GIVES_UP_MS = 5 * 60_000;
const trackPage = (id) => `${document.documentElement.dataset.prefix}/tracks/${id}`;
const STATE_WORDS = { now: "on its way", failed: "failed" };
let timer = 0;
let ms = FIRST_MS;
let since = 0;

const strip = () => document.querySelector("[data-way]");
const openReceipts = () => [...document.querySelectorAll(".receipt-way[open]")].filter((each) => each.querySelector(".is-travelling"));

async function read(query = "") {
  try {
    const response = await fetch(api + query);
    return response.ok ? (await response.json()).way : undefined;
  } catch {
    return undefined;
  }
}

// As rendering.say_milliseconds says it.
function sayMs(duration) {
  if (duration >= 1000) return `${(duration / 1000).toFixed(2)} s`;
  return duration >= 10 ? `${duration.toFixed(0)} ms` : `${duration.toFixed(1)} ms`;
}

async function look() {
  timer = 0;
  if (document.hidden) return;
  const shown = strip();
  let isTravelling = false;
  if (shown) {
    const way = await read();
    if (way) showStrip(shown, way);
    isTravelling = way?.is_travelling ?? way === undefined;
  }
  for (const receipt of openReceipts()) {
    const way = await read(`?upload_id=${receipt.dataset.uploadId}`);
    if (way) showSteps(receipt.querySelector("[data-way-steps]"), way);
    isTravelling ||= way?.is_travelling ?? false;
  }
  if (isTravelling && Date.now() - since < GIVES_UP_MS) {
    ms = Math.min(ms * 1.4, LONGEST_MS);
    timer = setTimeout(look, ms);
  }
}

// Something has begun: a play, an upload, a page with a strip on it.
function watch() {
  if (!strip() && !openReceipts().length) return;
  clearTimeout(timer);
  ms = FIRST_MS;
  since = Date.now();
  timer = setTimeout(look, ms);
}

function showStrip(shown, way) {
  shown.hidden = false;
  const subject = shown.querySelector("[data-way-subject]");
  subject.textContent = way.kind === "upload" ? "Uploaded: " : "Played: ";
  const name = document.createElement(way.track_id ? "a" : "span");
  if (way.track_id) name.href = trackPage(way.track_id);
  name.textContent = way.title || "a song";
  subject.append(name);
  shown.querySelector("[data-way-total]").textContent = way.total_ms === null ? "" : `${sayMs(way.total_ms)} in all`;
  const steps = shown.querySelector("[data-way-steps]");
  const wasTravelling = steps.classList.contains("is-travelling") || steps.dataset.subjectId !== way.subject_id;
  showSteps(steps, way);
  if (wasTravelling && !way.is_travelling) tell(shown, way);
}

function tell(shown, way) {
  const failed = way.steps.find((step) => step.state === "failed");
  const how = failed ? `stopped at ${failed.name}. ${way.message ?? ""}` : `has arrived${way.total_ms === null ? "" : ` after ${sayMs(way.total_ms)}`}.`;
  shown.querySelector("[data-way-news]").textContent = `${way.title || "The song"} ${how}`;
}

function showSteps(list, way) {
  const isAnother = list.dataset.subjectId !== way.subject_id;
  list.dataset.subjectId = way.subject_id;
  list.classList.toggle("is-travelling", way.is_travelling);
  while (list.children.length > way.steps.length) list.lastElementChild.remove();
  way.steps.forEach((step, place) => {
    const shown = list.children[place] ?? list.appendChild(makeStep());
    const hasArrived = !isAnother && shown.dataset.state !== "done" && step.state === "done";
    fillStep(shown, step);
    shown.classList.toggle("has-arrived", hasArrived || (isAnother && step.state === "done"));
  });
}

function makeStep() {
  const step = document.createElement("li");
  step.className = "way-step";
  for (const name of ["dot", "name", "ms", "detail"]) {
    const part = document.createElement("span");
    part.className = `way-${name}`;
    step.append(part);
  }
  step.firstElementChild.setAttribute("aria-hidden", "true");
  return step;
}

function fillStep(shown, step) {
  shown.dataset.state = step.state;
  shown.querySelector(".way-name").textContent = step.name;
  const number = shown.querySelector(".way-ms");
  if (step.duration_ms !== null) number.textContent = sayMs(step.duration_ms);
  else if (STATE_WORDS[step.state]) number.textContent = STATE_WORDS[step.state];
  else number.replaceChildren(...makeUnknown(step.state));
  const detail = shown.querySelector(".way-detail");
  detail.textContent = step.detail;
  if (step.duration_ms === null || step.clocks.length < 2) return;
  const clocks = document.createElement("span");
  clocks.className = "way-clocks";
  clocks.textContent = `by two clocks: ${step.clocks.join(" and ")}`;
  detail.append(" ", clocks);
}

function makeUnknown(state) {
  const words = document.createElement("span");
  words.className = "unseen";
  words.textContent = state === "done" ? "not known" : "to come";
  if (state !== "done") return [words];
  const dash = document.createElement("span");
  dash.setAttribute("aria-hidden", "true");
  dash.textContent = "–";
  return [dash, words];
}

for (const name of ["timbre:played", "timbre:uploaded"]) document.addEventListener(name, watch);
document.addEventListener("timbre:page", () => strip()?.querySelector(".is-travelling") && watch());
document.addEventListener("visibilitychange", () => !document.hidden && strip()?.querySelector(".is-travelling") && watch());
document.addEventListener("toggle", (event) => event.target.matches?.(".receipt-way[open]") && watch(), true);
if (strip()?.querySelector(".is-travelling")) watch();
