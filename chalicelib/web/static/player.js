// The player at the foot of the page: plays the songs of a list one after the other, and tells the server what was
// played: `start`, `complete` (nine tenths heard), `skip` (left early). Pages are exchanged around it by pages.js.

const prefix = document.documentElement.dataset.prefix;
const byId = (id) => document.getElementById(id);
const bar = byId("player");
const audio = byId("player-audio");
const seek = byId("player-seek");
const retryAfterMs = [0, 1000, 4000, 15000];
let current = null; // the song, and which of its plays were told
let queue = [];
let isSeeking = false;

const readTrack = (element) => ({ ...element.dataset, duration: Number(element.dataset.duration) });

function formatTime(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function makeEventId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The same event id on every attempt: however often it arrives, the play counts once.
async function tellPlay(track, kind, position) {
  const body = JSON.stringify({ event_id: makeEventId(), track_id: track.trackId, kind, position_s: position });
  for (const ms of retryAfterMs) {
    await wait(ms);
    const status = await sendPlay(body);
    if (status === 202) document.dispatchEvent(new CustomEvent("timbre:played", { detail: { kind } }));
    if (status === 401) byId("player-message").textContent = "You are logged out: what you play is not noted.";
    if (status < 500 && status !== 429) return;
  }
}

async function sendPlay(body) {
  try {
    const headers = { "Content-Type": "application/json" };
    return (await fetch(`${prefix}/api/v1/plays`, { method: "POST", keepalive: true, headers, body })).status;
  } catch {
    return 599; // the network is away
  }
}

function songLength() {
  return Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : current.duration;
}

function leaveSong() {
  if (!current || !current.isStarted || current.isComplete) return;
  if (audio.currentTime < Math.min(30, songLength() / 2)) tellPlay(current, "skip", audio.currentTime);
  current.isComplete = true;
}

function playTrack(track) {
  leaveSong();
  current = { ...track, isStarted: false, isComplete: false };
  audio.src = track.audio;
  showSong();
  audio.play().catch(() => showState());
}

function showSong() {
  bar.hidden = false;
  byId("player-title").textContent = current.title;
  byId("player-title").href = current.page;
  byId("player-artist").textContent = current.artist || "Unknown artist";
  byId("player-message").textContent = "";
  const cover = byId("player-cover");
  cover.hidden = !current.cover;
  if (current.cover) cover.src = current.cover;
  byId("player-next").disabled = nextTrack() === null;
  showTime();
  showState();
  if ("mediaSession" in navigator) {
    navigator.mediaSession.metadata = new MediaMetadata({ title: current.title, artist: current.artist });
  }
}

function showTime() {
  const length = songLength();
  seek.max = length;
  if (!isSeeking) seek.value = audio.currentTime;
  seek.setAttribute("aria-valuetext", `${formatTime(audio.currentTime)} of ${formatTime(length)}`);
  byId("player-position").textContent = formatTime(isSeeking ? Number(seek.value) : audio.currentTime);
  byId("player-duration").textContent = formatTime(length);
  seek.style.setProperty("--played", `${length ? (100 * Number(seek.value)) / length : 0}%`);
}

function showState() {
  const isPlaying = Boolean(current) && !audio.paused;
  bar.classList.toggle("is-playing", isPlaying);
  byId("player-toggle").setAttribute("aria-label", isPlaying ? "Pause" : "Play");
  for (const element of document.querySelectorAll("main [data-track-id]")) {
    const isCurrent = Boolean(current) && element.dataset.trackId === current.trackId;
    element.classList.toggle("is-current", isCurrent);
    element.classList.toggle("is-playing", isCurrent && isPlaying);
    const label = element.querySelector("[data-play-label]");
    if (label) label.textContent = isCurrent && isPlaying ? "Pause" : "Play";
  }
}

function nextTrack() {
  const place = queue.findIndex((track) => track.trackId === current.trackId);
  return queue[place + 1] ?? null;
}

function playNext() {
  const next = nextTrack();
  if (next) playTrack(next);
}

function togglePlay() {
  if (audio.paused) audio.play().catch(() => showState());
  else audio.pause();
}

function startFrom(element) {
  const track = readTrack(element);
  if (current && current.trackId === track.trackId) return togglePlay();
  const list = element.closest("[data-queue]") ?? document.querySelector("main [data-queue]");
  const others = list ? Array.from(list.querySelectorAll("[data-track-id]"), readTrack) : [];
  queue = others.some((other) => other.trackId === track.trackId) ? others : [track, ...others];
  return playTrack(track);
}

audio.addEventListener("playing", () => {
  byId("player-message").textContent = "";
  if (current.isStarted) return;
  current.isStarted = true;
  tellPlay(current, "start", audio.currentTime);
});
audio.addEventListener("timeupdate", () => {
  showTime();
  if (!current.isStarted || current.isComplete || audio.currentTime < 0.9 * songLength()) return;
  current.isComplete = true;
  tellPlay(current, "complete", audio.currentTime);
});
audio.addEventListener("ended", () => {
  showState();
  playNext();
});
audio.addEventListener("play", showState);
audio.addEventListener("pause", showState);
audio.addEventListener("durationchange", () => current && showTime());
audio.addEventListener("error", () => {
  byId("player-message").textContent = "This song cannot be played at the moment.";
  showState();
});
seek.addEventListener("input", () => {
  isSeeking = true;
  showTime();
});
seek.addEventListener("change", () => {
  isSeeking = false;
  audio.currentTime = Number(seek.value);
});
byId("player-toggle").addEventListener("click", togglePlay);
byId("player-next").addEventListener("click", playNext);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (button) startFrom(button.closest("[data-track-id]"));
});
document.addEventListener("timbre:page", showState);
window.addEventListener("pagehide", leaveSong);
if ("mediaSession" in navigator) navigator.mediaSession.setActionHandler("nexttrack", playNext);
