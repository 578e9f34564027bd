"""Who is near whom, well enough for a picture: songs fall into the cells of landmarks, and neighbours are looked for in the nearest cells.

Much faster for all songs at once than a search for each of them, and it misses some: search itself is `search.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Units = npt.NDArray[np.float32]  # (n, d), rows of length 1 or 0
Rows = npt.NDArray[np.int32]

CELLS_SEARCHED = 10
COMPARED_AT_ONCE = 16_000_000  # pairs: some 250 MB while the nearest are picked


@dataclass(frozen=True, slots=True)
class Nearest:
    rows: Rows  # (n, k), nearest first
    distances: npt.NDArray[np.float32]  # (n, k), Euclidean between units


def find_nearest(queries: Units, units: Units, count: int) -> Nearest:
    """The `count` rows of `units` nearest to each query, by comparing with all."""
    rows = np.empty((len(queries), count), dtype=np.int32)
    distances = np.empty((len(queries), count), dtype=np.float32)
    at_once = max(1, COMPARED_AT_ONCE // len(units))
    for start in range(0, len(queries), at_once):
        part = slice(start, start + at_once)
        rows[part], distances[part] = _pick(queries[part] @ units.T, count)
    return Nearest(rows, distances)


def find_neighbours(units: Units, count: int) -> Nearest:
    """`count` others of each row, exactly. `count` < n."""
    found = find_nearest(units, units, count + 1)
    return _leave_out_self(found, np.arange(len(units)), count)


def find_neighbours_by_cells(units: Units, landmarks: Rows, nearest_landmark: Rows, count: int) -> Nearest:
    """`count` others of each row, looked for in the cells around its own. `nearest_landmark` says for each row which of the landmarks
    is nearest to it."""
    order = np.argsort(nearest_landmark, kind="stable")
    bounds = np.searchsorted(nearest_landmark[order], np.arange(len(landmarks) + 1))
    around = find_nearest(units[landmarks], units[landmarks], min(CELLS_SEARCHED, len(landmarks))).rows
    rows = np.empty((len(units), count), dtype=np.int32)
    distances = np.empty((len(units), count), dtype=np.float32)
    for cell in range(len(landmarks)):
        members = order[bounds[cell] : bounds[cell + 1]]
        candidates = np.concatenate([order[bounds[near] : bounds[near + 1]] for near in around[cell]])
        if len(candidates) <= count:  # hardly ever: the cells around are empty but for a few
            candidates = order[_widen(int(bounds[cell]), count + 1, len(order))]
        at_once = max(1, COMPARED_AT_ONCE // len(candidates))
        for start in range(0, len(members), at_once):
            part = members[start : start + at_once]
            places, apart = _pick(units[part] @ units[candidates].T, count + 1)
            found = _leave_out_self(Nearest(candidates[places].astype(np.int32), apart), part, count)
            rows[part], distances[part] = found.rows, found.distances
    return Nearest(rows, distances)


def _pick(likeness: npt.NDArray[np.float32], count: int) -> tuple[Rows, npt.NDArray[np.float32]]:
    width = likeness.shape[1]
    picked = (
        np.argpartition(likeness, width - count, axis=1)[:, width - count :]
        if count < width
        else np.tile(np.arange(width), (len(likeness), 1))
    )
    values = np.take_along_axis(likeness, picked, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    distances = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * np.take_along_axis(values, order, axis=1)))
    return np.take_along_axis(picked, order, axis=1).astype(np.int32), distances.astype(np.float32)


def _leave_out_self(found: Nearest, own: npt.NDArray[Any], count: int) -> Nearest:
    """Drops the row itself, or the farthest where more than `count` are as near as it is."""
    is_self = found.rows == own[:, None]
    is_self[~is_self.any(axis=1), -1] = True
    keep = ~is_self
    shape = (len(own), count)
    return Nearest(found.rows[keep].reshape(shape), found.distances[keep].reshape(shape))


def _widen(start: int, count: int, total: int) -> slice:
    begin = max(0, min(start, total - count))
    return slice(begin, begin + count)
