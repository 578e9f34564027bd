// Likes and dislikes, wherever a song stands: a button says what it would send, and every place of the song shows what was sent.

import { showToast } from "./toast.js";

const prefix = document.documentElement.dataset.prefix;

// True once the server has it; `opinion` null takes it back. Told to all by `timbre:opinion`.
export async function sendOpinion(trackId, opinion) {
  const url = `${prefix}/api/v1/tracks/${trackId}/feedback`;
  const request = opinion
    ? { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ opinion }) }
    : { method: "DELETE" };
  const response = await fetch(url, { ...request, keepalive: true }).catch(() => null);
  if (response?.ok) document.dispatchEvent(new CustomEvent("timbre:opinion", { detail: { trackId, opinion } }));
  return Boolean(response?.ok);
}

// For buttons and keys that show nothing where it fails.
export async function tryOpinion(trackId, opinion) {
  const hasArrived = await sendOpinion(trackId, opinion);
  if (!hasArrived) showToast("What you think of it did not arrive. Please try again.", { isFault: true });
  return hasArrived;
}

export async function fetchOpinion(trackId) {
  const response = await fetch(`${prefix}/api/v1/tracks/${trackId}`).catch(() => null);
  return response?.ok ? (await response.json()).opinion : null;
}

document.addEventListener("timbre:opinion", ({ detail }) => {
  for (const song of document.querySelectorAll(`[data-track-id="${CSS.escape(detail.trackId)}"]`)) {
    for (const button of song.querySelectorAll("[data-opinion][aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button.dataset.opinion === detail.opinion));
    }
  }
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opinion]");
  const song = button?.closest("[data-track-id]");
  if (!song || event.defaultPrevented) return; // a list that sends songs away has done it
  const isTakenBack = button.getAttribute("aria-pressed") === "true";
  tryOpinion(song.dataset.trackId, isTakenBack ? null : button.dataset.opinion);
});
