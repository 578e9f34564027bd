// What happens within pages: links are followed without stopping the music, recommendations renew themselves after a
// play, opinions are sent. Without this file every link and form works as links and forms do.

const prefix = document.documentElement.dataset.prefix;
const pollAfterMs = [600, 700, 900, 1200, 1800, 2500, 4000];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let refreshes = 0;

const isMusicOn = () => !document.getElementById("player").hidden;

async function fetchPage(url) {
  const response = await fetch(url);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.body.classList.contains("has-player") ? page : null;
}

async function goTo(url, { push }) {
  let page = null;
  try {
    page = await fetchPage(url);
  } catch {
    page = null;
  }
  if (!page) return location.assign(url); // logged out, an error, no network: the browser shows it best
  if (push) history.pushState({}, "", url);
  document.title = page.title;
  document.querySelector(".site-header").replaceWith(page.querySelector(".site-header"));
  document.getElementById("main").replaceWith(page.getElementById("main"));
  document.dispatchEvent(new CustomEvent("timbre:page"));
  window.scrollTo(0, 0);
  document.getElementById("main").focus({ preventScroll: true });
}

function isOurs(url) {
  const path = url.pathname.slice(prefix.length);
  return url.origin === location.origin && !path.startsWith("/api/") && !path.startsWith("/static/");
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (!isMusicOn() || !isOurs(url) || link.target || link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  goTo(url.href, { push: true });
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "get" || !isMusicOn()) return;
  event.preventDefault();
  goTo(`${form.action}?${new URLSearchParams(new FormData(form))}`, { push: true });
});

window.addEventListener("popstate", () => goTo(location.href, { push: false }));

// A play changes the recommendations a moment later, elsewhere: ask until they have changed, then show the new ones.
async function refreshRecommendations() {
  const turn = ++refreshes;
  for (const ms of pollAfterMs) {
    await wait(ms);
    const section = document.getElementById("recommendations");
    if (!section || turn !== refreshes) return;
    if (await hasNewer(section)) return showNewer(section);
  }
}

async function hasNewer(section) {
  try {
    const response = await fetch(`${prefix}/api/v1/recommendations?limit=1`);
    if (!response.ok) return false;
    const offer = await response.json();
    return offer.basis === "plays" && offer.generated_at !== section.dataset.generatedAt;
  } catch {
    return false;
  }
}

async function showNewer(section) {
  const page = await fetchPage(`${prefix}/`);
  const newer = page?.getElementById("recommendations");
  if (!newer || !section.isConnected || section.contains(document.activeElement?.closest("a"))) return;
  const held = section.querySelector("[data-play]:focus")?.closest("[data-track-id]").dataset.trackId;
  section.replaceWith(newer);
  document.dispatchEvent(new CustomEvent("timbre:page"));
  if (held) newer.querySelector(`[data-track-id="${held}"] [data-play], [data-play]`)?.focus({ preventScroll: true });
}

async function sendOpinion(button) {
  const song = button.closest("[data-track-id]");
  const isTakenBack = button.getAttribute("aria-pressed") === "true";
  const url = `${prefix}/api/v1/tracks/${song.dataset.trackId}/feedback`;
  const request = isTakenBack
    ? { method: "DELETE" }
    : { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ opinion: button.dataset.opinion }) };
  const response = await fetch(url, request).catch(() => null);
  if (!response?.ok) return;
  for (const each of song.querySelectorAll("[data-opinion]")) {
    each.setAttribute("aria-pressed", String(each === button && !isTakenBack));
  }
}

document.addEventListener("timbre:played", refreshRecommendations);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opinion]");
  if (button) sendOpinion(button);
});
