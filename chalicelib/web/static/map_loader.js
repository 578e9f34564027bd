// Brings the map's modules when the map is opened, and not before.

function look() {
  const map = document.querySelector("[data-map]:not([data-is-open])");
  if (!map) return;
  map.dataset.isOpen = "";
  import(map.dataset.module)
    .then(({ openMap }) => map.isConnected && openMap(map))
    .catch(() => (map.querySelector('[data-map-part="message"]').textContent = "The map could not be loaded. Please try again in a minute."));
}

document.addEventListener("timbre:page", look);
look();
