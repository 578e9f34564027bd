// Short words about what was just done, at the foot of the page, with a way back. Announced politely; a fault at once. They go
// after ten seconds, but never while pointed at or focused; Escape sends the newest away, Ctrl+Z (⌘Z) takes its act back.

const stayMs = 10_000;
const atOnce = 3;
const cross = '<svg class="icon" aria-hidden="true" viewBox="0 0 24 24"><path d="m6 6 12 12M18 6 6 18"/></svg>';

export function showToast(message, { undo = null, label = "Undo", isFault = false } = {}) {
  const region = document.getElementById("toasts");
  const toast = document.createElement("div");
  const close = makeCloser(toast, document.activeElement);
  toast.className = isFault ? "toast is-fault" : "toast";
  if (isFault) toast.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = message;
  toast.append(words);
  if (undo) toast.append(makeButton("toast-undo", label, () => takeBack(close, undo)));
  toast.append(makeButton("toast-close", "", close));
  toast.lastChild.innerHTML = cross;
  toast.lastChild.setAttribute("aria-label", "Dismiss");
  region.append(toast);
  while (region.children.length > atOnce) region.firstElementChild.remove();
  keepTime(toast, close);
  return close;
}

function makeButton(className, text, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = className;
  button.textContent = text;
  button.addEventListener("click", act);
  return button;
}

// Focus does not fall to the top of the page when it was in what goes.
function makeCloser(toast, before) {
  return () => {
    const hadFocus = toast.contains(document.activeElement);
    toast.remove();
    if (hadFocus) (before?.isConnected ? before : document.getElementById("main")).focus({ preventScroll: true });
  };
}

async function takeBack(close, undo) {
  close();
  try {
    await undo();
  } catch {
    showToast("That could not be undone. Please try again.", { isFault: true });
  }
}

function keepTime(toast, close) {
  let timer = setTimeout(close, stayMs);
  const isHeld = () => toast.matches(":hover") || toast.contains(document.activeElement);
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    timer = setTimeout(() => (isHeld() ? start() : close()), stayMs / 2);
  };
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
}

const isWriting = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  const newest = document.getElementById("toasts")?.lastElementChild;
  if (!newest || event.defaultPrevented) return;
  if (event.key === "Escape") newest.querySelector(".toast-close").click();
  if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || isWriting(event.target)) return;
  const undo = newest.querySelector(".toast-undo");
  if (!undo) return;
  event.preventDefault();
  undo.click();
});
