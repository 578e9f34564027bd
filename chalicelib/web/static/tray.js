// The tray: what is shown of the files on their way. However many there are, few rows stand in the page: those that something happens to.

import { makeCover } from "./covers.js";
import { findNearest } from "./receipts.js";
import { groups, totals, countAll, isBusy } from "./upload_list.js";
import { readTrack } from "./tracks.js";

const ROOM = { sending: 4, failed: 20, sent: 4, ready: 8, waiting: 4 };
const RENDER_MS = 120;
const NEAREST_TRIES = 40; // until the first index of a new library is there
const words = { waiting: "Waiting", sending: "Sending", sent: "Listening", ready: "Ready", failed: "Failed" };
const tones = { waiting: "", sending: "accent", sent: "wait", ready: "good", failed: "bad" };
const prefix = document.documentElement.dataset.prefix;
const tray = document.getElementById("tray");
const part = (name) => document.getElementById(`tray-${name}`);
const rows = new Map(); // item → element
let timer = 0;
let isOpen = false;
let told = "";

export const showSoon = () => {
  if (!timer) timer = setTimeout(show, RENDER_MS);
};

export function openTray() {
  isOpen = true;
  showSoon();
}

export function closeTray() {
  isOpen = false;
  showSoon();
}

function show() {
  timer = 0;
  const resume = part("resume");
  tray.hidden = !isOpen || (countAll() === 0 && totals.others === 0 && resume.hidden);
  document.body.classList.toggle("has-tray", !tray.hidden);
  if (tray.hidden) delete document.documentElement.dataset.keepsPage;
  else document.documentElement.dataset.keepsPage = "uploads"; // pages are exchanged around it
  if (tray.hidden) return clearRows();
  showHead();
  showRows();
  showActs();
  return undefined;
}

function clearRows() {
  for (const row of rows.values()) row.remove();
  rows.clear();
}

const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

function showHead() {
  const { sending, waiting, sent, ready, failed } = groups;
  const all = countAll();
  const share = totals.bytes ? Math.min(1, totals.sent / totals.bytes) : 0;
  let title = "Uploads";
  if (isBusy()) title = `Sending ${plural(all - failed.size, "song")} · ${Math.floor(share * 100)} %`;
  else if (sent.size) title = `Listening to ${plural(sent.size, "song")}`;
  else if (ready.size) title = `${plural(ready.size, "song")} ready`;
  else if (failed.size) title = "Nothing could be sent";
  if (failed.size && !sending.size && !waiting.size && ready.size + sent.size) title += `, ${failed.size} failed`;
  if (part("title").textContent !== title) part("title").textContent = title;
  part("progress").hidden = !isBusy();
  part("progress").value = share;
  if (isBusy()) say(`Sending ${plural(all - failed.size, "song")}.`);
  else if (!sent.size && all) say(title);
}

function say(text) {
  if (told === text) return;
  told = text;
  part("news").textContent = text;
}

function pickShown() {
  const shown = [];
  for (const [name, room] of Object.entries(ROOM)) {
    const group = name === "ready" ? [...groups.ready].slice(-room).reverse() : groups[name];
    let taken = 0;
    for (const item of group) {
      if (taken === room) break;
      shown.push(item);
      taken += 1;
    }
  }
  return shown;
}

function showRows() {
  const shown = pickShown().sort((one, other) => one.id - other.id);
  const list = part("list");
  for (const [item, row] of rows) {
    if (shown.includes(item)) continue;
    row.remove();
    rows.delete(item);
  }
  shown.forEach((item, place) => {
    const row = rows.get(item) ?? makeRow(item);
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
    fillRow(row, item);
  });
  showRest(shown);
}

function showRest(shown) {
  const rest = Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, group.size]));
  for (const item of shown) rest[item.group] -= 1;
  const told = [["waiting", "waiting"], ["sent", "sent"], ["ready", "ready"], ["failed", "failed"]].filter(([name]) => rest[name]);
  const more = told.map(([name, word]) => `${rest[name].toLocaleString("en")} ${word}`);
  const others = totals.others ? `${plural(totals.others, "file")} left out: no songs.` : "";
  part("rest").textContent = [more.length ? `And ${more.join(", ")}.` : "", others].filter(Boolean).join(" ");
}

