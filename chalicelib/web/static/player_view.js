// What the player shows: the bar, the same things in the large view, and which song of the page is the one that plays.

import { makeCover } from "./covers.js";
import { formatTime } from "./tracks.js";

const bar = document.getElementById("player");
const parts = (name) => document.querySelectorAll(`[data-player="${name}"]`);
const REPEAT_LABELS = { off: "Repeat: off", all: "Repeat: all songs", one: "Repeat: this song" };
const HOLD_MS = 8000;
let heldUntil = 0;
let heldTimer = 0;
let shown = { track: null, isPlaying: false };

export function showTrack(track) {
  shown = { ...shown, track };
  bar.hidden = !track;
  document.body.classList.toggle("is-listening", Boolean(track));
  if (!track) return showState(false);
  for (const link of parts("title")) [link.textContent, link.href] = [track.title, track.page];
  for (const words of parts("artist")) words.textContent = track.artist || "Unknown artist";
  for (const cover of parts("cover")) showCover(cover, track);
  for (const song of parts("song")) song.dataset.trackId = track.trackId;
  return showState(shown.isPlaying);
}

// A cover that cannot be loaded gives way to the drawn one.
export function showCover(frame, track) {
  const cover = makeCover(track, frame.dataset.size);
  cover.addEventListener("error", () => cover.replaceWith(makeCover({ ...track, cover: "" }, frame.dataset.size)));
  frame.replaceChildren(cover);
}

export function showState(isPlaying) {
  shown = { ...shown, isPlaying };
  document.documentElement.classList.toggle("is-playing-music", isPlaying);
  for (const element of [bar, document.getElementById("now-playing")]) element.classList.toggle("is-playing", isPlaying);
  for (const button of parts("toggle")) button.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
  const id = shown.track?.trackId;
  for (const element of document.querySelectorAll("main [data-track-id]")) {
    const isCurrent = Boolean(id) && element.dataset.trackId === id;
    element.classList.toggle("is-current", isCurrent);
    element.classList.toggle("is-playing", isCurrent && isPlaying);
    const button = element.querySelector("[data-play][aria-label]");
    if (button) button.setAttribute("aria-label", `${isCurrent && isPlaying ? "Pause" : "Play"} ${element.dataset.title}`);
    const label = element.querySelector("[data-play-label]");
    if (label) label.textContent = isCurrent && isPlaying ? "Pause" : "Play";
  }
}

export function showTime(position, duration) {
  for (const seek of parts("seek")) {
    if (seek.dataset.isHeld) continue;
    seek.max = duration || 1;
    seek.value = position;
    showSeek(seek);
  }
  bar.style.setProperty("--played", `${duration ? (100 * position) / duration : 0}%`);
  for (const words of parts("position")) words.textContent = formatTime(position);
  for (const words of parts("duration")) words.textContent = formatTime(duration);
}

export function showSeek(seek) {
  const [at, length] = [Number(seek.value), Number(seek.max)];
  seek.setAttribute("aria-valuetext", `${formatTime(at)} of ${formatTime(length)}`);
  seek.style.setProperty("--played", `${length ? (100 * at) / length : 0}%`);
}

export function showVolume({ level, isMuted }) {
  for (const slider of parts("volume")) {
    slider.value = isMuted ? 0 : level;
    slider.style.setProperty("--played", `${100 * Number(slider.value)}%`);
    slider.setAttribute("aria-valuetext", isMuted ? "Muted" : `${Math.round(100 * level)} %`);
  }
  for (const button of parts("mute")) button.setAttribute("aria-pressed", String(isMuted || level === 0));
}

export function showModes({ isShuffled, repeat, hasNext }) {
  for (const button of parts("shuffle")) button.setAttribute("aria-pressed", String(isShuffled));
  for (const button of parts("repeat")) {
    button.dataset.repeat = repeat;
    button.setAttribute("aria-label", REPEAT_LABELS[repeat]);
  }
  for (const button of parts("next")) button.setAttribute("aria-disabled", String(!hasNext));
}

export function showOpinion(opinion) {
  for (const song of parts("song")) {
    for (const button of song.querySelectorAll("[data-opinion]")) {
      button.setAttribute("aria-pressed", String(button.dataset.opinion === opinion));
    }
  }
}

// For all to see, until something else is said; `isHeld`: long enough to be read, whatever is said of the next song.
export function say(text, { isHeld = false } = {}) {
  if (Date.now() < heldUntil && !isHeld && !text) return;
  clearTimeout(heldTimer);
  heldUntil = isHeld ? Date.now() + HOLD_MS : 0;
  if (isHeld) heldTimer = setTimeout(() => say(""), HOLD_MS);
  for (const message of parts("message")) message.textContent = text;
}

export const sayLoggedOut = () => say("You are logged out: log in again, and the music goes on.");

export function sayFailure(title, { isGone, hasNext, isGeneral }) {
  const what = isGone ? "is no longer here" : "cannot be played at the moment";
  const then = hasNext ? " On to the next song." : isGeneral ? " Nothing seems to reach us: please try again in a minute." : "";
  say(`“${title}” ${what}.${then}`, { isHeld: hasNext });
}

// For screen readers: what the eyes see happen. Said once: behind a modal dialog nothing is heard, so then the dialog says it.
export function announce(text) {
  const [ofPage] = parts("announce");
  const region = document.querySelector('dialog:modal [data-player="announce"]') ?? ofPage;
  region.textContent = text;
}

export const refreshRows = () => showState(shown.isPlaying);
