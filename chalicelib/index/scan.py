"""Exact nearest tracks among some vectors by comparing with every one: of a small index, or of what changed since a large one was built.

The products of all unit vectors with the query come first, in float32, and are cheap; only what they leave is measured to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import Distances, measure_distances, scale_to_unit
from chalicelib.index.scaler import Vectors

Positions = npt.NDArray[np.intp]
TrackIds = npt.NDArray[np.bytes_]

BLUR = 4e-6  # of float32 cosines: more than their rounding, so that none of the nearest is left out for it
SAMPLED = 16  # every so many-th cosine tells how near is near enough to be sorted
COSINES_AT_ONCE = 2_000_000
ROWS_AT_ONCE = 100_000


class Neighbour(msgspec.Struct, frozen=True, order=True):
    distance: float  # angular, 0 to 2
    track_id: str


class Scan:
    """Immutable. Parallel: row i of `vectors` (n, d) is the track of id i."""

    def __init__(self, track_ids: TrackIds, vectors: Vectors) -> None:
        self._track_ids = track_ids
        self._vectors = vectors
        self._units = scale_to_unit_singles(vectors)

    def search_around(self, queries: Sequence[Vectors], k: int, *, excluded: Positions) -> list[list[Neighbour]]:
        """At most `k` for each query, nearest first, equal distances by id."""
        found = []
        for query, cosines in zip(queries, self._compare(queries), strict=True):
            cosines[excluded] = -np.inf
            near = _list_near(cosines, k, has_direction=bool(np.any(query)))
            distances = measure_distances(query, scale_to_unit(self._vectors[near]))
            nearest = rank_rows(distances, self._track_ids[near])[:k]
            found.append(list_neighbours(self._track_ids[near[nearest]], distances[nearest]))
        return found

    def _compare(self, queries: Sequence[Vectors]) -> Iterator[npt.NDArray[np.float32]]:
        """Cosines of each query with all; of some queries at a time, which share the way through memory."""
        at_once = max(1, COSINES_AT_ONCE // max(1, len(self._units)))
        for start in range(0, len(queries), at_once):
            units = scale_to_unit(np.asarray(queries[start : start + at_once])).astype(np.float32)
            yield from units @ self._units.T


def scale_to_unit_singles(vectors: Vectors) -> Vectors:
    """`scale_to_unit` in float32, some rows at a time: a million rows in float64 would be a quarter of a gigabyte."""
    units = np.empty(vectors.shape, dtype=np.float32)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        units[start : start + ROWS_AT_ONCE] = scale_to_unit(vectors[start : start + ROWS_AT_ONCE])
    return units


def _list_near(cosines: npt.NDArray[np.float32], k: int, *, has_direction: bool) -> Positions:
    """Rows that hold the `k` nearest, and few others. All where the query has no direction, which no product tells."""
    rows = None
    if has_direction and len(cosines) > k:
        sample = cosines[::SAMPLED]
        if len(sample) > 2 * k:  # as near as the sample's k-th are at least k of all
            rows = np.flatnonzero(cosines >= _find_bound(sample, k))
        bound = _find_bound(cosines if rows is None else cosines[rows], k)
        rows = np.flatnonzero(cosines >= bound) if rows is None else rows[cosines[rows] >= bound]
    else:
        rows = np.arange(len(cosines))
    return rows[np.isfinite(cosines[rows])]


def _find_bound(cosines: npt.NDArray[np.float32], k: int) -> float:
    return float(np.partition(cosines, len(cosines) - k)[len(cosines) - k]) - BLUR


def rank_rows(distances: Distances, track_ids: TrackIds) -> Positions:
    """By distance; those that are equally far by id."""
    return np.lexsort((track_ids, distances))


def list_neighbours(track_ids: TrackIds, distances: Distances) -> list[Neighbour]:
    return [Neighbour(distance, raw.decode()) for distance, raw in zip(distances.tolist(), track_ids.tolist(), strict=True)]
