// Where the names of genres are written: on a map of few songs beside the heap, where they cover the fewest songs; on a map of many in
// the middle of the crowd. Pure, but for what it remembers: a name stays at its side while another is hardly better.

const LETTER = 8.4; // of the names' type, wide as it is bold; CSS pixels
const HALF_HIGH = 13;
const GAP = 6;
const EACH_SIDE_LATER = 0.05; // above is where one looks first
const STAYING = 0.6; // songs that a name covers rather than move
const APART = 10; // from name to name
const FAR = 90; // CSS pixels from the heap's middle that are as bad as a song covered
const OUT = 3; // as bad as so many songs

export function createLabelPlacer() {
  const sides = new Map(); // genre's slot → where its name was

  // `heap`: on the screen; `songs`: places on the screen, [x, y]; `taken`: boxes of the names so far.
  return function place({ slot, name, heap, songs, reach, taken, view }) {
    const half = (name.length * LETTER) / 2 + GAP;
    let best = null;
    for (const [side, [x, y]] of listSides(heap, half, reach).entries()) {
      const box = [x - half, y - HALF_HIGH, x + half, y + HALF_HIGH];
      const room = [box[0] - APART, box[1] - APART, box[2] + APART, box[3] + APART];
      const away = Math.hypot(x - heap.x, y - heap.y) / FAR;
      const fault = (isWithin(box, view) ? 0 : OUT) + (taken.some((other) => meets(room, other)) ? OUT : 0);
      const cost = countUnder(box, songs, reach) + fault + away + side * EACH_SIDE_LATER - (sides.get(slot) === side ? STAYING : 0);
      if (!best || cost < best.cost) best = { side, x, y, box, cost };
    }
    sides.set(slot, best.side);
    return best;
  };
}

function listSides({ left, top, right, bottom, x, y }, half, reach) {
  const [over, under] = [top - reach - HALF_HIGH - 2, bottom + reach + HALF_HIGH + 2];
  return [
    [x, over],
    [(left + right) / 2, over],
    [x, under],
    [(left + right) / 2, under],
    [left + half - reach, over],
    [right - half + reach, over],
    [left - reach - half, y],
    [right + reach + half, y],
    [left + half - reach, under],
    [right - half + reach, under],
  ];
}

// A cover that is only touched counts for less than one that is hidden.
function countUnder([left, top, right, bottom], songs, reach) {
  let count = 0;
  for (const [x, y] of songs) {
    const apart = Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
    if (apart < reach) count += 1 - apart / reach + 0.15;
  }
  return count;
}

const isWithin = (box, view) => box[0] >= view[0] && box[1] >= view[1] && box[2] <= view[2] && box[3] <= view[3];

export const meets = (one, other) => one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
