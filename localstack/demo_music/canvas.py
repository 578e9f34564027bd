"""A square canvas: gradients, discs, rings, hills and polygons as soft-edged masks, blended in linear order. Knows no style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
AnyField = Field | npt.NDArray[np.float64]
SIZE = 500
_EDGE = 2.0 / SIZE  # one pixel: what smooths the edges


def read_colour(code: str) -> npt.NDArray[np.float32]:
    """`#rrggbb` to three numbers from 0 to 1."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], dtype=np.float32)


def _span(positions: Sequence[float]) -> slice:
    """The pixels between the least and the greatest coordinate, a little more on both sides."""
    low, high = (int((edge + 1) / _EDGE) for edge in (min(positions), max(positions)))
    return slice(min(SIZE, max(0, low - 2)), min(SIZE, max(0, high + 3)))


class Canvas:
    """Coordinates run from -1 to 1, `x` to the right and `y` down."""

    def __init__(self) -> None:
        axis = (np.arange(SIZE, dtype=np.float32) + 0.5) * _EDGE - 1
        self.x: Field = np.broadcast_to(axis[None, :], (SIZE, SIZE))
        self.y: Field = np.broadcast_to(axis[:, None], (SIZE, SIZE))
        self.pixels = np.zeros((SIZE, SIZE, 3), dtype=np.float32)

    def fill_gradient(self, colours: Sequence[str], along: AnyField) -> None:
        """Colours spread evenly over a field from 0 to 1."""
        self.pixels[:] = self.ramp(colours, along)

    def ramp(self, colours: Sequence[str], along: AnyField) -> Field:
        stops = np.linspace(0, 1, len(colours))
        table = np.stack([read_colour(colour) for colour in colours])
        return np.stack([np.interp(along, stops, table[:, channel]) for channel in range(3)], axis=-1).astype(np.float32)

    def paint(self, mask: Field, colour: str | Field, opacity: float = 1.0) -> None:
        """Lays a colour, or a field of colours, over the picture where the mask is."""
        over = read_colour(colour) if isinstance(colour, str) else colour
        alpha = (mask * np.float32(opacity))[:, :, None]
        self.pixels += (over - self.pixels) * alpha

    def inside(self, distance: AnyField) -> Field:
        """1 where the distance is negative, with an edge one pixel soft."""
        covered: Field = np.clip(0.5 - distance / _EDGE, 0, 1).astype(np.float32, copy=False)
        return covered

    def distance_from(self, cx: float, cy: float) -> Field:
        distance: Field = np.hypot(self.x - np.float32(cx), self.y - np.float32(cy))
        return distance

    def disc(self, cx: float, cy: float, radius: float) -> Field:
        return self.inside(self.distance_from(cx, cy) - radius)

    def ring(self, cx: float, cy: float, radius: float, width: float) -> Field:
        return self.inside(np.abs(self.distance_from(cx, cy) - radius) - width / 2)

    def glow(self, cx: float, cy: float, radius: float) -> Field:
        light: Field = np.exp(-((self.distance_from(cx, cy) / radius) ** 2))
        return light

    def below(self, height: Field) -> Field:
        """The land under a skyline."""
        return self.inside(height - self.y)

    def paint_polygon(self, corners: Sequence[tuple[float, float]], colour: str, opacity: float = 1.0) -> None:
        """A convex polygon, corners clockwise on the screen; touches its own corner of the canvas only."""
        rows, columns = (_span([corner[axis] for corner in corners]) for axis in (1, 0))
        x, y = self.x[rows, columns], self.y[rows, columns]
        distance = np.full(x.shape, -9.0, dtype=np.float32)
        for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
            length = float(np.hypot(bx - ax, by - ay)) or 1.0
            distance = np.maximum(distance, ((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / length)
        alpha = (self.inside(distance) * np.float32(opacity))[:, :, None]
        self.pixels[rows, columns] += (read_colour(colour) - self.pixels[rows, columns]) * alpha

    def paint_dot(self, cx: float, cy: float, radius: float, colour: str, opacity: float = 1.0) -> None:
        """A disc that touches its own corner of the canvas only."""
        rows, columns = (_span([centre - radius, centre + radius]) for centre in (cy, cx))
        distance = np.hypot(self.x[rows, columns] - np.float32(cx), self.y[rows, columns] - np.float32(cy)) - radius
        alpha = (self.inside(distance) * np.float32(opacity))[:, :, None]
        self.pixels[rows, columns] += (read_colour(colour) - self.pixels[rows, columns]) * alpha

    def finish(self, vignette: float = 0.18) -> npt.NDArray[np.uint8]:
        """To bytes, the corners a little darker."""
        shade = 1 - vignette * np.clip((self.x**2 + self.y**2) / 2, 0, 1) ** 1.5
        return np.round(np.clip(self.pixels * shade[:, :, None], 0, 1) * 255).astype(np.uint8)
