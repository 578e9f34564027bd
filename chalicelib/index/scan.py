"""Exact nearest tracks among some vectors by comparing with every one: of a small index, or of what changed since a large one was built.

The products of all unit vectors with the query come first, in float32, and are cheap; only what they leave is measured to the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import Distances, measure_between, scale_to_unit
from chalicelib.index.scaler import Vectors

Positions = npt.NDArray[np.intp]
TrackIds = npt.NDArray[np.bytes_]
Cosines = npt.NDArray[np.float32]

Ranked = tuple[Positions, Distances]  # nearest first, equal distances by id

BLUR = 4e-6  # of float32 cosines: more than their rounding, so that none of the nearest is left out for it
BLOCK = 32  # cosines: the largest of each block tell how near is near enough to be sorted
COSINES_AT_ONCE = 6_400_000
NO_POSITIONS: Positions = np.empty(0, dtype=np.intp)
ROWS_AT_ONCE = 100_000


class Neighbour(msgspec.Struct, frozen=True, order=True):
    distance: float  # angular, 0 to 2
    track_id: str


class Scan:
    """Immutable. Parallel: row i of `vectors` (n, d) is the track of id i."""

    def __init__(self, track_ids: TrackIds, vectors: Vectors) -> None:
        self._track_ids = track_ids
        self._vectors = vectors
        self._columns = np.ascontiguousarray(scale_to_unit_singles(vectors).T)  # of the units: as the product wants them

    def search_around(self, queries: Sequence[Vectors], k: int, *, excluded: Positions) -> list[list[Neighbour]]:
        """At most `k` for each query, nearest first, equal distances by id."""
        ranked = self.rank_around(queries, k, excluded=excluded)
        return [list_neighbours(self._track_ids[rows], distances) for rows, distances in ranked]

    def rank_around(self, queries: Sequence[Vectors] | Vectors, k: int, *, excluded: Positions = NO_POSITIONS) -> list[Ranked]:
        """`search_around` without names. Some queries at a time, which share the way through memory."""
        at_once = max(1, COSINES_AT_ONCE // max(1, self._columns.shape[1]))
        found: list[Ranked] = []
        room = np.empty((min(at_once, len(queries)), self._columns.shape[1]), dtype=np.float32)  # one for all: the same memory each time
        for start in range(0, len(queries), at_once):
            units = scale_to_unit(np.asarray(queries[start : start + at_once]))
            cosines = np.matmul(units.astype(np.float32), self._columns, out=room[: len(units)])
            cosines[:, excluded] = -np.inf
            found += self._rank_each(units, *_list_near(cosines, k, np.any(units != 0.0, axis=1)), k)
        return found

    def _rank_each(self, queries: npt.NDArray[np.float64], owners: Positions, rows: Positions, k: int) -> list[Ranked]:
        """Of each query what is near to it, measured to the last digit. Parallel: a row, and the query that it is near to."""
        distances = measure_between(queries[owners], scale_to_unit(self._vectors[rows]))
        order = np.lexsort((distances, owners))
        if np.any((np.diff(distances[order]) == 0) & (np.diff(owners[order]) == 0)):  # ids decide, which cost more to compare
            order = np.lexsort((self._track_ids[rows], distances, owners))
        starts = np.searchsorted(owners[order], np.arange(len(queries) + 1)).tolist()
        chosen = [order[start:end][:k] for start, end in pairwise(starts)]
        return [(rows[each], distances[each]) for each in chosen]


def scale_to_unit_singles(vectors: Vectors) -> Vectors:
    """`scale_to_unit` in float32, some rows at a time: a million rows in float64 would be a quarter of a gigabyte."""
    units = np.empty(vectors.shape, dtype=np.float32)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        units[start : start + ROWS_AT_ONCE] = scale_to_unit(vectors[start : start + ROWS_AT_ONCE])
    return units


def _list_near(cosines: Cosines, k: int, has_direction: npt.NDArray[np.bool_]) -> tuple[Positions, Positions]:
    """Queries and rows (q, n) of the `k` nearest of each, and of few others. Of a query without direction all, which no product tells."""
    blocks = cosines.shape[1] // BLOCK
    if blocks < 2 * k:
        bounds = _find_bounds(cosines, k, has_direction)
        owners, rows = _find_pairs(cosines >= bounds)
    else:
        owners, rows = _list_in_blocks(cosines, k, has_direction, blocks)
    is_allowed = np.isfinite(cosines[owners, rows])
    return owners[is_allowed], rows[is_allowed]


def _list_in_blocks(cosines: Cosines, k: int, has_direction: npt.NDArray[np.bool_], blocks: int) -> tuple[Positions, Positions]:
    """The largest of the blocks are so many different cosines: the k-th of them bounds the k-th of all from below, and only blocks with
    such a one are looked into."""
    whole = blocks * BLOCK
    lines = cosines[:, :whole].reshape(len(cosines), BLOCK, blocks)  # a block a column
    largest = lines.max(axis=1)
    bounds = _find_bounds(largest, k, has_direction)
    askers, near = _find_pairs(largest >= bounds)
    pairs, line = _find_pairs(lines[askers, :, near] >= bounds[askers])
    late_askers, late = _find_pairs(cosines[:, whole:] >= bounds)
    return np.concatenate([askers[pairs], late_askers]), np.concatenate([line * blocks + near[pairs], whole + late])


def _find_bounds(cosines: Cosines, k: int, has_direction: npt.NDArray[np.bool_]) -> Cosines:
    """(q, 1) from which on one is near enough."""
    count = cosines.shape[1]
    if count <= k:
        return np.full((len(cosines), 1), -np.inf, dtype=np.float32)
    bounds: Cosines = np.partition(cosines, count - k, axis=1)[:, count - k, np.newaxis] - np.float32(BLUR)
    bounds[~has_direction] = -np.inf
    return bounds


def _find_pairs(is_there: npt.NDArray[np.bool_]) -> tuple[Positions, Positions]:
    """`np.nonzero`, which takes ten times as long."""
    lines, places = np.divmod(np.flatnonzero(is_there), max(1, is_there.shape[1]))
    return lines, places


def list_once(places: Sequence[Positions]) -> Positions:
    """All of them, rising. By sorting: `np.unique` takes ten times as long for some hundreds."""
    ordered = np.sort(np.concatenate([NO_POSITIONS, *places]))
    is_first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return ordered[is_first]


def rank_rows(distances: Distances, track_ids: TrackIds) -> Positions:
    """By distance; those that are equally far by id."""
    return np.lexsort((track_ids, distances))


def list_neighbours(track_ids: TrackIds, distances: Distances) -> list[Neighbour]:
    return [Neighbour(distance, raw.decode()) for distance, raw in zip(distances.tolist(), track_ids.tolist(), strict=True)]
