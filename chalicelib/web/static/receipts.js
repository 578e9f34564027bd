// What became of files that were sent: their receipts are asked for together, soon after one another while something is expected, later
// less often, and not at all while nobody looks; and the songs nearest to one that is ready.

import { ask } from "./sending.js";

const FIRST_MS = 250;
const LONGEST_MS = 8000;
const ASKED_AT_ONCE = 100;
const NEAREST = 3;

// `list()` gives the items that wait for news, `tell(item, receipt)` takes it.
export function followReceipts({ list, tell }) {
  let timer = 0;
  let ms = FIRST_MS;

  async function look() {
    const waiting = [...list()].slice(0, ASKED_AT_ONCE);
    timer = 0;
    if (!waiting.length || document.hidden) return;
    if (await askFor(waiting)) ms = FIRST_MS;
    else ms = Math.min(ms * 1.12, LONGEST_MS);
    if (!timer) timer = setTimeout(look, ms);
  }

  async function askFor(waiting) {
    const byId = new Map(waiting.map((item) => [item.uploadId, item]));
    const answer = await ask(`/uploads?ids=${[...byId.keys()].join(",")}`).catch(() => ({ items: [] }));
    const news = answer.items.filter((receipt) => receipt.status !== "queued");
    for (const receipt of news) tell(byId.get(receipt.upload_id), receipt);
    return news.length > 0;
  }

  const hurry = () => {
    ms = FIRST_MS;
    clearTimeout(timer);
    timer = setTimeout(look, ms);
  };
  document.addEventListener("visibilitychange", () => !document.hidden && hurry());
  return hurry;
}

// Songs that sound like it, or [] as long as nothing can be said of it (before the first index of a library).
export async function findNearest(trackId) {
  const answer = await ask(`/tracks/${trackId}/similar?limit=${NEAREST}`).catch(() => ({ items: [] }));
  return answer.items;
}
