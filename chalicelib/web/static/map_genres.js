// The genres of the map: the largest ten have a colour each, all others share one; the legend, where one chooses which are lit; and
// where on the map their names stand.

const COLOURED = 10;
const OTHERS = COLOURED; // the slot of all others
const HEAPS_MOST = 20; // a side
const NEAR = 0.7; // of a heap's side: what belongs to it
const CLUSTERED = 0.12; // of a genre's songs within one heap: else its name would stand anywhere

export function slotGenres(genres) {
  return Uint8Array.from(genres, (genre) => Math.min(genre, OTHERS));
}

export function createLegend(list, genres, slots, onChange) {
  const counts = new Uint32Array(COLOURED + 1);
  for (const slot of slots) counts[slot] += 1;
  const names = [...genres.slice(0, COLOURED).map((genre) => genre.name), "Other"];
  const chosen = new Set();
  const buttons = [];
  list.replaceChildren();
  for (const [place, name] of names.entries()) {
    const slot = place < names.length - 1 ? place : OTHERS;
    if (counts[slot]) buttons.push(addButton(list, name, slot, counts[slot]));
  }

  function addButton(parent, name, slot, count) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "map-genre";
    button.dataset.slot = slot;
    button.setAttribute("aria-pressed", "false");
    const colour = document.createElement("span");
    colour.className = `map-colour map-colour-${slot}`;
    const words = document.createElement("span");
    words.textContent = name;
    const number = document.createElement("span");
    number.className = "map-genre-count";
    number.textContent = count.toLocaleString();
    const unit = document.createElement("span");
    unit.className = "unseen";
    unit.textContent = count === 1 ? "song" : "songs";
    button.append(colour, words, number, unit);
    const item = document.createElement("li");
    item.append(button);
    parent.append(item);
    return button;
  }

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-slot]");
    if (!button) return;
    const slot = Number(button.dataset.slot);
    if (!chosen.delete(slot)) chosen.add(slot);
    for (const each of buttons) each.setAttribute("aria-pressed", String(chosen.has(Number(each.dataset.slot))));
    onChange(chosen.size ? `Showing ${[...chosen].map((each) => names[Math.min(each, names.length - 1)]).join(", ")}` : "Showing all genres");
  });

  return {
    names,
    isLit: () => Uint8Array.from({ length: COLOURED + 1 }, (_, slot) => (chosen.size === 0 || chosen.has(slot) ? 1 : 0)),
    // Resolved by the browser from the sheet, so that the scheme in force decides.
    readColours() {
      const colours = Array.from({ length: COLOURED + 1 }, () => "rgb(128, 128, 128)");
      for (const button of buttons) colours[button.dataset.slot] = getComputedStyle(button.firstElementChild).backgroundColor;
      return colours;
    },
  };
}

// "rgb(1, 2, 3)" as a canvas keeps it in memory. Computed colours may also be "color(srgb 0.1 0.2 0.3)".
export function packColour(text) {
  const [red, green, blue] = text.match(/[\d.]+/g).map(Number).map((part) => (text.startsWith("color(") ? part * 255 : part));
  return (0xff000000 | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}

// [{ slot, x, y, left, top, right, bottom }] of the coloured genres that are together somewhere: the middle and the edges of the heap.
export function placeNames(points, slots) {
  const side = Math.max(3, Math.min(HEAPS_MOST, Math.round(Math.sqrt(points.count) / 2)));
  const heaps = Array.from({ length: COLOURED }, () => new Uint32Array(side * side));
  const totals = new Uint32Array(COLOURED + 1);
  const heapOf = (index) => Math.min(side - 1, (points.ys[index] * side) | 0) * side + Math.min(side - 1, (points.xs[index] * side) | 0);
  for (let index = 0; index < points.count; index += 1) {
    totals[slots[index]] += 1;
    if (slots[index] < COLOURED) heaps[slots[index]][heapOf(index)] += 1;
  }
  const names = [];
  for (const [slot, heap] of heaps.entries()) {
    const most = heap.indexOf(Math.max(...heap));
    if (!totals[slot] || heap[most] < CLUSTERED * totals[slot]) continue;
    const inHeap = listSongs(points, (index) => slots[index] === slot && heapOf(index) === most);
    const [x, y] = middleOf(points, inHeap);
    // A heap ends at a line of the grid, its songs do not.
    const near = listSongs(points, (index) => slots[index] === slot && Math.hypot(points.xs[index] - x, points.ys[index] - y) < NEAR / side);
    names.push({ slot, ...describeHeap(points, near.length ? near : inHeap) });
  }
  return names;
}

function listSongs(points, isWanted) {
  const found = [];
  for (let index = 0; index < points.count; index += 1) if (isWanted(index)) found.push(index);
  return found;
}

function middleOf(points, songs) {
  let [x, y] = [0, 0];
  for (const index of songs) [x, y] = [x + points.xs[index], y + points.ys[index]];
  return [x / songs.length, y / songs.length];
}

function describeHeap(points, songs) {
  const [x, y] = middleOf(points, songs);
  let [left, top, right, bottom] = [1, 1, 0, 0];
  for (const index of songs) {
    const [across, down] = [points.xs[index], points.ys[index]];
    [left, top, right, bottom] = [Math.min(left, across), Math.min(top, down), Math.max(right, across), Math.max(bottom, down)];
  }
  return { x, y, left, top, right, bottom };
}
