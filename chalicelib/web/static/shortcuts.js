// Keys for the player, while nobody types and no other element wants the key; and the list of them, where they can be switched off.

import { recall, remember } from "./memory.js";

const dialog = document.getElementById("shortcuts");
const isOn = () => recall("shortcuts") !== "off";
const TYPES = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const PRESSES = "a[href], button, summary, input, [role=menuitem], [role=option]"; // the space bar is theirs

function findAct(event, acts) {
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest(TYPES)) return null;
  if (event.key === "?") return openShortcuts;
  if (!isOn() || target.closest("[role=menu], dialog:not(#now-playing)")) return null;
  if (event.key === " ") return target.closest(PRESSES) ? null : acts[" "];
  if (event.key.startsWith("Arrow") && (event.shiftKey || target.closest("input, [data-arrows]"))) return null;
  return acts[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
}

export function openShortcuts() {
  if (!dialog.open) dialog.showModal();
}

export function connectShortcuts(acts) {
  document.addEventListener("keydown", (event) => {
    const act = findAct(event, acts);
    if (!act) return;
    event.preventDefault();
    if (!event.repeat || event.key.startsWith("Arrow")) act();
  });
  const box = dialog.querySelector("input[type=checkbox]");
  box.checked = isOn();
  box.addEventListener("change", () => remember("shortcuts", box.checked ? "on" : "off"));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
