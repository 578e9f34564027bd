// The map's words: the card of one song, and the list of those in the middle of what one sees, as elements that everybody can read.

import { makeCover } from "./covers.js";

const prefix = document.documentElement.dataset.prefix;
const ICONS = {
  play: '<svg class="icon-play" aria-hidden="true" viewBox="0 0 24 24"><path d="M7 4.5v15l12.5-7.5z"/></svg>',
  pause: '<svg class="icon-pause" aria-hidden="true" viewBox="0 0 24 24"><path d="M6.5 4.5h4v15h-4zM13.5 4.5h4v15h-4z"/></svg>',
  map: '<svg class="icon" aria-hidden="true" viewBox="0 0 24 24"><circle cx="12" cy="12" r="6.5"/><path d="M12 2.5v4m0 11v4M2.5 12h4m11 0h4"/></svg>',
};

export const sayArtist = (song) => song.artist ?? "Unknown artist";

export function showList(list, songs) {
  const focused = document.activeElement?.closest?.("[data-track-id]");
  const isWithin = focused && list.contains(focused);
  const before = Array.from(list.children, (row) => row.dataset.trackId).join();
  if (before === songs.map((song) => song.track_id).join()) return;
  if (isWithin && songs.every((song) => song.track_id !== focused.dataset.trackId)) return; // nobody's focus is taken away
  const kept = new Map(Array.from(list.children, (row) => [row.dataset.trackId, row]));
  const rows = songs.map((song) => kept.get(song.track_id) ?? makeRow(song));
  const wanted = new Set(rows);
  for (const row of [...list.children]) if (!wanted.has(row)) row.remove();
  for (const [place, row] of rows.entries()) if (list.children[place] !== row) moveRow(list, row, place);
}

function moveRow(list, row, place) {
  if (row.contains(document.activeElement)) {
    for (const other of [...list.children].slice(place)) if (other !== row && !other.contains(document.activeElement)) list.append(other);
    return;
  }
  list.insertBefore(row, list.children[place] ?? null);
}

function makeRow(song) {
  const row = document.createElement("li");
  row.className = "track";
  setData(row, song);
  const play = makeButton("play", `Play ${song.title}`, ICONS.play + ICONS.pause);
  play.dataset.play = "";
  play.prepend(coverOf(song, 40));
  const words = document.createElement("div");
  words.className = "track-words";
  words.append(titleOf(song), span("track-artist", sayArtist(song)));
  const show = makeButton("icon-button", `Show ${song.title} on the map`, ICONS.map);
  show.dataset.mapShow = "";
  row.append(play, words, show);
  return row;
}

function setData(element, song) {
  Object.assign(element.dataset, {
    trackId: song.track_id,
    title: song.title,
    artist: song.artist ?? "",
    duration: song.duration_s,
    cover: song.cover_url ?? "",
    audio: song.audio_url,
    page: `${prefix}/tracks/${song.track_id}`,
  });
}

// `song`: undefined while it is on its way, null where it is gone. `isPinned`: it stays, with what can be done.
export function showCard(card, { song, genre, isPinned }) {
  card.hidden = false;
  card.classList.toggle("is-pinned", isPinned);
  card.dataset.trackId = song?.track_id ?? "";
  const words = document.createElement("div");
  words.className = "track-words";
  if (song === undefined) words.append(span("skeleton map-waiting", ""), span("track-artist", genre));
  else if (song === null) words.append(span("track-title", "This song is no longer here"), span("track-artist", "It leaves the map with the next build."));
  else words.append(isPinned ? titleOf(song) : span("track-title", song.title), span("track-artist", [sayArtist(song), genre].filter(Boolean).join(" · ")));
  const head = document.createElement("div");
  head.className = "map-card-head";
  if (song) head.append(coverOf(song, 56));
  head.append(words);
  card.replaceChildren(head);
  if (isPinned && song) card.append(makeActions(song));
}

function makeActions(song) {
  const actions = document.createElement("div");
  actions.className = "actions";
  const play = makeButton("small", "", "");
  play.textContent = "Play";
  play.dataset.mapPlay = "";
  const alike = makeButton("small quiet", "", "");
  alike.textContent = "Play what is near";
  alike.dataset.mapAlike = "";
  alike.title = `${song.title}, then the 20 songs that sound most like it`;
  actions.append(play, alike);
  return actions;
}

function makeButton(className, label, drawing) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = className;
  if (label) button.setAttribute("aria-label", label);
  button.innerHTML = drawing;
  return button;
}

function coverOf(song, size) {
  const facts = { trackId: song.track_id, title: song.title, cover: song.cover_url ?? "" };
  const cover = makeCover(facts, size);
  cover.addEventListener("error", () => cover.replaceWith(makeCover({ ...facts, cover: "" }, size)));
  return cover;
}

function titleOf(song) {
  const link = document.createElement("a");
  link.className = "track-title";
  link.href = `${prefix}/tracks/${song.track_id}`;
  link.textContent = song.title;
  return link;
}

function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

// What was found by words, as a list of choices.
export function showFound(list, songs, standsOn) {
  list.replaceChildren();
  for (const song of songs) {
    const isOn = standsOn(song.track_id);
    const choice = makeButton("map-choice", "", "");
    choice.disabled = !isOn;
    choice.dataset.mapFind = song.track_id;
    choice.append(span("track-title", song.title), span("track-artist", isOn ? sayArtist(song) : `${sayArtist(song)} · not on the map yet`));
    const item = document.createElement("li");
    item.append(choice);
    list.append(item);
  }
  if (!songs.length) list.append(Object.assign(document.createElement("li"), { className: "fine", textContent: "Nothing matches." }));
  list.hidden = false;
}
