// Home lives: after a play or a like it asks until the recommendations have changed and puts the new ones in place. What the pointer
// or the keyboard is at stays where it is; the rest of the page waits for it, or changes around it.

import { sendOpinion } from "./opinions.js";

const prefix = document.documentElement.dataset.prefix;
const pollAfterMs = [150, 350, 500, 600, 800, 1200, 2000, 3000];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const find = () => document.getElementById("recommendations");
let turns = 0;
let parked = null; // what is newer, until it can be shown

async function watchForNews() {
  const turn = ++turns;
  for (const ms of pollAfterMs) {
    await wait(ms);
    const shown = find();
    if (!shown || turn !== turns) return;
    if (await hasNewer(shown)) return showNewer();
  }
}

async function hasNewer(shown) {
  try {
    const response = await fetch(`${prefix}/api/v1/recommendations?limit=1`);
    if (!response.ok) return false;
    const offer = await response.json();
    return offer.basis === "plays" && offer.generated_at !== (parked ?? shown).dataset.generatedAt;
  } catch {
    return false;
  }
}

async function showNewer() {
  const response = await fetch(`${prefix}/`).catch(() => null);
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const newer = page.getElementById("recommendations");
  const shown = find();
  if (!newer || !shown || newer.dataset.generatedAt === shown.dataset.generatedAt) return;
  if (newer.dataset.basis === shown.dataset.basis) renewInPlace(shown, newer);
  else if (isHeld(shown)) offerToShow(newer);
  else replaceAll(shown, newer);
}

const isHeld = (element) => element.matches(":hover") || element.contains(document.activeElement);

function replaceAll(shown, newer) {
  parked = null;
  document.getElementById("home-offer")?.remove();
  const fresh = document.adoptNode(newer);
  fresh.classList.add("is-fresh");
  shown.replaceWith(fresh);
  announce("Songs that sound like what you chose are here.");
}

// Slot by slot: the card that is pointed at, focused, or heard in part keeps its place.
function renewInPlace(shown, newer) {
  const [grid, fresh] = [shown.querySelector("[data-slots]"), newer.querySelector("[data-slots]")];
  const slots = Array.from(grid.children);
  const kept = new Set(slots.filter((slot) => isHeld(slot) || slot.classList.contains("is-previewing")));
  const keptIds = new Set(Array.from(kept, (slot) => slot.dataset.trackId));
  const cards = Array.from(fresh.children).filter((card) => !keptIds.has(card.dataset.trackId));
  for (const slot of slots) {
    if (kept.has(slot)) continue;
    const card = cards.shift();
    if (card) putInto(slot, document.adoptNode(card));
    else slot.remove();
  }
  for (const card of cards.slice(0, Math.max(0, fresh.children.length - kept.size - slots.length))) grid.append(document.adoptNode(card));
  renewRows(shown.querySelector("[data-rows]"), newer.querySelector("[data-rows]"));
  shown.dataset.generatedAt = newer.dataset.generatedAt;
  announce("Your recommendations have been renewed.");
}

function putInto(slot, card) {
  const isHero = slot.classList.contains("is-hero");
  if (slot.dataset.trackId !== card.dataset.trackId) card.classList.add("is-fresh");
  card.classList.toggle("is-hero", isHero);
  slot.replaceWith(card);
}

function renewRows(rows, newer) {
  const swap = () => rows.replaceChildren(...Array.from(newer.children, (row) => document.adoptNode(row)));
  if (!isHeld(rows)) return swap();
  rows.addEventListener(
    "pointerleave",
    () => {
      if (!rows.isConnected || rows.contains(document.activeElement)) return;
      swap();
      tellPage();
    },
    { once: true },
  );
}

// What is pointed at would go: the listener says when.
function offerToShow(newer) {
  parked = newer;
  let offer = document.getElementById("home-offer");
  if (!offer) {
    offer = document.createElement("button");
    offer.id = "home-offer";
    offer.type = "button";
    offer.textContent = "Songs like it are ready · Show them";
    offer.addEventListener("click", () => {
      replaceAll(find(), parked);
      document.querySelector("#recommendations [data-play]")?.focus({ preventScroll: true });
      document.getElementById("recommendations").scrollIntoView({ block: "start" });
    });
    document.querySelector(".home").append(offer);
  }
  document.getElementById("home-news").textContent = "Songs that sound like what you chose are ready.";
  find().addEventListener("pointerleave", () => parked && find() && !find().contains(document.activeElement) && replaceAll(find(), parked), {
    once: true,
  });
}

function announce(text) {
  document.getElementById("home-news").textContent = text;
  tellPage();
}

const tellPage = () => document.dispatchEvent(new CustomEvent("timbre:page"));

function playAll(button) {
  const tracks = Array.from(button.closest("section, #results").querySelectorAll("[data-queue] [data-track-id]"));
  if (tracks.length) document.dispatchEvent(new CustomEvent("timbre:play", { detail: { tracks, place: 0 } }));
}

async function showOtherPicks(section) {
  const response = await fetch(`${prefix}/?seen=${section.dataset.seen}`).catch(() => null);
  const page = response?.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  const others = page?.getElementById("picks");
  if (!others) return;
  section.dataset.seen = others.dataset.seen;
  section.querySelector(".picks-list").replaceWith(document.adoptNode(others.querySelector(".picks-list")));
  section.querySelector("[data-other-picks]").href = others.querySelector("[data-other-picks]").getAttribute("href");
  const names = Array.from(section.querySelectorAll(".track-title"), (title) => title.textContent);
  announce(`Three others: ${names.join(", ")}.`);
}

document.addEventListener("click", (event) => {
  const all = event.target.closest("[data-play-all]");
  if (all) playAll(all);
  const others = event.target.closest("[data-other-picks]");
  if (others && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    showOtherPicks(others.closest("#picks"));
  }
  const pick = event.target.closest("[data-pick] [data-play]")?.closest("[data-pick]");
  if (pick && !pick.classList.contains("is-chosen")) {
    pick.classList.add("is-chosen");
    sendOpinion(pick.dataset.trackId, "like");
  }
});
document.addEventListener("timbre:played", () => find() && watchForNews());
document.addEventListener("timbre:opinion", ({ detail }) => detail.opinion === "like" && find() && watchForNews());
