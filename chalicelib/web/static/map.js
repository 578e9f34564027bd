// The map of all songs: brings together points, camera, hands, legend and panel. Loaded by map_loader.js when the page is there; lets go
// of everything when another page takes its place.

import { connectFinder } from "./map_finder.js";
import { createLegend, slotGenres } from "./map_genres.js";
import { connectGestures } from "./map_gestures.js";
import { sayArtist, showCard, showList } from "./map_panel.js";
import { findIds, findTowards, idAt, parsePoints } from "./map_points.js";
import { createScene } from "./map_scene.js";
import { findAlike, forgetSong, knownSong, loadMap, loadPointsFile, loadSong, loadSongs } from "./map_songs.js";

const LISTED = 20;
const ALIKE = 20;
const NARROW = 700;
const NO_MAP = "There is no map yet: the next index build brings it, a moment after the next song has come in.";
const UNREACHED = "The map could not be fetched. Please look at the network and open the page again.";

export async function openMap(root) {
  const part = (name) => root.querySelector(`[data-map-part="${name}"]`);
  const message = part("message");
  const answer = await loadMap();
  if (!answer) return (message.textContent = UNREACHED);
  if (!answer.points) return (message.textContent = NO_MAP);
  const file = await loadPointsFile(answer.points);
  const points = file ? parsePoints(file) : null;
  if (!points) return (message.textContent = UNREACHED);
  message.hidden = true;
  return root.isConnected ? showMap(root, part, points, answer) : undefined;
}