function makeRow(item) {
  const row = document.getElementById("tray-row").content.firstElementChild.cloneNode(true);
  row.dataset.itemId = item.id;
  row.querySelector(".tray-name").textContent = item.name;
  row.querySelector("progress").setAttribute("aria-label", `Sent of ${item.name}`);
  row.querySelector('[data-tray-act="retry"]').setAttribute("aria-label", `Try ${item.name} again`);
  row.querySelector('[data-tray-act="call-off"]').setAttribute("aria-label", `Call off ${item.name}`);
  row.item = item;
  rows.set(item, row);
  return row;
}

function fillRow(row, item) {
  const { group } = item;
  const badge = row.querySelector(".badge");
  const label = item.wasHere ? "Was here" : item.isFinal ? "Refused" : group === "sending" && item.size ? `${Math.floor((100 * item.sent) / item.size)} %` : words[group];
  if (badge.textContent !== label) badge.textContent = label;
  badge.className = `badge ${tones[group]}`;
  row.dataset.state = group;
  const progress = row.querySelector("progress");
  progress.hidden = group !== "sending";
  progress.value = item.size ? item.sent / item.size : 0;
  const reason = item.wasHere ? "Already in the library." : item.reason;
  row.querySelector(".tray-reason").textContent = reason;
  row.querySelector(".tray-reason").hidden = !reason;
  row.querySelector('[data-tray-act="retry"]').hidden = group !== "failed" || item.isFinal;
  row.querySelector('[data-tray-act="call-off"]').hidden = group !== "waiting" && group !== "sending";
  if (item.trackId) showSong(row, item);
}

function showSong(row, item) {
  const name = row.querySelector(".tray-name");
  if (!name.querySelector("a")) {
    const link = document.createElement("a");
    link.href = `${prefix}/tracks/${item.trackId}`;
    link.textContent = item.name;
    name.replaceChildren(link);
  }
  if (item.nearest) showNearest(row, item.nearest);
  else if (!item.isLooking) look(item);
}

async function look(item) {
  item.isLooking = true;
  for (let tries = 0; tries < NEAREST_TRIES; tries += 1) {
    const found = await findNearest(item.trackId);
    if (found.length) {
      item.nearest = found;
      item.nearestMs = Math.round(performance.now() - item.sentAt);
      return showSoon();
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    if (!rows.has(item)) break;
  }
  item.isLooking = rows.has(item); // shown again, it is asked again
  return undefined;
}

function showNearest(row, nearest) {
  const frame = row.querySelector(".tray-nearest");
  if (!frame.hidden) return;
  frame.hidden = false;
  frame.querySelector("ol").replaceChildren(...nearest.map(makeNear));
}

function makeNear(song) {
  const near = document.getElementById("tray-near").content.firstElementChild.cloneNode(true);
  const track = readTrack(song);
  Object.assign(near.dataset, track);
  const play = near.querySelector("button");
  play.setAttribute("aria-label", `Play ${track.title}`);
  play.append(makeCover(track, 40));
  const title = near.querySelector("a");
  [title.href, title.textContent] = [track.page, track.title];
  near.querySelector(".tray-near-words").textContent = [track.artist, song.likeness].filter(Boolean).join(" · ");
  return near;
}

function showActs() {
  const act = (name) => tray.querySelector(`[data-tray-act="${name}"]`);
  act("retry-all").hidden = ![...groups.failed].some((item) => !item.isFinal);
  act("stop").hidden = !isBusy();
  act("close").hidden = isBusy(); // it can be folded then
  act("clear").hidden = isBusy() || groups.sent.size > 0 || countAll() === 0;
}

export const itemOf = (element) => element.closest(".tray-row")?.item;

export function foldTray(button) {
  const isFolded = tray.classList.toggle("is-folded");
  button.setAttribute("aria-expanded", String(!isFolded));
}

export function offerResume(text, { canGoOn }) {
  part("resume").hidden = !text;
  part("resume").querySelector("p").textContent = text;
  tray.querySelector('[data-tray-act="resume"]').hidden = !canGoOn;
  if (text) openTray();
  else showSoon();
}
