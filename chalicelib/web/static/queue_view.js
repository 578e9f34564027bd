// The songs that come next, as a list: jumped to, moved (by dragging the grip, by its arrow keys or the buttons beside it), removed.

import { upcoming } from "./queue.js";
import { announce, showCover } from "./player_view.js";

const list = document.getElementById("queue-list");
const template = document.getElementById("queue-row");
const byKey = (key) => list.querySelector(`[data-key="${key}"]`);
let shown = null;

function makeRow(entry, place, count) {
  const row = template.content.firstElementChild.cloneNode(true);
  const { title, artist } = entry.track;
  row.dataset.key = entry.key;
  row.querySelector("[data-queue-title]").textContent = title;
  row.querySelector("[data-queue-artist]").textContent = artist || "Unknown artist";
  showCover(row.querySelector(".player-art"), entry.track);
  const labels = { jump: `Play ${title}`, grip: `Move ${title}: drag, or use the arrow keys`, up: `Move ${title} up`, down: `Move ${title} down`, remove: `Remove ${title} from the queue` };
  for (const button of row.querySelectorAll("[data-queue-act]")) button.setAttribute("aria-label", labels[button.dataset.queueAct]);
  row.querySelector('[data-queue-act="up"]').disabled = place === 0;
  row.querySelector('[data-queue-act="down"]').disabled = place === count - 1;
  return row;
}

export function showQueue(queue) {
  shown = queue;
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  const [heldKey, heldAct] = [held?.closest("[data-key]").dataset.key, held?.dataset.queueAct];
  const entries = upcoming(queue);
  list.replaceChildren(...entries.map((entry, place) => makeRow(entry, place, entries.length)));
  document.getElementById("queue-empty").hidden = entries.length > 0;
  document.getElementById("queue-clear").hidden = entries.length === 0;
  document.getElementById("queue-count").textContent = entries.length ? `${entries.length} ${entries.length === 1 ? "song" : "songs"}` : "";
  if (held) focusAgain(heldKey, heldAct);
}

function focusAgain(key, act) {
  const button = byKey(key)?.querySelector(`[data-queue-act="${act}"]`);
  if (button && !button.disabled) button.focus();
  else byKey(key)?.querySelector('[data-queue-act="grip"]').focus();
}

export function connectQueue({ jump, move, remove }) {
  const acts = {
    jump: (row, key) => jump(key),
    grip: (row) => row.classList.toggle("is-open"),
    up: (row, key) => moveBy(key, -1),
    down: (row, key) => moveBy(key, 1),
    remove: (row, key) => removeRow(row, key),
  };

  function moveBy(key, steps) {
    const place = upcoming(shown).findIndex((entry) => entry.key === key);
    moveTo(key, place + steps);
  }

  function moveTo(key, place) {
    const entries = upcoming(shown);
    const from = entries.findIndex((entry) => entry.key === key);
    if (place < 0 || place >= entries.length || place === from) return;
    move(key, shown.place + 1 + place);
    announce(`${entries[from].track.title}: now ${place + 1} of ${entries.length}.`);
  }

  function removeRow(row, key) {
    const neighbour = (row.nextElementSibling ?? row.previousElementSibling)?.dataset.key;
    announce(`${row.querySelector("[data-queue-title]").textContent} removed from the queue.`);
    remove(key);
    (byKey(neighbour)?.querySelector('[data-queue-act="remove"]') ?? document.getElementById("queue-title")).focus();
  }

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-queue-act]");
    const row = button?.closest("[data-key]");
    if (row) acts[button.dataset.queueAct](row, Number(row.dataset.key));
  });
  list.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const grip = event.target.closest('[data-queue-act="grip"]');
    if (!steps || !grip) return;
    event.preventDefault();
    moveBy(Number(grip.closest("[data-key]").dataset.key), steps);
  });
  connectDragging(moveTo);
}

// By pointer events, so that fingers, pens and mice do the same. Heard on the document: a row that moves loses a captured pointer.
function connectDragging(moveTo) {
  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest('[data-queue-act="grip"]');
    if (!grip || event.button !== 0) return;
    const row = grip.closest("[data-key]");
    const startY = event.clientY;
    let hasMoved = false;

    const drag = (moved) => {
      if (!hasMoved && Math.abs(moved.clientY - startY) < 4) return;
      hasMoved = true;
      row.classList.add("is-dragged");
      const met = findRowAt(moved.clientY);
      if (!met || met === row) return;
      const isBelow = Boolean(row.compareDocumentPosition(met) & Node.DOCUMENT_POSITION_FOLLOWING);
      list.insertBefore(row, isBelow ? met.nextSibling : met);
    };
    const drop = (ended) => {
      document.removeEventListener("pointermove", drag);
      document.removeEventListener("pointerup", drop);
      document.removeEventListener("pointercancel", drop);
      row.classList.remove("is-dragged");
      if (!hasMoved) return;
      if (ended.type === "pointerup") moveTo(Number(row.dataset.key), [...list.children].indexOf(row));
      else showQueue(shown);
    };
    document.addEventListener("pointermove", drag);
    document.addEventListener("pointerup", drop);
    document.addEventListener("pointercancel", drop);
  });
}

function findRowAt(y) {
  return [...list.children].find((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return y >= top && y < bottom;
  });
}
