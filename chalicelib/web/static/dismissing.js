// Songs sent away from a list: not for me, or not now. Where the song stood there is a word of it and an undo, of the same size, so
// that nothing moves under the pointer. Opinions themselves are sent and shown by opinions.js.

import { sendOpinion } from "./opinions.js";

const words = { dislike: "Not for you", not_now: "Hidden for a week" };

const readLike = (song) => (song.querySelector('[data-opinion="like"][aria-pressed="true"]') ? "like" : null);
const findPlaces = (trackId) => Array.from(document.querySelectorAll(`[data-dismissing] .card[data-track-id="${CSS.escape(trackId)}"]`));

async function dismiss(song, opinion) {
  const { trackId, title } = song.dataset;
  const previous = readLike(song);
  const taken = findPlaces(trackId).map((place) => [place, replaceByNote(place, words[opinion], title)]);
  taken.find(([place]) => place === song)[1].querySelector("button").focus({ preventScroll: true });
  for (const [, note] of taken) note.querySelector("button").addEventListener("click", () => undo(song, taken, previous));
  if (!(await sendOpinion(trackId, opinion))) {
    giveBack(taken);
    say(`“${title}” is still here: that did not arrive. Please try again.`);
  }
}

async function undo(song, taken, previous) {
  const { trackId, title } = song.dataset;
  giveBack(taken);
  song.querySelector("[data-play]").focus({ preventScroll: true });
  const hasArrived = await sendOpinion(trackId, previous);
  say(hasArrived ? `“${title}” is back.` : `“${title}” could not be brought back. Please try again.`);
}

function giveBack(taken) {
  for (const [place, note] of taken) if (note.isConnected) note.replaceWith(place);
}

function replaceByNote(place, text, title) {
  const note = document.createElement("li");
  note.className = `card dismissed${place.classList.contains("is-hero") ? " is-hero" : ""}`;
  note.dataset.dismissed = place.dataset.trackId;
  const [line, name, button] = ["p", "p", "button"].map((kind) => document.createElement(kind));
  [line.textContent, name.textContent, button.textContent] = [text, title, "Undo"];
  [button.type, button.className] = ["button", "quiet small"];
  button.setAttribute("aria-label", `Undo: bring ${title} back`);
  note.style.minHeight = `${place.getBoundingClientRect().height}px`;
  note.append(line, name, button);
  place.replaceWith(note);
  return note;
}

function say(text) {
  const news = document.getElementById("home-news");
  if (news) news.textContent = text;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  const song = button?.closest("[data-dismissing] .card[data-track-id]");
  if (song) dismiss(song, button.dataset.dismiss);
});
