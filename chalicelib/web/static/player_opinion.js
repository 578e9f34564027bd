// What the listener thinks of the song that plays.

import { fetchOpinion, tryOpinion } from "./opinions.js";
import { announce, showOpinion } from "./player_view.js";

let trackId = null;
let opinion = null;

export async function showOpinionOf(song) {
  [trackId, opinion] = [song, null];
  showOpinion(null);
  const found = await fetchOpinion(song);
  if (trackId === song) showOpinion((opinion = found));
}

export async function turnLike() {
  const wanted = opinion === "like" ? null : "like";
  if (await tryOpinion(trackId, wanted)) announce(wanted ? "Liked." : "Like taken back.");
}

document.addEventListener("timbre:opinion", ({ detail }) => {
  if (detail.trackId === trackId) opinion = detail.opinion;
});
