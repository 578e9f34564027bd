// One look at the map: from points, camera and what is chosen to a painted frame. Painted when something changed, never twice a frame.

import { createCamera } from "./map_camera.js";
import { packColour, placeNames } from "./map_genres.js";
import { createLabelPlacer } from "./map_labels.js";
import { createMarks } from "./map_marks.js";
import { createPainter } from "./map_painter.js";
import { clampCell, findNearest, idAt, listBox, listMiddle, makeGrid } from "./map_points.js";
import { knownSong } from "./map_songs.js";

const [SMALLEST, LARGEST] = [1, 8]; // radius of a point, in CSS pixels
const ROOM_FOR_COVERS = 46; // CSS pixels from song to song
const COVERS_MOST = 150;
const NAMED_UP_TO = 5; // times the whole: closer, one sees no whole genres
const NAMED_ABOVE = 3000; // songs
const REACH = 22; // CSS pixels from the pointer
const REST_MS = 160;
const GONE_AT = -9;

export function createScene({ stage, pointsCanvas, marksCanvas, points, slots, legend, onFrame, onRest }) {
  const grid = makeGrid(points);
  const names = placeNames(points, slots);
  const placeLabel = createLabelPlacer();
  const painter = createPainter(pointsCanvas);
  const marks = createMarks(marksCanvas, () => requestPaint());
  const camera = createCamera(() => requestPaint({ isMoved: true }));
  const motion = window.matchMedia("(prefers-reduced-motion: reduce)");
  const share = countCells(grid) / grid.side ** 2; // of the square that has songs at all
  const state = { played: [], recommended: [], shows: { played: true, recommended: true }, current: -1, focus: -1, isPlaying: false };
  let colours = new Uint32Array(0);
  let tints = {};
  let [isDue, isMoved, isOver, isWhole] = [false, false, false, true]; // isWhole: more has changed than where one looks
  let resting = 0;
  const timings = [];

  function requestPaint({ isMoved: moved = false, isAll = false } = {}) {
    isMoved ||= moved;
    isWhole ||= isAll;
    if (isDue || isOver) return;
    isDue = true;
    requestAnimationFrame(paint);
  }

  const spacing = () => Math.sqrt((share * camera.state.scale ** 2) / Math.max(1, points.count));
  const radius = () => Math.max(SMALLEST, Math.min(LARGEST, 0.3 * spacing()));
  const coverSize = () => (spacing() > ROOM_FOR_COVERS ? Math.min(76, spacing() * 0.56) : 0);

  function paint(now) {
    isDue = false;
    if (isOver) return;
    const begun = performance.now();
    const isLit = legend.isLit();
    if (isMoved || isWhole) paintPoints(isLit);
    paintMarks(now, isLit);
    timings.push(performance.now() - begun);
    if (timings.length > 240) timings.shift();
    onFrame();
    if (isMoved) {
      clearTimeout(resting);
      resting = setTimeout(() => !isOver && onRest(), REST_MS);
    }
    [isMoved, isWhole] = [false, false];
    if (isPulsing()) requestPaint();
  }

  function paintPoints(isLit) {
    const [left, top] = camera.toScreen(0, 0);
    const look = {
      points,
      grid,
      slots,
      colours,
      isLit,
      listRows,
      ground: tints.packedGround,
      radius: radius(),
      opacity: radius() < 1.6 ? 0.8 : 0.95,
      toPixel: { scale: camera.state.scale, left, top },
    };
    painter.paint(look, { isWhole });
  }

  function listRows(leftEdge, topEdge, rightEdge, bottomEdge) {
    const [left, top, right, bottom] = [...camera.toMap(leftEdge, topEdge), ...camera.toMap(rightEdge, bottomEdge)];
    const [first, last] = [clampCell(left, grid.side), clampCell(right, grid.side)];
    const rows = [];
    for (let row = clampCell(top, grid.side); row <= clampCell(bottom, grid.side); row += 1) {
      rows.push([grid.starts[row * grid.side + first], grid.starts[row * grid.side + last + 1]]);
    }
    return rows;
  }

  // `isFree`: without what lies under the panels.
  function viewBox({ isFree = false } = {}) {
    const { width, height, left, top, right, bottom } = camera.state;
    const corners = isFree ? [left, top, width - right, height - bottom] : [0, 0, width, height];
    return [...camera.toMap(corners[0], corners[1]), ...camera.toMap(corners[2], corners[3])];
  }

  function listSeen() {
    return coverSize() ? listMiddle(points, grid, ...viewBox(), COVERS_MOST, isThere) : [];
  }

  function paintMarks(now, isLit) {
    const at = (index) => camera.toScreen(points.xs[index], points.ys[index]);
    const size = coverSize();
    const named = [];
    for (const index of size ? listBox(points, grid, ...viewBox()) : []) {
      const song = knownSong(idAt(points, index));
      const [x, y] = at(index);
      if (song) named.push({ x, y, song, colour: tints.genres[slots[index]], isFaint: !isLit[slots[index]] });
    }
    marks.draw({
      named,
      labels: camera.zoom < NAMED_UP_TO && points.count > 24 ? placeLabels(isLit) : [],
      played: state.shows.played ? state.played.map(at) : [],
      recommended: state.shows.recommended ? state.recommended.map(at) : [],
      current: state.current < 0 ? null : at(state.current),
      focus: state.focus < 0 ? null : at(state.focus),
      isPulsing: isPulsing(),
      radius: radius(),
      coverSize: size,
      now,
      tints,
      font: tints.font,
    });
  }

  function placeLabels(isLit) {
    const lit = names.filter(({ slot }) => isLit[slot]);
    return points.count < NAMED_ABOVE ? placeBeside(lit) : lit.map(({ slot, x, y }) => describeLabel(slot, ...camera.toScreen(x, y)));
  }

  function placeBeside(lit) {
    const reach = Math.max(radius(), coverSize() / 2) + 3;
    const songs = Array.from(listBox(points, grid, ...viewBox()), (index) => camera.toScreen(points.xs[index], points.ys[index]));
    const { width, height, left, top, right, bottom } = camera.state;
    const view = [left + 4, top, width - right - 4, height - bottom];
    const taken = [];
    return lit.flatMap((heap) => {
      const [x, y] = camera.toScreen(heap.x, heap.y);
      if (x < left || y < 0 || x > width - right || y > height) return [];
      const edges = [...camera.toScreen(heap.left, heap.top), ...camera.toScreen(heap.right, heap.bottom)];
      const onScreen = { x, y, left: edges[0], top: edges[1], right: edges[2], bottom: edges[3] };
      const placed = placeLabel({ slot: heap.slot, name: legend.names[heap.slot], heap: onScreen, songs, reach, taken, view });
      taken.push(placed.box);
      return describeLabel(heap.slot, placed.x, placed.y);
    });
  }

  const describeLabel = (slot, x, y) => ({ x, y, name: legend.names[slot], colour: tints.genres[slot] });

  const isPulsing = () => state.current >= 0 && state.isPlaying && !motion.matches;
  const isThere = (index) => points.xs[index] > GONE_AT && legend.isLit()[slots[index]] === 1;

  function readTints() {
    const style = getComputedStyle(stage);
    const genres = legend.readColours();
    tints = { genres, ground: style.backgroundColor, packedGround: packColour(style.backgroundColor), ink: style.color, accent: style.caretColor, font: style.fontFamily };
    colours = Uint32Array.from(genres, packColour);
    requestPaint({ isAll: true });
  }

  function resize(free) {
    const { width, height } = stage.getBoundingClientRect();
    camera.resize(width, height, free);
    painter.resize(width, height);
    marks.resize(width, height);
    requestPaint({ isMoved: true });
  }

  return {
    camera,
    state,
    timings,
    readPixels: painter.readPixels,
    readTints,
    resize,
    requestPaint,
    listSeen,
    isThere,
    grid,
    fit: (options) => camera.fit(boundsOf(points), options),
    listMiddleOfView: (count) => listMiddle(points, grid, ...viewBox({ isFree: true }), count, isThere),
    listSeenIds: () => listSeen().map((index) => idAt(points, index)),
    findAt(across, down) {
      const [x, y] = camera.toMap(across, down);
      const reach = Math.max(REACH, coverSize() / 2) / camera.state.scale;
      return findNearest(points, grid, x, y, reach, isThere);
    },
    positionOf: (index) => camera.toScreen(points.xs[index], points.ys[index]),
    // So that single songs can be told apart around it.
    closeUp: () => Math.max(camera.state.scale, (camera.state.scale / spacing()) * 90),
    removeGone(index) {
      points.xs[index] = points.ys[index] = GONE_AT;
      requestPaint({ isAll: true });
    },
    close() {
      isOver = true;
      clearTimeout(resting);
    },
    isStill: motion,
  };
}

function countCells({ starts, side }) {
  let count = 0;
  for (let cell = 0; cell < side * side; cell += 1) if (starts[cell + 1] > starts[cell]) count += 1;
  return Math.max(1, count);
}

function boundsOf({ xs, ys }) {
  const reduce = (values, pick) => values.reduce((one, other) => pick(one, other), values[0] ?? 0.5);
  return { left: reduce(xs, Math.min), right: reduce(xs, Math.max), top: reduce(ys, Math.min), bottom: reduce(ys, Math.max) };
}
