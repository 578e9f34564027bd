"""Exact nearest tracks among some vectors by comparing with every one: of a small index, or of what changed since a large one was built.

The products of all vectors with the query come first and are cheap; only what they leave is measured to the last digit.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import Distances, measure_distances, scale_to_unit
from chalicelib.index.scaler import Vectors

Positions = npt.NDArray[np.intp]
TrackIds = npt.NDArray[np.bytes_]
Units = npt.NDArray[np.float64]

BLUR = 1e-9  # of cosines: far more than their rounding, so that none of the nearest is left out for it


class Neighbour(msgspec.Struct, frozen=True, order=True):
    distance: float  # angular, 0 to 2
    track_id: str


class Scan:
    """Immutable. Parallel: row i of `units` (n, d) is the track of id i."""

    def __init__(self, track_ids: TrackIds, units: Units) -> None:
        self.units = units
        self._track_ids = track_ids

    def search(self, standardized: Vectors, k: int, *, excluded: Positions) -> list[Neighbour]:
        """At most `k`, nearest first, equal distances by id."""
        near = self._list_near(standardized, k, excluded)
        distances = measure_distances(standardized, self.units[near])
        nearest = rank_rows(distances, self._track_ids[near])[:k]
        return list_neighbours(self._track_ids[near[nearest]], distances[nearest])

    def _list_near(self, standardized: Vectors, k: int, excluded: Positions) -> Positions:
        """Rows that hold the `k` nearest, and few others. All where the query has no direction, which no product tells."""
        unit = scale_to_unit(standardized)
        cosines = self.units @ unit
        cosines[excluded] = -np.inf
        bound = -np.inf
        if unit.any() and k < len(cosines):
            bound = float(np.partition(cosines, len(cosines) - k)[len(cosines) - k]) - BLUR
        return np.flatnonzero((cosines >= bound) & np.isfinite(cosines))


def rank_rows(distances: Distances, track_ids: TrackIds) -> Positions:
    """By distance; those that are equally far by id."""
    return np.lexsort((track_ids, distances))


def list_neighbours(track_ids: TrackIds, distances: Distances) -> list[Neighbour]:
    return [Neighbour(distance, raw.decode()) for distance, raw in zip(distances.tolist(), track_ids.tolist(), strict=True)]
