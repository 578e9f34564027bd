// What a button without words does, told to the pointer that rests on it. A `title` that stood in the page would be read out after the
// name, which says the same; so it stands there only while it is pointed at.

const WORDLESS = ".icon-button[aria-label], .card-preview[aria-label], .card-more[aria-label]";

document.addEventListener("pointerover", ({ target, pointerType }) => {
  const button = pointerType === "mouse" ? target.closest?.(WORDLESS) : null;
  if (!button || button.title) return;
  button.title = button.getAttribute("aria-label");
  button.addEventListener("pointerleave", () => button.removeAttribute("title"), { once: true });
});
