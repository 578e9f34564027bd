"""t-SNE's forces on points in the plane, in numpy alone: neighbours attract each other, all points repel each other.

The repulsion of many points is a convolution, taken by FFT on a grid (Linderman et al. 2019, FIt-SNE; here with bilinear weights), so
that a step costs what the points and the grid cost, not their pairs. Who is near whom is `neighbour_cells.py`'s; where to begin is
`layout.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]  # (n, 2)
Transform = npt.NDArray[np.complexfloating[Any, Any]]

EXACT_UP_TO = 400  # points: all pairs are cheaper than a grid
CELL = 0.5  # the repulsion falls off over a length of 1
CELLS_MAX = 512  # a side; beyond, cells grow
GROWTH = 64  # sides of grids are multiples of it, so that transforms of the kernel are used again
STEP_MAX = 5.0  # how far a point goes at once


@dataclass(frozen=True, slots=True)
class Edges:
    """Who attracts whom, each pair once. The weights of all pairs, both ways, come to 1."""

    one: npt.NDArray[np.int32]
    other: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float32]


def settle(start: Plane, edges: Edges, *, steps: int, exaggeration: float = 1.0, momentum: float = 0.8, gain: float = 1.0) -> Plane:
    """Where the points come to in so many steps. Deterministic. `exaggeration` draws neighbours together; `gain` scales the steps."""
    points = np.array(start, dtype=np.float32)
    velocity = np.zeros_like(points)
    rate = gain * max(len(points) / 12.0, 10.0) / max(exaggeration, 1.0) * 4.0
    repulsion = _Repulsion()
    for _ in range(steps):
        force = exaggeration * _attract(points, edges) + repulsion.act_on(points)
        velocity = momentum * velocity + rate * force
        length = np.sqrt(np.einsum("ij,ij->i", velocity, velocity))
        velocity *= (STEP_MAX / np.maximum(length, STEP_MAX))[:, None]
        points += velocity
        points -= points.mean(axis=0)
    return points


def _attract(points: Plane, edges: Edges) -> Plane:
    apart = points[edges.other] - points[edges.one]
    pull = edges.weight / (1.0 + np.einsum("ij,ij->i", apart, apart))
    count = len(points)
    force = np.empty_like(points)
    for axis in (0, 1):
        along = pull * apart[:, axis]
        force[:, axis] = np.bincount(edges.one, along, count) - np.bincount(edges.other, along, count)
    return force


class _Repulsion:
    """Keeps the kernels' transforms between steps."""

    def __init__(self) -> None:
        self._known: tuple[int, float] | None = None
        self._transforms: list[Transform] = []

    def act_on(self, points: Plane) -> Plane:
        if len(points) <= EXACT_UP_TO:
            return _repel_exactly(points)
        low = points.min(axis=0)
        extent = float((points.max(axis=0) - low).max()) + 1e-3
        wanted = extent / CELL + 3
        side = min(CELLS_MAX, GROWTH * int(np.ceil(wanted / GROWTH)))
        cell = CELL if wanted <= side else extent / (side - 3)
        return self._convolve((points - low) / cell + 1.0, side, cell)

    def _convolve(self, places: Plane, side: int, cell: float) -> Plane:
        """`places` in cells, all within the grid."""
        corners, shares = _share_corners(places, side)
        charge = np.bincount(corners.ravel(), shares.ravel(), side * side).reshape(side, side)
        transform = np.fft.rfft2(charge, s=(2 * side, 2 * side))
        fields = [np.fft.irfft2(transform * kernel, s=(2 * side, 2 * side))[:side, :side].ravel() for kernel in self._kernels(side, cell)]
        closeness, along_x, along_y = (np.einsum("kn,kn->n", field[corners], shares) for field in fields)
        total = max(float(closeness.sum()) - len(places), 1e-9)
        return np.stack([along_x, along_y], axis=1).astype(np.float32) / np.float32(total)

    def _kernels(self, side: int, cell: float) -> list[Transform]:
        if self._known != (side, cell):
            steps = np.fft.fftfreq(2 * side, 1.0 / (2 * side)) * cell
            x, y = np.meshgrid(steps, steps, indexing="ij")
            closeness = 1.0 / (1.0 + x * x + y * y)
            shapes = (closeness, closeness**2 * x, closeness**2 * y)
            self._transforms = [np.fft.rfft2(shape) for shape in shapes]
            self._known = (side, cell)
        return self._transforms


def _share_corners(places: Plane, side: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """(4, n) cells around each point, and how much of it each has."""
    floor = np.floor(places)
    (x, y), (right, up) = floor.astype(np.intp).T, (places - floor).astype(np.float64).T
    corners = np.stack([x * side + y, x * side + y + 1, (x + 1) * side + y, (x + 1) * side + y + 1])
    shares = np.stack([(1 - right) * (1 - up), (1 - right) * up, right * (1 - up), right * up])
    return corners, shares


def _repel_exactly(points: Plane) -> Plane:
    apart = points[:, None, :] - points[None, :, :]
    closeness = 1.0 / (1.0 + np.einsum("ijk,ijk->ij", apart, apart))
    total = max(float(closeness.sum()) - len(points), 1e-9)
    force: Plane = (np.einsum("ij,ijk->ik", closeness**2, apart) / total).astype(np.float32)
    return force
