"""Cover art, one design a style and one palette an album, drawn from the seed: the same album always has the same cover."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from localstack.demo_music.canvas import Canvas, Field
from localstack.demo_music.png import encode_png

Palette = Sequence[str]

PALETTES: dict[str, tuple[tuple[str, ...], ...]] = {
    "lofi": (
        ("#2b2140", "#7a4069", "#ee8572", "#ffd8a8", "#1d1630"),
        ("#1c2b4a", "#46628f", "#e5a4a0", "#fbe3c5", "#14203a"),
        ("#2f2a3d", "#8c5a4f", "#f2b05e", "#ffe9b8", "#221c2b"),
    ),
    "techno": (
        ("#0b0c10", "#17191f", "#ff3d2e", "#f3efe6"),
        ("#0a0d12", "#131a22", "#22e6c9", "#eef6f5"),
        ("#0d0a12", "#1a1424", "#b36bff", "#f4effa"),
    ),
    "bossa": (
        ("#f3ead7", "#14746f", "#f2a541", "#e4572e", "#173f3f"),
        ("#fbeee0", "#2a6f97", "#f6bd60", "#f28482", "#1d3557"),
        ("#eef0e2", "#3a7d44", "#f4d35e", "#ee964b", "#22333b"),
    ),
    "chamber": (
        ("#f1ebe0", "#5b3a49", "#a8577e", "#d9b8a5", "#2e1f2b"),
        ("#eef0ea", "#2f4858", "#6f9283", "#d3c8a4", "#1b2a33"),
        ("#f6efe6", "#6b4226", "#b5835a", "#e3c9a0", "#352013"),
    ),
    "funk": (
        ("#3a1f1a", "#c8402f", "#ee8434", "#f6c667", "#f7ead0"),
        ("#1f2a44", "#d1495b", "#edae49", "#30a39a", "#f8efd8"),
        ("#33202e", "#8f2d56", "#f07b3f", "#ffd460", "#fdf1d6"),
    ),
    "drum_and_bass": (
        ("#0a1a2b", "#12476b", "#26a6b5", "#d8f26a", "#f5fbef"),
        ("#150f2a", "#43286f", "#e0417b", "#ff9a5c", "#fff3e2"),
        ("#101b19", "#1d4d45", "#f2a03d", "#ffd98a", "#fff8ea"),
    ),
    "ambient": (("#0f2233", "#21506b", "#6fa8b5", "#d9e6e2", "#f4d9c6"), ("#151a33", "#344a86", "#8f9fd0", "#e6d5e8", "#f9ecdf")),
    "chiptune": (
        ("#1a1c2c", "#29366f", "#3b5dc9", "#41a6f6", "#ffcd75", "#ef7d57"),
        ("#1f1d36", "#3f3351", "#864879", "#e9a6a6", "#f7e58b", "#7fd1ae"),
    ),
}


@lru_cache(maxsize=64)
def paint_cover(style: str, album_index: int, seed: int) -> bytes:
    """The cover of an album as a PNG of 500 by 500."""
    rng = np.random.default_rng([seed, zlib.crc32(f"{style}/{album_index}".encode())])
    canvas = Canvas()
    _DESIGNS[style](canvas, PALETTES[style][album_index % len(PALETTES[style])], rng)
    return encode_png(canvas.finish())


def _wander(x: Field, rng: np.random.Generator, roughness: float = 0.5, octaves: int = 4) -> Field:
    """A smooth random line over `x`, about -1 to 1."""
    out = np.zeros_like(x)
    for k in range(octaves):
        out = out + roughness**k * np.sin(x * (1.7 * 1.9**k) * rng.uniform(0.8, 1.2) + rng.uniform(0, 6.3))
    return (out / 1.6).astype(np.float32)


def _paint_dusk(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Lo-fi: a low sun cut by stripes of haze, hills before it, early stars."""
    night, plum, rose, cream, ink = palette
    canvas.fill_gradient([night, plum, rose, cream], (canvas.y + 1) / 1.75)
    for _ in range(46):
        sx, sy = rng.uniform(-1, 1), rng.uniform(-1, -0.15)
        canvas.paint_dot(sx, sy, rng.uniform(0.003, 0.008), cream, float(rng.uniform(0.25, 0.9) * (0.2 - sy)))
    cx, cy, radius = rng.uniform(-0.35, 0.35), rng.uniform(-0.08, 0.08), rng.uniform(0.44, 0.54)
    canvas.paint(canvas.glow(cx, cy, radius * 1.7), cream, 0.3)
    stripes = canvas.inside(np.sin((canvas.y - cy) * 46) - 0.15 - 2.2 * (canvas.y - cy) / radius * -1 - 0.9)
    sun = canvas.disc(cx, cy, radius) * np.maximum(1 - stripes, canvas.inside(canvas.y - cy))
    canvas.paint(sun, canvas.ramp([cream, "#ffb27a", rose], np.clip((canvas.y - cy + radius) / (2 * radius), 0, 1)))
    for depth in range(4):
        height = 0.34 + 0.17 * depth + 0.14 * (1 - 0.15 * depth) * _wander(canvas.x * (0.8 + 0.4 * depth), rng)
        tone = canvas.ramp([rose, plum, ink], np.full_like(canvas.x, 0.3 + 0.23 * depth))
        canvas.paint(canvas.below(height), tone)