function showMap(root, part, points, { points: facts, played, recommended }) {
  const stage = part("stage");
  const card = part("card");
  const leaving = new AbortController();
  const { signal } = leaving;
  const slots = slotGenres(points.genres);
  let hovered = -1;
  let isPinned = false;

  const legend = createLegend(part("legend"), facts.genres, slots, (words) => {
    say(words);
    refresh();
  });
  const scene = createScene({ stage, pointsCanvas: part("points"), marksCanvas: part("marks"), points, slots, legend, onFrame: placeCard, onRest: refreshWords });
  const { camera, state } = scene;
  const genreOf = (index) => facts.genres[points.genres[index]]?.name ?? "";
  const say = (words) => (part("news").textContent = words);
  const find = (id) => findIds(points, [id]).get(id) ?? -1;

  function refresh() {
    scene.requestPaint({ isMoved: true, isAll: true });
  }

  // What lies over the stage leaves the rest of it for the songs.
  function measure() {
    const isNarrow = stage.clientWidth < NARROW;
    const panel = part("panel");
    const right = !isNarrow && panel.open ? panel.offsetWidth + 24 : 0;
    scene.resize({ left: 0, right, top: isNarrow ? 104 : 112, bottom: isNarrow ? 104 : 56 });
  }

  async function refreshWords() {
    const listed = scene.listMiddleOfView(LISTED);
    const ids = listed.map((index) => idAt(points, index));
    const [songs] = await Promise.all([loadSongs(ids), loadSongs(scene.listSeenIds())]);
    if (signal.aborted) return;
    for (const [place, song] of songs.entries()) if (song === null) scene.removeGone(listed[place]);
    const present = songs.filter(Boolean);
    showList(part("list"), present);
    part("count").textContent = `${present.length} of ${facts.track_count.toLocaleString()} songs`;
    document.dispatchEvent(new CustomEvent("timbre:page")); // the player marks the row of its song
    scene.requestPaint();
  }

  function placeCard() {
    const index = isPinned ? state.focus : hovered;
    if (card.hidden || index < 0) return;
    const [x, y] = scene.positionOf(index);
    const free = stage.clientWidth - camera.state.right;
    const [across, down] = [Math.min(x + 18, free - card.offsetWidth - 8), Math.min(y + 18, stage.clientHeight - card.offsetHeight - 8)];
    card.style.translate = `${Math.round(Math.max(8, across))}px ${Math.round(Math.max(8, down))}px`;
  }

  async function describe(index, { pinned }) {
    const id = idAt(points, index);
    const isStillWanted = () => !signal.aborted && (pinned ? isPinned && state.focus === index : !isPinned && hovered === index);
    showCard(card, { song: knownSong(id), genre: genreOf(index), isPinned: pinned });
    placeCard();
    const song = knownSong(id) === undefined ? await loadSong(id) : knownSong(id);
    if (!isStillWanted() || song === undefined) return song;
    showCard(card, { song, genre: genreOf(index), isPinned: pinned });
    placeCard();
    if (song === null) scene.removeGone(index);
    return song;
  }

  function hover(x, y) {
    const index = x === null ? -1 : scene.findAt(x, y);
    stage.classList.toggle("is-over-song", index >= 0);
    if (index === hovered) return;
    hovered = index;
    if (isPinned) return;
    if (index < 0) card.hidden = true;
    else describe(index, { pinned: false });
  }

  function unpin() {
    [isPinned, state.focus, card.hidden] = [false, -1, true];
    scene.requestPaint();
  }

  async function pin(index, { isShown = false } = {}) {
    [state.focus, isPinned] = [index, true];
    if (isShown) bringIntoView(index);
    scene.requestPaint();
    const song = await describe(index, { pinned: true });
    if (song && state.focus === index) say([song.title, sayArtist(song), genreOf(index)].filter(Boolean).join(", "));
    else if (song === null) say("This song is no longer here.");
    return song;
  }

  function bringIntoView(index) {
    const [x, y] = scene.positionOf(index);
    const { width, height, left, top, right, bottom } = camera.state;
    const isSeen = x > left + 30 && x < width - right - 30 && y > top + 30 && y < height - bottom - 30;
    if (!isSeen) camera.flyTo({ x: points.xs[index], y: points.ys[index] }, { isInstant: scene.isStill.matches });
  }

  // Asks again: a song that was removed a moment ago must not play from here.
  async function play(index) {
    forgetSong(idAt(points, index));
    const song = await pin(index);
    if (song) document.dispatchEvent(new CustomEvent("timbre:play", { detail: { tracks: [song] } }));
  }

  async function playAlike(index) {
    const id = idAt(points, index);
    const [song, alike] = await Promise.all([loadSong(id), findAlike(id, ALIKE)]);
    if (!song) return say("This song is no longer here.");
    document.dispatchEvent(new CustomEvent("timbre:play", { detail: { tracks: [song, ...(alike ?? [])] } }));
    return say(`Playing ${song.title}, then ${alike?.length ?? 0} songs that sound like it.`);
  }

  function flyTo(index) {
    camera.flyTo({ x: points.xs[index], y: points.ys[index], scale: scene.closeUp() }, { isInstant: scene.isStill.matches });
    pin(index);
    stage.focus({ preventScroll: true });
  }

  function choose(x, y, pointerType) {
    const index = scene.findAt(x, y);
    if (index < 0) return unpin();
    return pointerType === "mouse" ? play(index) : pin(index);
  }

  function go(dx, dy) {
    const middle = scene.listMiddleOfView(1)[0] ?? -1;
    const next = state.focus < 0 ? middle : findTowards(points, scene.grid, state.focus, dx, dy);
    if (next >= 0) pin(next, { isShown: true });
  }

  const zoomBy = (factor) => {
    const { width, height, left, top, right, bottom } = camera.state;
    const target = state.focus < 0 ? (scene.listMiddleOfView(1)[0] ?? -1) : state.focus; // towards a song, not into the void
    const [x, y] = target < 0 ? [(left + width - right) / 2, (top + height - bottom) / 2] : scene.positionOf(target);
    camera.zoomAt(factor, x, y);
  };
  const showAll = () => camera.showWhole({ isInstant: scene.isStill.matches });
  const enter = () => state.focus >= 0 && play(state.focus);
  const keys = { "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: showAll, Home: showAll, Enter: enter, " ": enter, Escape: unpin };
  const zooms = { in: () => zoomBy(1.6), out: () => zoomBy(1 / 1.6), all: showAll };

  function click(event) {
    const on = (selector) => event.target.closest(selector);
    const song = on("[data-map-show]")?.closest("[data-track-id]").dataset.trackId ?? on("[data-map-find]")?.dataset.mapFind;
    if (song) {
      finder.close();
      if (find(song) >= 0) flyTo(find(song));
    } else if (on("[data-map-zoom]")) zooms[on("[data-map-zoom]").dataset.mapZoom]();
    else if (on("[data-map-play]")) play(state.focus);
    else if (on("[data-map-alike]")) playAlike(state.focus);
    else if (on("[data-map-mark]")) turnMark(on("[data-map-mark]"));
  }

  function turnMark(button) {
    const name = button.dataset.mapMark;
    state.shows[name] = !state.shows[name];
    button.setAttribute("aria-pressed", String(state.shows[name]));
    scene.requestPaint();
  }

  function showCurrent() {
    const id = document.querySelector('#player [data-player="song"]')?.dataset.trackId ?? document.querySelector("#player [data-track-id]")?.dataset.trackId;
    state.current = id && !document.getElementById("player").hidden ? find(id) : -1;
    state.isPlaying = document.documentElement.classList.contains("is-playing-music");
    scene.requestPaint();
  }

  const on = (target, name, act, options) => target.addEventListener(name, act, { signal, ...options });
  on(root, "click", click);
  on(part("panel"), "toggle", measure);
  const finder = connectFinder({ form: part("find"), found: part("found"), points, flyTo, say, signal });
  on(card, "keydown", (event) => event.key === "Escape" && (unpin(), stage.focus()));
  connectGestures(stage, {
    camera,
    hover,
    choose,
    doubled: (x, y) => camera.zoomAt(2, x, y),
    keys,
    go,
    signal,
  });

  const watchers = [new ResizeObserver(measure), new MutationObserver(scene.readTints), new MutationObserver(showCurrent)];
  watchers[0].observe(stage);
  watchers[1].observe(document.documentElement, { attributeFilter: ["data-theme"] });
  watchers[2].observe(document.documentElement, { attributeFilter: ["class"] });
  for (const song of document.querySelectorAll("#player [data-track-id], #player [data-player='song']")) watchers[2].observe(song, { attributeFilter: ["data-track-id"] });
  on(window.matchMedia("(prefers-color-scheme: dark)"), "change", scene.readTints);
  on(document, "timbre:page", () => {
    if (root.isConnected) return;
    leaving.abort();
    scene.close();
    for (const watcher of watchers) watcher.disconnect();
  });

  for (const [name, ids] of Object.entries({ played, recommended })) state[name] = [...findIds(points, ids).values()];
  part("panel").open = stage.clientWidth >= NARROW;
  scene.readTints();
  measure();
  scene.fit();
  showCurrent();
  const wanted = new URLSearchParams(location.search).get("song") ?? "";
  if (/^[0-9a-f]{24}$/.test(wanted) && find(wanted) >= 0) flyTo(find(wanted));
  root.dataset.isReady = "";
  root.timbreMap = scene; // for the benches and whoever looks from the console
}
