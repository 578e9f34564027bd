// What hands do to the map: drag, wheel, pinch, double-tap, keys. Says what was meant; knows nothing of songs.

const SLOP = 5; // pixels that a press may wander and still be a click
const DOUBLE_MS = 300;
const STEP = 80;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function connectGestures(stage, { camera, hover, choose, doubled, keys, go, signal }) {
  const pressed = new Map(); // pointer id → [x, y]
  let begin = null;
  let hasMoved = false;
  let lastTap = { at: 0, x: 0, y: 0 };

  const placeOf = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function press(event) {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    pressed.set(event.pointerId, placeOf(event));
    if (pressed.size === 1) [begin, hasMoved] = [placeOf(event), false];
    else hasMoved = true;
  }

  function move(event) {
    const at = placeOf(event);
    if (!pressed.has(event.pointerId)) return event.pointerType === "mouse" ? hover(...at) : undefined;
    const before = pressed.get(event.pointerId);
    if (!hasMoved && Math.hypot(at[0] - begin[0], at[1] - begin[1]) < SLOP) return undefined;
    hasMoved = true;
    if (pressed.size === 2) pinch(event.pointerId, before, at);
    else camera.pan(at[0] - before[0], at[1] - before[1]);
    pressed.set(event.pointerId, at);
    stage.classList.add("is-dragged");
    return undefined;
  }

  function pinch(id, before, at) {
    const [other] = [...pressed].filter(([each]) => each !== id).map(([, place]) => place);
    const apart = (one) => Math.max(10, Math.hypot(one[0] - other[0], one[1] - other[1]));
    camera.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    camera.zoomAt(apart(at) / apart(before), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
  }

  function release(event) {
    if (!pressed.delete(event.pointerId)) return;
    stage.classList.remove("is-dragged");
    if (hasMoved || event.type === "pointercancel" || pressed.size) return;
    const [x, y] = placeOf(event);
    const isDouble = event.timeStamp - lastTap.at < DOUBLE_MS && Math.hypot(x - lastTap.x, y - lastTap.y) < 24;
    lastTap = { at: isDouble ? 0 : event.timeStamp, x, y };
    if (isDouble) doubled(x, y, event.pointerType);
    else choose(x, y, event.pointerType);
  }

  function turnWheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    camera.zoomAt(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.0022)), ...placeOf(event));
  }

  function pressKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) camera.pan(-arrow[0] * STEP, -arrow[1] * STEP);
    else if (arrow) go(...arrow);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation(); // the player's keys are the same
  }

  const acts = { pointerdown: press, pointermove: move, pointerup: release, pointercancel: release, keydown: pressKey };
  for (const [name, act] of Object.entries(acts)) stage.addEventListener(name, act, { signal });
  stage.addEventListener("wheel", turnWheel, { signal, passive: false });
  stage.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && !pressed.size && hover(null), { signal });
}
