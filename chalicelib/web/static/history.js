// The history: a play is taken out at once and comes back by the toast. And what pages cannot know without a script: how far this
// browser's clock is from UTC, and, inside the player (which stays while pages change), whether the history is paused.

import { showToast } from "./toast.js";

const root = document.documentElement;
const prefix = root.dataset.prefix;

function tellClock() {
  const offset = -new Date().getTimezoneOffset();
  document.cookie = `timbre_utc_offset=${offset}; path=${prefix || "/"}; max-age=31536000; samesite=lax`;
}

async function ask(method, eventIds, path = "") {
  const [first, ...others] = eventIds.split(",");
  const also = others.length ? `?also=${others.join(",")}` : "";
  const response = await fetch(`${prefix}/api/v1/history/${first}${path}${also}`, { method, headers: { "Content-Type": "application/json" } });
  if (!response.ok) throw new Error((await response.json()).error.message);
}

async function takeOut(form) {
  const row = form.closest("li");
  const list = row.parentElement;
  const next = row.nextElementSibling;
  const hadFocus = row.contains(document.activeElement);
  const eventIds = form.elements.event_ids.value;
  row.hidden = true;
  if (hadFocus) (next?.querySelector("[data-history-removal] button") ?? document.getElementById("main")).focus({ preventScroll: true });
  try {
    await ask("DELETE", eventIds);
  } catch (failure) {
    row.hidden = false;
    showToast(failure.message, { isFault: true });
    return;
  }
  row.remove();
  showToast("Removed from your history", { undo: () => bringBack(eventIds, row, list, next) });
}

async function bringBack(eventIds, row, list, next) {
  await ask("POST", eventIds, "/restoration");
  row.hidden = false;
  if (list.isConnected) list.insertBefore(row, next?.isConnected ? next : null);
  showToast("It is in your history again");
}

function showPaused() {
  const badge = document.getElementById("history-paused");
  if (badge) badge.hidden = document.querySelector(".site-header")?.dataset.historyPaused !== "yes";
}

function watchTheme() {
  const form = document.querySelector("[data-theme-form]");
  form?.addEventListener("change", () => {
    const theme = form.elements.theme.value;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    document.querySelector("meta[name=color-scheme]").content = theme || "light dark";
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).then(
      (response) => response.ok || showToast("The look could not be kept. Please try again.", { isFault: true }),
      () => showToast("The look could not be kept. Please try again.", { isFault: true }),
    );
  });
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-history-removal]")) return;
  event.preventDefault();
  takeOut(event.target);
}, { capture: true });

function settle() {
  showPaused();
  watchTheme();
}

document.addEventListener("timbre:page", settle);
tellClock();
settle();
