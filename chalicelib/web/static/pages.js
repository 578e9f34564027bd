// Going from page to page inside the document, so that the music does not stop: links, forms, back and forward. Without this file
// every link and form works as links and forms do.

import { announce, say } from "./player_view.js";

const prefix = document.documentElement.dataset.prefix;
const UNREACHED = "The page could not be reached. Please look at the network and try again.";
let going = new AbortController(); // the page that is on its way: a newer wish calls it off
const REST_MS = 250; // browsers bound how often a place may be noted
let resting = 0;
let position = history.state?.position ?? 0;

// Or files are on their way, which a page that is loaded anew would lose.
const isMusicOn = () => !document.getElementById("player").hidden || "keepsPage" in document.documentElement.dataset;

function isOurs(url) {
  const path = url.pathname.slice(prefix.length);
  return url.origin === location.origin && url.pathname.startsWith(`${prefix}/`) && !path.startsWith("/api/") && !path.startsWith("/static/");
}

// A page of somebody else's (after a log-out in another tab), or one without a player (log-in): the browser shows it best.
const fits = (page) => page.getElementById("player")?.dataset.userId === document.getElementById("player").dataset.userId;
const isError = (response, page) => response.status >= 400 && page.getElementById("main");

export async function fetchPage(url, options = {}) {
  const response = await fetch(url, options);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const unwanted of page.querySelectorAll("noscript")) unwanted.remove(); // parsed without scripts, they are elements
  return fits(page) || isError(response, page) ? { page, url: response.url } : null;
}

async function goTo(url, { options = {}, visit = "push", focus = null, top = 0 } = {}) {
  going.abort();
  going = new AbortController();
  const { signal } = going;
  document.documentElement.classList.add("is-going");
  try {
    const found = await fetchPage(url, { ...options, signal });
    if (!found) return leaveFor(url, options);
    if (visit === "push") rememberPlace({ position: (position += 1), url: found.url });
    showPage(found.page, { focus, top, hash: new URL(url).hash });
  } catch (failure) {
    if (failure.name === "AbortError") return undefined;
    say(UNREACHED, { isHeld: true });
    if (!isMusicOn()) leaveFor(url, options);
  } finally {
    if (!signal.aborted) document.documentElement.classList.remove("is-going");
  }
  return undefined;
}

function leaveFor(url, options) {
  document.dispatchEvent(new CustomEvent("timbre:moving"));
  location.assign(options.method === "post" ? location.href : url);
}

function rememberPlace({ position: place, url }) {
  noteScroll();
  history.pushState({ position: place }, "", url === location.href ? undefined : url);
}

// For the way back: how far down the page was, and on which link the focus stood.
function noteScroll() {
  const link = document.activeElement?.closest?.("#main a[href], .site-header a[href]");
  history.replaceState({ ...history.state, position: history.state?.position ?? 0, top: window.scrollY, focus: link?.getAttribute("href") ?? null }, "");
}

function waitForRest() {
  clearTimeout(resting);
  resting = setTimeout(noteRest, REST_MS);
}

function showPage(page, { focus, top, hash }) {
  document.title = page.title;
  const header = page.querySelector(".site-header");
  if (header) document.querySelector(".site-header").replaceWith(header);
  document.getElementById("main").replaceWith(page.getElementById("main"));
  document.documentElement.classList.remove("is-going");
  document.dispatchEvent(new CustomEvent("timbre:page"));
  const target = hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  if (target) target.scrollIntoView();
  else window.scrollTo(0, top);
  focusOn(focus);
  announce(page.title);
}

function focusOn(href) {
  const main = document.getElementById("main");
  const link = href ? document.querySelector(`#main a[href="${CSS.escape(href)}"], .site-header a[href="${CSS.escape(href)}"]`) : null;
  (link ?? main.querySelector("[autofocus]") ?? main).focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (!isMusicOn() || !isOurs(url) || link.target || link.hasAttribute("download") || link.dataset.native !== undefined) return;
  if (link.getAttribute("href").startsWith("#") || (url.hash && url.href.split("#")[0] === location.href.split("#")[0])) return;
  event.preventDefault();
  goTo(url.href);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const isOwnAction = event.submitter?.hasAttribute("formaction");
  const action = new URL(isOwnAction ? event.submitter.formAction : form.action, location.href);
  const isForm = form.enctype === "application/x-www-form-urlencoded" && form.method !== "dialog" && !form.target && !event.submitter?.hasAttribute("formmethod");
  if (event.defaultPrevented || !isMusicOn() || !isForm || !isOurs(action) || form.dataset.native !== undefined) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  if (form.method === "get") goTo(`${action.origin}${action.pathname}?${fields}`);
  else goTo(action.href, { options: { method: "post", body: fields } });
});

window.addEventListener("popstate", (event) => {
  clearTimeout(resting);
  if (!event.state && location.hash) return; // within the page
  position = event.state?.position ?? 0;
  goTo(location.href, { visit: "back", focus: event.state?.focus ?? null, top: event.state?.top ?? 0 });
});

if (isMusicOn() || history.state) history.scrollRestoration = "manual";
const noteRest = () => isMusicOn() && noteScroll();
if ("onscrollend" in window) window.addEventListener("scrollend", noteRest);
else window.addEventListener("scroll", waitForRest, { passive: true }); // Safari before 26.2
