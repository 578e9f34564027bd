// The list of receipts on the page of uploads: new again whenever the tray hears of one, as long as nobody is at work within it.

const REST_MS = 400; // several that come at once are one look
let timer = 0;

const find = () => document.querySelector("[data-receipts]");

async function refresh() {
  const list = find();
  if (!list || list.contains(document.activeElement) || list.querySelector("details[open]")) return;
  const response = await fetch(window.location.href).catch(() => null);
  const page = response?.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  const news = page?.querySelector("[data-receipts]");
  if (news && list.isConnected && !list.contains(document.activeElement)) list.replaceWith(document.adoptNode(news));
}

for (const name of ["timbre:uploaded", "timbre:receipt"]) {
  document.addEventListener(name, () => {
    clearTimeout(timer);
    if (find()) timer = setTimeout(refresh, REST_MS);
  });
}
