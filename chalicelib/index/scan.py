"""Exact nearest tracks among some vectors by comparing with every one: of a small index, or of what changed since a large one was built.

The products of all unit vectors with the query come first, in float32, and are cheap; only what they leave is measured to the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import Distances, measure_between, scale_to_unit
from chalicelib.index.scaler import Vectors

Positions = npt.NDArray[np.intp]
TrackIds = npt.NDArray[np.bytes_]

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
            has_direction = np.any(units != 0.0, axis=1)
            near = []
            products = np.matmul(units.astype(np.float32), self._columns, out=room[: len(units)])
            for asked, cosines in zip(has_direction.tolist(), products, strict=True):
                cosines[excluded] = -np.inf
                near.append(_list_near(cosines, k, has_direction=asked))
            found += self._rank_each(units, near, k)
        return found

    def _rank_each(self, queries: npt.NDArray[np.float64], near: Sequence[Positions], k: int) -> list[Ranked]:
        """Of each query what is near to it, measured to the last digit."""
        counts = [len(rows) for rows in near]
        rows, owners = np.concatenate(near), np.repeat(np.arange(len(near)), counts)
        distances = measure_between(queries[owners], scale_to_unit(self._vectors[rows]))
        order = np.lexsort((distances, owners))
        if np.any((np.diff(distances[order]) == 0) & (np.diff(owners[order]) == 0)):  # ids decide, which cost more to compare
            order = np.lexsort((self._track_ids[rows], distances, owners))
        ends = np.cumsum(counts)
        chosen = [order[end - count : end][:k] for end, count in zip(ends.tolist(), counts, strict=True)]
        return [(rows[each], distances[each]) for each in chosen]


def scale_to_unit_singles(vectors: Vectors) -> Vectors:
    """`scale_to_unit` in float32, some rows at a time: a million rows in float64 would be a quarter of a gigabyte."""
    units = np.empty(vectors.shape, dtype=np.float32)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        units[start : start + ROWS_AT_ONCE] = scale_to_unit(vectors[start : start + ROWS_AT_ONCE])
    return units


def _list_near(cosines: npt.NDArray[np.float32], k: int, *, has_direction: bool) -> Positions:
    """Rows that hold the `k` nearest, and few others. All where the query has no direction, which no product tells."""
    blocks = len(cosines) // BLOCK
    if not has_direction or len(cosines) <= k:
        rows = np.arange(len(cosines))
    elif blocks < 2 * k:
        rows = np.flatnonzero(cosines >= _find_bound(cosines, k))
    else:
        rows = _list_in_blocks(cosines, k, blocks)
    return rows[np.isfinite(cosines[rows])]


def _list_in_blocks(cosines: npt.NDArray[np.float32], k: int, blocks: int) -> Positions:
    """The largest of the blocks are so many different cosines: the k-th of them bounds the k-th of all from below, and only blocks with
    such a one are looked into."""
    whole = blocks * BLOCK
    lines = cosines[:whole].reshape(BLOCK, blocks)  # a block a column
    largest = lines.max(axis=0)
    bound = _find_bound(largest, k)
    near = np.flatnonzero(largest >= bound)
    line, place = np.nonzero(lines[:, near] >= bound)
    return np.concatenate([line * blocks + near[place], whole + np.flatnonzero(cosines[whole:] >= bound)])


def _find_bound(cosines: npt.NDArray[np.float32], k: int) -> float:
    return float(np.partition(cosines, len(cosines) - k)[len(cosines) - k]) - BLUR


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
