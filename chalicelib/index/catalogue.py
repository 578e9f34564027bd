"""What can be searched at this moment: an index, and exactly scanned beside it the tracks that changed since it was built.

The delta is standardized by this index's scaler from raw MFCCs, whatever scaler its documents carry: two scalers never meet.
Removed tracks are not known here: whoever reads the found tracks drops them.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import measure_distances, scale_to_unit
from chalicelib.index.scaler import Vectors
from chalicelib.index.search import LoadedIndex, Neighbour, Positions


class Catalogue:
    """Immutable; `delta` maps track_id → raw MFCC means. A track that is in both is searched as the delta has it."""

    def __init__(self, index: LoadedIndex, delta: Mapping[str, Sequence[float]]) -> None:
        usable = {track_id: mfcc for track_id, mfcc in delta.items() if len(mfcc) == index.scaler.dimension and np.isfinite(mfcc).all()}
        self.index = index
        self._delta_ids = tuple(usable)
        self._rows = {track_id: row for row, track_id in enumerate(self._delta_ids)}
        raw = np.array(list(usable.values()), dtype=np.float64).reshape(len(usable), index.scaler.dimension)
        self._delta_vectors = index.scaler.transform(raw)
        self._delta_units = scale_to_unit(self._delta_vectors)
        self._outdated: Positions = index.find_positions(self._delta_ids)

    @property
    def build_id(self) -> str:
        return self.index.manifest.build_id

    @property
    def delta_size(self) -> int:
        """How many tracks are scanned beside the index."""
        return len(self._delta_ids)

    def standardize(self, mfcc: npt.ArrayLike) -> Vectors:
        return self.index.scaler.transform(mfcc)

    def search(self, standardized: Vectors, k: int, *, exclude: Collection[str] = ()) -> list[Neighbour]:
        """At most `k` tracks of index and delta, nearest first, equal distances by id."""
        if k < 1:
            return []
        excluded = np.concatenate([self._outdated, self.index.find_positions(exclude)])
        from_index = self.index.search_around(standardized, k, excluded=excluded)
        return heapq.nsmallest(k, chain(from_index, self._scan_delta(standardized, exclude)))

    def vector_of(self, track_id: str) -> Vectors | None:
        """The standardized vector (d,) of a track, or None where neither index nor delta has it."""
        row = self._rows.get(track_id)
        return self._delta_vectors[row] if row is not None else self.index.vector_of(track_id)

    def units_of(self, track_ids: Sequence[str]) -> npt.NDArray[np.float64]:
        """Unit vectors (n, d) of tracks that `search` has found, in their order."""
        units = np.zeros((len(track_ids), self.index.scaler.dimension))
        changed = [place for place, track_id in enumerate(track_ids) if track_id in self._rows]
        if changed:
            units[changed] = self._delta_units[[self._rows[track_ids[place]] for place in changed]]
        built = [place for place, track_id in enumerate(track_ids) if track_id not in self._rows]
        units[built] = self.index.units_at(self.index.find_positions(track_ids[place] for place in built))
        return units

    def percentile_of(self, distance: float) -> float:
        return self.index.percentile_of(distance)

    def _scan_delta(self, standardized: Vectors, exclude: Collection[str]) -> list[Neighbour]:
        if not self._delta_ids:
            return []
        distances = measure_distances(standardized, self._delta_units).tolist()
        left_out = set(exclude)
        pairs = zip(self._delta_ids, distances, strict=True)
        return [Neighbour(distance, track_id) for track_id, distance in pairs if track_id not in left_out]
