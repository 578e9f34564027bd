// Paints the points. 100,000 circles are too many for a canvas's own path drawing, so that they are written pixel by pixel: a small mask of
// how much a circle covers, mixed with what is there. As fast without a graphics processor as with one.

const MARGIN = 32; // around the picture, so that no circle needs cutting
const PARTS = 4; // of a pixel, at which circles can stand, each way
const AREA_MAX = 3_200_000; // pixels: beyond, finer ones cost more than they show
const FAINT = 0.14;

export function createPainter(canvas) {
  const context = canvas.getContext("2d", { alpha: false });
  let image = null;
  let pixels = null;
  let ratio = 1;
  const masks = new Map();

  function resize(width, height) {
    ratio = Math.min(window.devicePixelRatio || 1, 2, Math.sqrt(AREA_MAX / Math.max(1, width * height)));
    [canvas.width, canvas.height] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    image = new ImageData(canvas.width + 2 * MARGIN, canvas.height + 2 * MARGIN);
    pixels = new Uint32Array(image.data.buffer);
  }

  // `colours`: by slot, as 0xAABBGGRR; `isLit`: by slot. `rows`: of the grid's cells that are seen, each [first, behind the last] item.
  function paint({ points, grid, rows, slots, colours, isLit, ground, radius, opacity, toPixel }) {
    pixels.fill(ground);
    const hasFaint = isLit.includes(0);
    if (hasFaint) splat({ points, grid, rows, slots, colours, wanted: (slot) => !isLit[slot], radius, opacity: FAINT, toPixel });
    splat({ points, grid, rows, slots, colours, wanted: hasFaint ? (slot) => isLit[slot] : null, radius, opacity, toPixel });
    context.putImageData(image, -MARGIN, -MARGIN);
  }

  function splat({ points, grid, rows, slots, colours, wanted, radius, opacity, toPixel }) {
    const { size, half, parts } = findMasks(Math.round(radius * ratio * 8) / 8, opacity);
    const { xs, ys } = points;
    const { items } = grid;
    const stride = image.width;
    const [scale, left, top] = [toPixel.scale * ratio, toPixel.left * ratio + MARGIN - half, toPixel.top * ratio + MARGIN - half];
    const [right, bottom] = [stride - size, image.height - size];
    for (const [first, end] of rows) {
      for (let place = first; place < end; place += 1) {
        const index = items[place];
        const slot = slots[index];
        if (wanted && !wanted(slot)) continue;
        const x = xs[index] * scale + left;
        const y = ys[index] * scale + top;
        if (x < 0 || y < 0 || x >= right || y >= bottom) continue;
        const [column, row] = [x | 0, y | 0];
        const mask = parts[(((y - row) * PARTS) | 0) * PARTS + (((x - column) * PARTS) | 0)];
        stamp(row * stride + column, mask, size, colours[slot], stride);
      }
    }
  }

  // Red and blue are mixed in one go, green in another: an alpha of 256 is all of the new colour.
  function stamp(start, mask, size, colour, stride) {
    const [redBlue, green] = [colour & 0xff00ff, colour & 0x00ff00];
    let from = 0;
    for (let row = start, last = start + size * stride; row < last; row += stride) {
      for (let at = row; at < row + size; at += 1) {
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

  return { resize, paint };
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
