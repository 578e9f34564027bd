"""An index in memory: nearest tracks of a standardized vector. Annoy proposes, an exact ranking decides.

Opening and checking the files is `artefact.py`'s; what changed since the build comes in by `catalogue.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import Distances, measure_distances, scale_to_unit
from chalicelib.index.manifest import Manifest
from chalicelib.index.scaler import Scaler, Vectors

Positions = npt.NDArray[np.intp]
TrackIds = npt.NDArray[np.bytes_]

EXACT_UP_TO = 10_000  # tracks: up to here a scan of all vectors is faster than Annoy, and misses nothing
SPARE_CANDIDATES = 16
NO_POSITIONS: Positions = np.empty(0, dtype=np.intp)


class Neighbour(msgspec.Struct, frozen=True, order=True):
    distance: float  # angular, 0 to 2
    track_id: str


class LoadedIndex:
    """Immutable and safe to search from many threads. Vectors and trees stay mapped files; ids are 24 bytes a track in memory."""

    def __init__(
        self,
        manifest: Manifest,
        scaler: Scaler,
        track_ids: TrackIds,
        vectors: Vectors,
        trees: Any,  # annoy.AnnoyIndex, which carries no types
        *,
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        self.manifest = manifest
        self.scaler = scaler
        self._track_ids = track_ids
        self._vectors = vectors
        self._trees = trees
        self._by_id = np.argsort(track_ids, kind="stable")
        self._all_units = scale_to_unit(vectors) if len(vectors) <= exact_up_to else None
        self._fractions = np.array([each.fraction for each in manifest.distance_quantiles])
        self._distances = np.array([each.distance for each in manifest.distance_quantiles])

    def __len__(self) -> int:
        return len(self._track_ids)

    def search(self, standardized: Vectors, k: int, *, exclude: Collection[str] = ()) -> list[Neighbour]:
        """At most `k` tracks, nearest first, equal distances by id. `standardized` is one vector (d,) by this index's scaler."""
        return self.search_around(standardized, k, excluded=self.find_positions(exclude))

    def search_around(self, standardized: Vectors, k: int, *, excluded: Positions) -> list[Neighbour]:
        """`search`, where the excluded tracks are known by position: so that thousands need not be looked up for each query."""
        if k < 1:
            return []
        if self._all_units is not None:
            distances = measure_distances(standardized, self._all_units)
            distances[excluded] = np.inf
            return self._pick_nearest(np.arange(len(self)), distances, k)
        candidates = self._propose(standardized, k, excluded)
        return self._pick_nearest(candidates, measure_distances(standardized, self.units_at(candidates)), k)

    def vector_of(self, track_id: str) -> Vectors | None:
        """The standardized vector (d,) of a track that is in the build."""
        positions = self.find_positions([track_id])
        return np.array(self._vectors[positions[0]]) if len(positions) else None

    def percentile_of(self, distance: float) -> float:
        """0-100: how many of the catalogue's pairs are farther apart than this. 0 where the build had no pair to compare."""
        if not len(self._distances):
            return 0.0
        return 100.0 * (1.0 - float(np.interp(distance, self._distances, self._fractions)))

    def units_at(self, positions: Positions) -> npt.NDArray[np.float64]:
        """Unit vectors (n, d) of the tracks at these rows."""
        return scale_to_unit(self._vectors[positions])

    def find_positions(self, track_ids: Iterable[str]) -> Positions:
        """Rows of those of the tracks that are in the build, in the order asked."""
        wanted = [track_id.encode() for track_id in track_ids]
        if not wanted:
            return NO_POSITIONS
        asked = np.array(wanted, dtype=bytes)
        places = np.searchsorted(self._track_ids, asked, sorter=self._by_id)
        rows = self._by_id[np.minimum(places, len(self) - 1)]
        found: Positions = rows[self._track_ids[rows] == asked]
        return found

    def _propose(self, standardized: Vectors, k: int, excluded: Positions) -> Positions:
        """At least `k` positions near the vector by Annoy, none excluded, while there are so many."""
        wanted = k + SPARE_CANDIDATES
        while True:
            found = np.array(self._trees.get_nns_by_vector(standardized, wanted, self._choose_search_k(wanted)), dtype=np.intp)
            allowed = found[np.isin(found, excluded, invert=True)] if len(excluded) else found
            if len(allowed) >= k or wanted >= len(self):
                return allowed
            wanted = min(wanted * 4, len(self))

    def _choose_search_k(self, wanted: int) -> int:
        """The build's search_k was chosen for 10 neighbours; more of them lie in more leaves."""
        return max(self.manifest.search_k, self.manifest.n_trees * wanted)

    def _pick_nearest(self, positions: Positions, distances: Distances, k: int) -> list[Neighbour]:
        if len(positions) > k:
            bound = np.partition(distances, k - 1)[k - 1]
            near = distances <= bound  # with all that tie with the last, so that ids decide and not the partition
            positions, distances = positions[near], distances[near]
        pairs = zip(distances.tolist(), self._track_ids[positions].tolist(), strict=True)
        found = sorted(Neighbour(distance, raw.decode()) for distance, raw in pairs if np.isfinite(distance))
        return found[:k]
