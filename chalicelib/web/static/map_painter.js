// Paints the points. 100,000 circles are too many for a canvas's own path drawing, so that they are written pixel by pixel: a small mask of
// how much a circle covers, mixed with what is there. As fast without a graphics processor as with one. When the picture is only moved, the
// pixels are moved, and just the strips that come into it are painted: the same picture, pixel by pixel, for a small part of the time.

const MARGIN = 32; // around the picture: what comes into it slowly is there already
const PARTS = 4; // of a pixel, at which circles can stand, each way
const AREA_MAX = 3_200_000; // pixels: beyond, finer ones cost more than they show
const FAINT = 0.14;

export function createPainter(canvas) {
  const context = canvas.getContext("2d", { alpha: false });
  let image = null;
  let pixels = null;
  let ratio = 1;
  let painted = null; // where the map's corner lies in the pixels, and its scale; null: nothing is there yet
  const masks = new Map();

  function resize(width, height) {
    ratio = Math.min(window.devicePixelRatio || 1, 2, Math.sqrt(AREA_MAX / Math.max(1, width * height)));
    [canvas.width, canvas.height] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    image = new ImageData(canvas.width + 2 * MARGIN, canvas.height + 2 * MARGIN);
    pixels = new Uint32Array(image.data.buffer);
    painted = null;
  }

  // `look`: `colours` by slot, as 0xAABBGGRR, `isLit` by slot, `listRows(left, top, right, bottom)` (CSS pixels): the runs of the grid's
  // items that may lie there, each [first, behind the last]. `isWhole`: something else than the place has changed.
  function paint(look, { isWhole }) {
    const { scale, left, top } = look.toPixel;
    const wanted = { scale: scale * ratio, left: left * ratio + MARGIN, top: top * ratio + MARGIN };
    const [right, down] = isWhole || painted?.scale !== wanted.scale ? [Infinity, Infinity] : [Math.round(wanted.left - painted.left), Math.round(wanted.top - painted.top)];
    if (Math.abs(right) < image.width / 2 && Math.abs(down) < image.height / 2) move(look, right, down);
    else {
      painted = wanted;
      fill(look, { left: 0, top: 0, right: image.width, bottom: image.height });
    }
    context.putImageData(image, -MARGIN, -MARGIN);
  }

  function move(look, right, down) {
    const { width, height } = image;
    painted = { ...painted, left: painted.left + right, top: painted.top + down };
    const by = down * width + right;
    if (by > 0) pixels.copyWithin(by, 0, pixels.length - by);
    else if (by < 0) pixels.copyWithin(0, -by);
    const aside = right > 0 ? { left: 0, right } : { left: width + right, right: width };
    const above = down > 0 ? { top: 0, bottom: down } : { top: height + down, bottom: height };
    if (right) fill(look, { ...aside, top: 0, bottom: height });
    if (down) fill(look, { left: Math.max(0, right), right: Math.min(width, width + right), ...above });
  }

  // All of the box anew, and nothing beside it.
  function fill(look, box) {
    for (let row = box.top; row < box.bottom; row += 1) pixels.fill(look.ground, row * image.width + box.left, row * image.width + box.right);
    const reach = look.radius + 2;
    const inCss = (at) => (at - MARGIN) / ratio;
    const rows = look.listRows(inCss(box.left) - reach, inCss(box.top) - reach, inCss(box.right) + reach, inCss(box.bottom) + reach);
    const hasFaint = look.isLit.includes(0);
    if (hasFaint) splat(look, { rows, box, opacity: FAINT, wanted: (slot) => !look.isLit[slot] });
    splat(look, { rows, box, opacity: look.opacity, wanted: hasFaint ? (slot) => look.isLit[slot] : null });
  }

  function splat({ points, grid, slots, colours, radius }, { rows, box, opacity, wanted }) {
    const { size, half, parts } = findMasks(Math.round(radius * ratio * 8) / 8, opacity);
    const { xs, ys } = points;
    const { items } = grid;
    const { scale } = painted;
    const [left, top] = [painted.left - half, painted.top - half];
    const [farLeft, farTop] = [box.left - size, box.top - size];
    for (const [first, end] of rows) {
      for (let place = first; place < end; place += 1) {
        const index = items[place];
        const slot = slots[index];
        if (wanted && !wanted(slot)) continue;
        const x = xs[index] * scale + left;
        const y = ys[index] * scale + top;
        if (x <= farLeft || y <= farTop || x >= box.right || y >= box.bottom) continue;
        const [column, row] = [Math.floor(x), Math.floor(y)];
        stamp(column, row, parts[(((y - row) * PARTS) | 0) * PARTS + (((x - column) * PARTS) | 0)], size, colours[slot], box);
      }
    }
  }

  // Red and blue are mixed in one go, green in another: an alpha of 256 is all of the new colour.
  function stamp(column, row, mask, size, colour, box) {
    const [redBlue, green] = [colour & 0xff00ff, colour & 0x00ff00];
    const stride = image.width;
    const [first, last] = [Math.max(column, box.left), Math.min(column + size, box.right)];
    const bottom = Math.min(row + size, box.bottom);
    for (let y = Math.max(row, box.top); y < bottom; y += 1) {
      let from = (y - row) * size + first - column;
      for (let at = y * stride + first, end = y * stride + last; at < end; at += 1) {
        const alpha = mask[from];
        from += 1;
        if (alpha === 0) continue;
        const there = pixels[at];
        const thereRedBlue = there & 0xff00ff;
        const thereGreen = there & 0x00ff00;
        const mixedRedBlue = (thereRedBlue + (Math.imul(redBlue - thereRedBlue, alpha) >> 8)) & 0xff00ff;
        const mixedGreen = (thereGreen + (Math.imul(green - thereGreen, alpha) >> 8)) & 0x00ff00;
        pixels[at] = 0xff000000 | mixedRedBlue | mixedGreen;
      }
    }
  }

  function findMasks(radius, opacity) {
    const key = `${radius}/${opacity}`;
    if (!masks.has(key)) {
      if (masks.size > 64) masks.clear();
      masks.set(key, makeMasks(radius, opacity));
    }
    return masks.get(key);
  }

  return { resize, paint, readPixels: () => pixels.slice() };
}

function makeMasks(radius, opacity) {
  const half = Math.ceil(radius + 1);
  const size = 2 * half + 1;
  const parts = [];
  for (let part = 0; part < PARTS * PARTS; part += 1) {
    const [right, down] = [((part % PARTS) + 0.5) / PARTS, (Math.floor(part / PARTS) + 0.5) / PARTS];
    const mask = new Uint16Array(size * size);
    for (let place = 0; place < mask.length; place += 1) {
      const [x, y] = [(place % size) + 0.5 - half - right, Math.floor(place / size) + 0.5 - half - down];
      mask[place] = Math.round(256 * opacity * Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(x, y))));
    }
    parts.push(mask);
  }
  return { size, half, parts };
}
