// The library's search while one types: what is found takes the place of what was, the field keeps its focus, the address follows, and a
// screen reader hears how many songs there are when the typing rests. “More” adds to the list. Without this file the form and the link do it.

import { fetchPage } from "./pages.js";

const typedRestMs = 140;
const spokenRestMs = 900;
let asking = new AbortController(); // the answer that is on its way: a newer question calls it off
let typing = 0;
let speaking = 0;

function urlOf(form) {
  const words = form.elements.q.value.trim();
  return words ? `${form.action}?${new URLSearchParams({ q: words })}` : form.action;
}

async function ask(form) {
  const url = urlOf(form);
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const results = document.getElementById("results");
  results.setAttribute("aria-busy", "true");
  try {
    const found = await fetchPage(url, { signal });
    if (found?.page.getElementById("results")) showResults(form, found, url);
  } catch (failure) {
    if (failure.name !== "AbortError") say("The search could not be reached.");
  } finally {
    if (!signal.aborted) document.getElementById("results")?.removeAttribute("aria-busy");
  }
}

function showResults(form, { page }, url) {
  if (!form.isConnected) return; // another page came meanwhile
  const fresh = page.getElementById("results");
  document.getElementById("results").replaceWith(fresh);
  document.querySelector("#main .tabs")?.replaceWith(page.querySelector("#main .tabs"));
  document.title = page.title;
  history.replaceState(history.state, "", url);
  document.dispatchEvent(new CustomEvent("timbre:page"));
  clearTimeout(speaking);
  speaking = setTimeout(() => say(count(fresh)), spokenRestMs);
}

function count(results) {
  const found = results.querySelectorAll("[data-results] > li").length;
  if (!found) return "Nothing matches.";
  return `${results.querySelector("[data-more]") ? "More than " : ""}${found} ${found === 1 ? "song" : "songs"}`;
}

function say(words) {
  const news = document.getElementById("search-news");
  if (news) news.textContent = words;
}

async function addMore(link) {
  link.setAttribute("aria-disabled", "true");
  const found = await fetchPage(link.href).catch(() => null);
  const rows = found?.page.querySelectorAll("#results [data-results] > li");
  const list = document.querySelector("#results [data-results]");
  if (!rows || !list || !link.isConnected) return location.assign(link.href);
  const first = rows[0];
  list.append(...rows);
  const further = found.page.querySelector("#results .pager");
  if (further) link.closest(".pager").replaceWith(further);
  else link.closest(".pager").remove();
  document.dispatchEvent(new CustomEvent("timbre:page"));
  (first?.querySelector("a[href]") ?? document.getElementById("main")).focus({ preventScroll: true });
  return say(`${rows.length} more`);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-live-search]");
  if (!form || event.isComposing) return;
  clearTimeout(typing);
  typing = setTimeout(() => ask(form), typedRestMs);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-live-search]")) return;
  event.preventDefault();
  clearTimeout(typing);
  ask(event.target);
}, { capture: true });

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-more]");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (link.getAttribute("aria-disabled") !== "true") addMore(link);
}, { capture: true });
