// The cover of a song for scripts that make elements themselves: the same that _cover.html writes.

const tones = 12;
const places = [[78, 24], [22, 16], [86, 62], [50, 8]];
const rings = [16, 27, 39, 52, 66].map((r) => `<circle r="${r}"/>`).join("");

export const toneOf = (trackId) => Array.from(trackId).reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % tones;

// `song`: { trackId, title, cover } as in the data- attributes of a song's element. `size` in CSS pixels.
export function makeCover({ trackId, title, cover }, size = 48) {
  return cover ? makeImage(cover, size) : drawCover(trackId, title, size);
}

function makeImage(url, size) {
  const image = new Image(size, size);
  image.className = "cover";
  image.alt = "";
  image.decoding = "async";
  image.src = url;
  return image;
}

function drawCover(trackId, title, size) {
  const tone = toneOf(trackId);
  const [x, y] = places[tone % places.length];
  const drawing = document.createElement("span");
  drawing.className = `cover cover-none tone-${tone}`;
  drawing.setAttribute("aria-hidden", "true");
  drawing.innerHTML = `<svg viewBox="0 0 100 100" width="${size}" height="${size}"><g transform="translate(${x} ${y})">${rings}</g><text x="12" y="88"></text></svg>`;
  drawing.querySelector("text").textContent = title.slice(0, 1).toUpperCase();
  return drawing;
}
