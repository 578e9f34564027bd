// What lies over the points: names of genres, covers and titles where there is room, rings of what was played and stars of what is
// recommended, the song that plays, the song in focus. Few things each time, so the canvas's own paths do.

import { toneOf } from "./covers.js";
import { meets } from "./map_labels.js";

const TONES = [250, 205, 172, 142, 84, 38, 18, 350, 326, 290, 222, 188]; // of songs.css
const TURN = Math.PI * 2;
const PULSE_MS = 1800;
const TITLE_CHARS = 22;
const covers = new Map(); // address → image

export function createMarks(canvas, askForFrame) {
  const context = canvas.getContext("2d");
  let [width, height] = [1, 1];
  let tints = {};

  function resize(across, down) {
    [width, height] = [across, down];
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  function draw({ labels, named, played, recommended, current, focus, isPulsing, radius, coverSize, now, tints: given, font }) {
    tints = given;
    context.clearRect(0, 0, width, height);
    context.font = `600 12px ${font}`;
    for (const song of named) drawCover(song, coverSize);
    for (const [x, y] of played) drawRing(x, y, Math.max(radius, coverSize / 2) + 2.5, tints.ink, 1.75);
    for (const [x, y] of recommended) drawStar(x + (coverSize ? coverSize * 0.36 : 0), y - (coverSize ? coverSize * 0.36 : 0), coverSize ? 8 : Math.max(6, radius + 3));
    if (current) drawCurrent(...current, Math.max(radius, coverSize / 2), isPulsing ? (now % PULSE_MS) / PULSE_MS : 0.35);
    if (focus) drawFocus(...focus, Math.max(radius, coverSize / 2) + 5);
    const labelled = drawLabels(labels, font);
    if (coverSize > 40) drawTitles(named, coverSize, font, labelled);
  }

  function circle(x, y, radius) {
    context.beginPath();
    context.arc(x, y, radius, 0, TURN);
  }

  function drawRing(x, y, radius, colour, thickness) {
    circle(x, y, radius);
    context.lineWidth = thickness + 2;
    context.strokeStyle = tints.ground;
    context.stroke();
    context.lineWidth = thickness;
    context.strokeStyle = colour;
    context.stroke();
  }

  function drawFocus(x, y, radius) {
    drawRing(x, y, radius, tints.ink, 3);
  }

  function drawStar(x, y, size) {
    context.beginPath();
    for (let point = 0; point < 8; point += 1) {
      const reach = point % 2 ? size * 0.42 : size;
      const angle = (point * TURN) / 8 - TURN / 4;
      context.lineTo(x + reach * Math.cos(angle), y + reach * Math.sin(angle));
    }
    context.closePath();
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = tints.ground;
    context.stroke();
    context.fillStyle = tints.accent;
    context.fill();
  }

  function drawCurrent(x, y, radius, phase) {
    circle(x, y, radius + 4 + 22 * phase);
    context.globalAlpha = 0.55 * (1 - phase);
    context.fillStyle = tints.accent;
    context.fill();
    context.globalAlpha = 1;
    drawRing(x, y, radius + 4, tints.accent, 3.5);
  }

  function drawCover({ x, y, song, colour, isFaint }, size) {
    if (!size) return;
    const image = song.cover_url ? findCover(song.cover_url) : null;
    context.globalAlpha = isFaint ? 0.2 : 1;
    circle(x, y, size / 2 + 2.5);
    context.fillStyle = colour;
    context.fill();
    context.save();
    circle(x, y, size / 2);
    context.clip();
    if (image) context.drawImage(image, x - size / 2, y - size / 2, size, size);
    else drawInitial(song, x, y, size);
    context.restore();
    context.globalAlpha = 1;
  }

  function drawInitial(song, x, y, size) {
    const tone = TONES[toneOf(song.track_id)];
    const shade = context.createLinearGradient(x - size / 2, y - size / 2, x + size / 2, y + size / 2);
    shade.addColorStop(0, `hsl(${tone} 62% 56%)`);
    shade.addColorStop(1, `hsl(${tone + 38} 58% 34%)`);
    context.fillStyle = shade;
    context.fillRect(x - size / 2, y - size / 2, size, size);
    context.fillStyle = "white";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `750 ${Math.round(size * 0.42)}px ${tints.font}`;
    context.fillText(song.title.slice(0, 1).toUpperCase(), x, y + 1);
  }

  function findCover(address) {
    if (!covers.has(address)) {
      covers.set(address, null);
      const image = new Image();
      image.onload = () => {
        covers.set(address, image);
        askForFrame();
      };
      image.src = address;
    }
    return covers.get(address);
  }

  function drawTitles(named, size, font, labelled) {
    context.font = `600 12px ${font}`;
    context.textAlign = "center";
    context.textBaseline = "top";
    const boxes = [...labelled, ...named.map(({ x, y }) => [x - size / 2, y - size / 2, x + size / 2, y + size / 2])];
    for (const { x, y, song, isFaint } of named) {
      const title = song.title.length > TITLE_CHARS ? `${song.title.slice(0, TITLE_CHARS - 1).trimEnd()}…` : song.title;
      const half = context.measureText(title).width / 2 + 4;
      const box = [x - half, y + size / 2 + 4, x + half, y + size / 2 + 20];
      if (isFaint || boxes.some((other) => meets(box, other))) continue;
      boxes.push(box);
      write(title, x, box[1] + 1, tints.ink);
    }
  }

  // Names of genres, where map_labels.js put them; where two would meet, the larger genre's. The boxes of those written.
  function drawLabels(labels, font) {
    context.font = `700 14px ${font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const boxes = [];
    for (const { x: at, y, name, colour } of labels) {
      const half = context.measureText(name).width / 2 + 6;
      const x = at > 0 && at < width ? Math.max(half + 4, Math.min(width - half - 4, at)) : at;
      const box = [x - half, y - 12, x + half, y + 12];
      if (x < 0 || x > width || boxes.some((other) => meets(box, other))) continue;
      boxes.push(box);
      drawGround(box);
      write(name, x, y, tints.ink, 5);
      context.fillStyle = colour;
      context.fillRect(x - half + 6, y + 9, 2 * half - 12, 2.5);
    }
    return boxes;
  }

  function drawGround([left, top, right, bottom]) {
    context.globalAlpha = 0.72;
    context.fillStyle = tints.ground;
    context.beginPath();
    context.roundRect(left, top, right - left, bottom - top, 8);
    context.fill();
    context.globalAlpha = 1;
  }

  function write(text, x, y, colour, halo = 4) {
    context.lineJoin = "round";
    context.lineWidth = halo;
    context.strokeStyle = tints.ground;
    context.strokeText(text, x, y);
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }

  return { resize, draw };
}
