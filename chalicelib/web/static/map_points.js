// The points of the map as columns, and which of them are where: a grid of cells, so that the nearest point is found by looking at a few.
// The file's format is written down in chalicelib/index/song_map.py. Pure.

const HEAD = 32;
const MAGIC = 0x50414d54; // "TMAP"
const RECORD = 17;
const PER_CELL = 4;
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

// { count, xs, ys (0 to 1), genres, ids }, or null for what is no map of this version.
export function parsePoints(buffer) {
  if (buffer.byteLength < HEAD) return null;
  const head = new DataView(buffer);
  const count = head.getUint32(8, true);
  const isOurs = head.getUint32(0, true) === MAGIC && head.getUint16(4, true) === 1 && buffer.byteLength === HEAD + count * RECORD;
  if (!isOurs) return null;
  const spread = (start) => Float32Array.from(new Uint16Array(buffer, start, count), (step) => step / 65535);
  return {
    count,
    xs: spread(HEAD),
    ys: spread(HEAD + 2 * count),
    genres: new Uint8Array(buffer, HEAD + 4 * count, count),
    ids: new Uint8Array(buffer, HEAD + 5 * count, 12 * count),
  };
}

export function idAt({ ids }, index) {
  let id = "";
  for (let place = 12 * index; place < 12 * index + 12; place += 1) id += DIGITS[ids[place]];
  return id;
}

// Where these ids stand: Map id → index; those that are not on the map are left out. One pass, however many are looked for.
export function findIds(points, wanted) {
  const byStart = new Map();
  for (const id of wanted) {
    const start = parseInt(id.slice(0, 8), 16);
    byStart.set(start, [...(byStart.get(start) ?? []), id]);
  }
  const found = new Map();
  const { ids, count } = points;
  for (let index = 0, at = 0; index < count && found.size < wanted.length; index += 1, at += 12) {
    const start = ((ids[at] << 24) | (ids[at + 1] << 16) | (ids[at + 2] << 8) | ids[at + 3]) >>> 0;
    if (!byStart.has(start)) continue;
    const id = idAt(points, index);
    if (byStart.get(start).includes(id)) found.set(id, index);
  }
  return found;
}

// Points by cells of a square grid: `items` from starts[cell] to starts[cell + 1].
export function makeGrid({ count, xs, ys }) {
  const side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(count / PER_CELL))));
  const starts = new Uint32Array(side * side + 1);
  const cells = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) {
    const cell = clampCell(ys[index], side) * side + clampCell(xs[index], side);
    cells[index] = cell;
    starts[cell + 1] += 1;
  }
  for (let cell = 0; cell < side * side; cell += 1) starts[cell + 1] += starts[cell];
  const next = starts.slice();
  const items = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) items[next[cells[index]]++] = index;
  return { side, starts, items };
}

export const clampCell = (at, side) => Math.max(0, Math.min(side - 1, Math.floor(at * side)));

// The point nearest to (x, y) within `reach` that `isWanted`, or -1: rings of cells outwards, until no nearer one can come.
export function findNearest(points, grid, x, y, reach, isWanted = () => true) {
  const { side, starts, items } = grid;
  const [column, row] = [clampCell(x, side), clampCell(y, side)];
  let [best, bestAt] = [reach * reach, -1];
  for (let ring = 0; ring <= side; ring += 1) {
    const within = Math.max(0, (ring - 1) / side);
    if (within * within > best) break;
    for (const cell of listRing(column, row, ring, side)) {
      for (let place = starts[cell]; place < starts[cell + 1]; place += 1) {
        const index = items[place];
        const apart = (points.xs[index] - x) ** 2 + (points.ys[index] - y) ** 2;
        if (apart <= best && isWanted(index)) [best, bestAt] = [apart, index];
      }
    }
  }
  return bestAt;
}

function* listRing(column, row, ring, side) {
  for (let y = Math.max(0, row - ring); y <= Math.min(side - 1, row + ring); y += 1) {
    const isEdge = Math.abs(y - row) === ring;
    for (let x = column - ring; x <= column + ring; x += isEdge || ring === 0 ? 1 : 2 * ring) {
      if (x >= 0 && x < side) yield y * side + x;
    }
  }
}

// The next point from `from` towards (dx, dy): near, and rather straight ahead than aside.
export function findTowards(points, grid, from, dx, dy) {
  const [x, y] = [points.xs[from], points.ys[from]];
  for (let reach = 1 / grid.side; reach < 2; reach *= 2) {
    let [best, bestAt] = [reach, -1];
    for (const index of listBox(points, grid, x - reach, y - reach, x + reach, y + reach)) {
      const [right, down] = [points.xs[index] - x, points.ys[index] - y];
      const ahead = right * dx + down * dy;
      const aside = Math.abs(right * dy - down * dx);
      const cost = ahead + 2 * aside;
      if (index !== from && ahead > 0 && aside <= ahead && cost < best) [best, bestAt] = [cost, index];
    }
    if (bestAt >= 0) return bestAt;
  }
  return -1;
}

export function* listBox(points, { side, starts, items }, left, top, right, bottom) {
  for (let row = clampCell(top, side); row <= clampCell(bottom, side); row += 1) {
    const from = starts[row * side + clampCell(left, side)];
    const to = starts[row * side + clampCell(right, side) + 1];
    for (let place = from; place < to; place += 1) yield items[place];
  }
}

// At most `count` points of the box, those nearest to its middle first. Looks no farther than it must.
export function listMiddle(points, grid, left, top, right, bottom, count, isWanted) {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const apart = (index) => (points.xs[index] - x) ** 2 + (points.ys[index] - y) ** 2;
  let found = [];
  const widest = Math.max(right - left, bottom - top) / 2;
  for (let reach = Math.min(widest, 1.5 / grid.side); ; reach = Math.min(widest, reach * 2)) {
    const [l, t, r, b] = [Math.max(left, x - reach), Math.max(top, y - reach), Math.min(right, x + reach), Math.min(bottom, y + reach)];
    found = [];
    for (const index of listBox(points, grid, l, t, r, b)) {
      const isIn = points.xs[index] >= l && points.xs[index] <= r && points.ys[index] >= t && points.ys[index] <= b;
      if (isIn && isWanted(index)) found.push(index);
    }
    if (found.length >= count || reach >= widest) break;
  }
  return found.sort((one, other) => apart(one) - apart(other)).slice(0, count);
}
