// The arrows of a row of covers, shown only where there is more than fits. Without them a shelf scrolls by wheel, finger and Tab.

const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => showArrows(target)));
const arrowsOf = (shelf) => shelf.closest("section")?.querySelector("[data-shelf-arrows]") ?? null;

function showArrows(shelf) {
  const arrows = arrowsOf(shelf);
  if (!arrows) return;
  const rest = shelf.scrollWidth - shelf.clientWidth;
  arrows.hidden = rest < 2;
  for (const arrow of arrows.querySelectorAll("[data-shelf-step]")) {
    arrow.disabled = Number(arrow.dataset.shelfStep) < 0 ? shelf.scrollLeft < 2 : shelf.scrollLeft > rest - 2;
  }
}

function watchShelves() {
  watcher.disconnect();
  for (const shelf of document.querySelectorAll("[data-shelf]")) watcher.observe(shelf);
}

document.addEventListener("click", (event) => {
  const arrow = event.target.closest("[data-shelf-step]");
  const shelf = arrow?.closest("section").querySelector("[data-shelf]");
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  shelf?.scrollBy({ left: Number(arrow.dataset.shelfStep) * shelf.clientWidth * 0.85, behavior });
});
document.addEventListener("scroll", (event) => event.target.matches?.("[data-shelf]") && showArrows(event.target), { capture: true, passive: true });
document.addEventListener("timbre:page", watchShelves);
watchShelves();
