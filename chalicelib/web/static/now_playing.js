// The large view of what plays: a sheet over the page where it is narrow, a panel beside it where it is wide.

const dialog = document.getElementById("now-playing");
const isWide = window.matchMedia("(min-width: 44.01rem)");
const openers = () => document.querySelectorAll('[data-act="open"], [data-act="queue"]');
let opener = null;

export const isOpen = () => dialog.open;

function show() {
  if (isWide.matches) dialog.show();
  else dialog.showModal();
  document.body.classList.toggle("has-panel", isWide.matches);
}

function mark() {
  for (const button of openers()) button.setAttribute("aria-expanded", String(dialog.open));
}

export function openNowPlaying({ atQueue = false } = {}) {
  if (!dialog.open) {
    opener = document.activeElement;
    show();
    mark();
    document.dispatchEvent(new CustomEvent("timbre:now-playing"));
  }
  const heading = document.getElementById(atQueue ? "queue-title" : "now-playing-title");
  if (atQueue && !isWide.matches) heading.scrollIntoView({ block: "start" });
  heading.focus({ preventScroll: true });
}

export function closeNowPlaying() {
  if (dialog.open) dialog.close();
}

export const toggleQueue = () => (dialog.open ? closeNowPlaying() : openNowPlaying({ atQueue: true }));

dialog.addEventListener("close", () => {
  document.body.classList.remove("has-panel");
  mark();
  const isLost = !document.activeElement || document.activeElement === document.body || dialog.contains(document.activeElement);
  if (isLost && opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
});
dialog.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isWide.matches) closeNowPlaying();
});
isWide.addEventListener("change", () => {
  if (!dialog.open) return;
  dialog.close();
  show();
  mark();
});
// A sheet would hide the page that one goes to.
document.addEventListener("timbre:page", () => !isWide.matches && closeNowPlaying());
