// Deleting a song on its page: gone at once, with a way back at the foot of the page. Without this file the form does the first, and the
// page that follows the second.

import { fetchPage } from "./pages.js";
import { showToast } from "./toast.js";

const prefix = document.documentElement.dataset.prefix;

async function send(method, path) {
  const response = await fetch(`${prefix}/api/v1${path}`, { method, headers: { "Content-Type": "application/json" } });
  if (!response.ok) throw new Error(`${response.status}`);
}

async function showAnew(url) {
  if (location.href !== url) return;
  const found = await fetchPage(url);
  if (!found || location.href !== url) return location.assign(url);
  document.title = found.page.title;
  document.getElementById("main").replaceWith(found.page.getElementById("main"));
  document.dispatchEvent(new CustomEvent("timbre:page"));
  return document.getElementById("main").focus({ preventScroll: true });
}

async function deleteTrack(form) {
  const { deleteTrack: trackId, title } = form.dataset;
  const url = location.href;
  try {
    await send("DELETE", `/tracks/${trackId}`);
  } catch {
    showToast(`“${title}” could not be deleted. Please try again.`, { isFault: true });
    return;
  }
  await showAnew(url);
  const undo = async () => {
    await send("POST", `/tracks/${trackId}/restore`);
    await showAnew(url);
  };
  showToast(`“${title}” was deleted`, { undo });
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-delete-track]");
  if (!form) return;
  event.preventDefault();
  deleteTrack(form);
}, { capture: true });
