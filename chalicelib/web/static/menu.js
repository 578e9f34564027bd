// Menus are <details data-menu>: they open without a script. This closes them as one expects: by Escape, by a click or a focus
// elsewhere, and after a choice; the arrow keys go through them.

const opened = () => document.querySelectorAll("details[data-menu][open]");
const choices = (menu) => Array.from(menu.querySelectorAll(".menu-items a[href], .menu-items button:not(:disabled)"));

function closeOthers(target) {
  for (const menu of opened()) if (!menu.contains(target)) menu.open = false;
}

function closeByKey(menu) {
  menu.open = false;
  menu.querySelector("summary").focus();
}

function moveFocus(menu, step) {
  const all = choices(menu);
  const place = all.indexOf(document.activeElement);
  const next = place < 0 && step < 0 ? all.length - 1 : (place + step + all.length) % all.length;
  all[next]?.focus();
}

document.addEventListener("click", (event) => {
  closeOthers(event.target);
  const chosen = event.target.closest("[data-menu] .menu-items a, [data-menu] .menu-items button");
  if (chosen) chosen.closest("[data-menu]").open = false;
});
document.addEventListener("focusin", (event) => closeOthers(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu]") ?? null;
  if (!menu) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
  if (event.key === "Escape" && menu.open) closeByKey(menu);
  else if (step) {
    menu.open = true;
    moveFocus(menu, step);
  } else return;
  event.preventDefault();
});