def _paint_rings(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Techno: two families of thin rings whose moiré is the picture, one disc of signal colour."""
    black, coal, signal, white = palette
    canvas.fill_gradient([coal, black], (canvas.y + 1) / 2)
    angle = rng.uniform(0, 6.28)
    cx, cy = 0.22 * np.cos(angle), 0.22 * np.sin(angle)
    spacing = rng.uniform(0.068, 0.084)
    lines = []
    for sx, sy in ((cx, cy), (-cx, -cy)):
        from_centre = canvas.distance_from(sx, sy)
        stripe = canvas.inside((np.abs((from_centre / spacing) % 1 - 0.5) - 0.19) * spacing)
        lines.append(stripe * canvas.inside(from_centre - 0.74))
    both = np.abs(lines[0] - lines[1])
    canvas.paint(both, white, 0.92)
    canvas.paint(canvas.disc(cx, cy, 0.2), black)
    canvas.paint(canvas.disc(cx, cy, 0.165), signal)
    canvas.paint(canvas.inside(np.abs(canvas.y - 0.9) - 0.006) * canvas.inside(np.abs(canvas.x) - 0.84), white, 0.7)
    for tick in range(int(rng.integers(5, 9))):
        canvas.paint(canvas.inside(np.maximum(np.abs(canvas.x + 0.82 - 0.075 * tick) - 0.02, np.abs(canvas.y + 0.87) - 0.02)), signal, 0.9)


def _paint_promenade(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Bossa nova: the waves of a tiled promenade, a sun over the bay, a sail."""
    paper, sea, sun, coral, ink = palette
    canvas.fill_gradient([paper, paper, sun], (canvas.y + 1.2) / 2.6)
    cx = float(rng.choice([-1, 1]) * rng.uniform(0.2, 0.5))
    peak, shoulder = rng.uniform(0.35, 0.62), float(rng.uniform(0.3, 0.55) * np.sign(cx))
    canvas.paint(canvas.disc(cx, -0.32, 0.38), sun)
    canvas.paint(canvas.disc(cx, -0.32, 0.29), coral)
    mountain = 0.05 - peak * np.exp(-(((canvas.x + cx) / 0.25) ** 2)) - 0.22 * np.exp(-(((canvas.x + cx + shoulder) / 0.38) ** 2))
    canvas.paint(canvas.below(mountain), ink)
    canvas.paint(canvas.below(np.full_like(canvas.x, 0.05)), sea)
    sail = rng.uniform(-0.1, 0.2) + cx * 0.6
    canvas.paint_polygon([(sail, -0.14), (sail + 0.13, 0.1), (sail, 0.1)], paper)
    canvas.paint_polygon([(sail - 0.03, 0.12), (sail + 0.15, 0.12), (sail + 0.11, 0.16), (sail + 0.01, 0.16)], ink)
    canvas.paint(canvas.below(np.full_like(canvas.x, 0.27)), paper)
    phase = rng.uniform(0, 6.28)
    wave = (canvas.y - 0.27) / 0.18 + 0.36 * np.sin(canvas.x * 7.5 + phase)
    tiles = canvas.inside((np.abs(wave % 2 - 1) - 0.5) * 0.16)
    canvas.paint(tiles * canvas.below(np.full_like(canvas.x, 0.27)), ink)


def _paint_rose(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Chamber waltz: a flower of turning ellipses, fine as strings, on paper."""
    paper, wine, rose, sand, ink = palette
    canvas.fill_gradient([paper, sand], np.clip(canvas.distance_from(0, 0) / 2.2, 0, 1))
    petals, turn = int(rng.integers(7, 15)), rng.uniform(0, 6.28)
    for layer, (size, colour) in enumerate(((0.76, sand), (0.6, rose), (0.44, wine), (0.27, ink))):
        clear, untouched = np.ones_like(canvas.x), np.ones_like(canvas.x)
        for k in range(petals):
            angle = turn + layer * np.pi / petals + 2 * np.pi * k / petals
            u = canvas.x * np.float32(np.cos(angle)) + canvas.y * np.float32(np.sin(angle))
            v = canvas.y * np.float32(np.cos(angle)) - canvas.x * np.float32(np.sin(angle))
            shape = np.sqrt(((u - size * 0.5) / (size * 0.5)) ** 2 + (v / (size * 0.19)) ** 2) - 1
            clear *= 1 - np.float32(0.4) * canvas.inside(shape * size * 0.19)
            untouched *= 1 - np.float32(0.4) * canvas.inside((np.abs(shape) - 0.02) * size * 0.19)
        canvas.paint(1 - clear, colour)
        canvas.paint(1 - untouched, ink)
    canvas.paint(canvas.disc(0, 0, 0.075), paper)
    canvas.paint(canvas.ring(0, 0, 0.075, 0.012), ink)
    for k in range(5):
        canvas.paint(canvas.ring(0, 0, 0.84 + 0.022 * k, 0.004), wine, 0.75)


def _paint_sunburst(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Funk: a rainbow of broad bands that runs in, turns, and leaves again, as on the side of a van."""
    brown, *bands, cream = palette
    canvas.fill_gradient([cream, cream], (canvas.y + 1) / 2)
    cx, cy = rng.uniform(-0.25, 0.1), rng.uniform(-0.05, 0.2)
    angle = np.arctan2(canvas.y - cy, canvas.x - cx)
    rays = canvas.inside(np.sin(angle * 14 + rng.uniform(0, 6.28)) * canvas.distance_from(cx, cy) / 14)
    canvas.paint(rays, bands[-1], 0.4)
    width, order = 0.135, [brown, *bands]
    for k, colour in enumerate(reversed(order)):
        outer = 0.28 + width * (len(order) - k)
        across = np.where(canvas.y > cy, np.abs(canvas.x - cx), canvas.distance_from(cx, cy))
        canvas.paint(canvas.inside(across - outer), colour)
    across = np.where(canvas.y > cy, np.abs(canvas.x - cx), canvas.distance_from(cx, cy))
    canvas.paint(canvas.inside(across - 0.28), cream)
    canvas.paint(canvas.disc(cx, cy - 0.0, 0.17), bands[0])


def _paint_shards(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Drum and bass: shards of light that rush out of one point."""
    deep, blue, bright, spark, white = palette
    cx, cy = rng.uniform(-0.3, 0.3), rng.uniform(-0.25, 0.25)
    canvas.fill_gradient([blue, deep], np.clip(canvas.distance_from(cx, cy) / 1.3, 0, 1))
    colours = [blue, bright, bright, spark, white, deep]
    angle = rng.uniform(0, 6.28)
    for _ in range(44):
        angle += rng.uniform(0.06, 0.5)
        near, far, spread = rng.uniform(0.1, 0.55), rng.uniform(0.5, 1.7), rng.uniform(0.02, 0.13)
        tip = (cx + near * np.cos(angle), cy + near * np.sin(angle))
        ends = [(cx + far * np.cos(angle + s), cy + far * np.sin(angle + s)) for s in (-spread, spread)]
        canvas.paint_polygon([tip, *ends], colours[int(rng.integers(len(colours)))], float(rng.uniform(0.25, 0.85)))
    canvas.paint(canvas.glow(cx, cy, 0.3), white, 0.85)
    canvas.paint(canvas.disc(cx, cy, 0.07), white)


def _paint_aurora(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Ambient: veils of light over still water, and their reflection."""
    deep, blue, mist, pale, warm = palette
    horizon = np.float32(0.38)
    mirrored = np.where(canvas.y < horizon, canvas.y, 2 * horizon - canvas.y)
    canvas.fill_gradient([deep, deep, blue, mist, warm], (mirrored + 1) / 1.38)
    for k in range(6):
        centre = -0.75 + 0.17 * k + 0.16 * _wander(canvas.x * rng.uniform(0.6, 1.3), rng, octaves=3)
        above = np.clip(mirrored - centre, -1, 2)
        veil = np.exp(-((above / 0.33) ** 2)) * np.where(above < 0, np.exp(-((above / 0.035) ** 2)), 1.0)
        canvas.paint(veil.astype(np.float32), (pale, mist, warm)[k % 3], 0.3)
    mx = rng.uniform(-0.5, 0.5)
    moon = np.hypot(canvas.x - mx, mirrored + 0.42)
    canvas.paint(np.exp(-((moon / 0.3) ** 2)), warm, 0.45)
    canvas.paint(canvas.inside(moon - 0.13), pale)
    canvas.paint(canvas.inside(np.abs(canvas.y - horizon) - 0.004), pale, 0.7)
    depth = np.maximum(canvas.y - horizon, 0)
    canvas.paint(canvas.inside(-depth) * (0.5 + 0.5 * np.sin(depth**0.7 * 55)), deep, 0.34)


def _paint_pixels(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Chiptune: a creature of a few pixels, symmetric as all of them, over a blocky night."""
    night, dusk, blue, light, yellow, orange = palette
    cells = 25
    column, row = (((axis + 1) / 2 * cells).astype(int) for axis in (canvas.x, canvas.y))
    canvas.fill_gradient([night, night, dusk, blue], (row / (cells - 1)).astype(np.float32))
    stars = rng.random((cells, cells)) < 0.05
    canvas.paint(stars[row, column].astype(np.float32), light, 0.5)
    roofs = rng.integers(cells - 6, cells - 2, cells)
    canvas.paint((row >= roofs[column]).astype(np.float32), night)
    windows = rng.random((cells, cells)) < 0.2
    canvas.paint((windows[row, column] & (row > roofs[column])).astype(np.float32), yellow, 0.8)
    half = rng.random((11, 6)) < 0.55
    half[3:8, 3:] = True
    half[[0, -1]] &= rng.random((2, 6)) < 0.5
    sprite = np.concatenate([half, half[:, -2::-1]], axis=1)
    sprite[4, [3, 7]] = False
    top, first = 5, (cells - 11) // 2
    inside = (row >= top) & (row < top + 11) & (column >= first) & (column < first + 11)
    hit = inside & sprite[np.clip(row - top, 0, 10), np.clip(column - first, 0, 10)]
    canvas.paint(hit.astype(np.float32), canvas.ramp([yellow, orange], np.clip((row - top) / 10, 0, 1).astype(np.float32)))
    eyes = (row == top + 4) & ((column == first + 3) | (column == first + 7))
    canvas.paint(eyes.astype(np.float32), night)


_DESIGNS: dict[str, Callable[[Canvas, Palette, np.random.Generator], None]] = {
    "lofi": _paint_dusk,
    "techno": _paint_rings,
    "bossa": _paint_promenade,
    "chamber": _paint_rose,
    "funk": _paint_sunburst,
    "drum_and_bass": _paint_shards,
    "ambient": _paint_aurora,
    "chiptune": _paint_pixels,
}
