"""What can be searched at this moment: an index, and exactly scanned beside it the tracks that changed since it was built.

The delta's vectors are made by this index's scaler or timbre space from raw numbers, whatever its documents carry: two scalers never meet.
Removed tracks are not known here: whoever reads the found tracks drops them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy

import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import Distances, scale_to_unit
from chalicelib.index.manifest import Space
from chalicelib.index.scaler import Vectors
from chalicelib.index.scan import NO_POSITIONS, Neighbour, Positions, Ranked, Scan, TrackIds, rank_rows
from chalicelib.index.search import LoadedIndex
from chalicelib.model import TrackVector


class Catalogue:
    """Immutable; `delta` holds the changed tracks by id. A track that is in both is searched as the delta has it; one that lacks what the
    index's space is made of (features of another version, say) stays as the index has it."""

    def __init__(self, index: LoadedIndex, delta: Mapping[str, TrackVector]) -> None:
        self.index = index
        self._delta_ids, self._delta_vectors = index.place(list(delta.values()))
        self._rows = {track_id: row for row, track_id in enumerate(self._delta_ids)}
        self._delta_names: TrackIds = np.array([each.encode() for each in self._delta_ids], dtype=bytes)
        self._delta = Scan(self._delta_names, self._delta_vectors)
        self._outdated: Positions = index.find_positions(self._delta_ids)

    @property
    def build_id(self) -> str:
        return self.index.manifest.build_id

    @property
    def space(self) -> Space:
        return self.index.space

    @property
    def delta_size(self) -> int:
        """How many tracks are scanned beside the index."""
        return len(self._delta_ids)

    def scan_all(self) -> Catalogue:
        """The same, with an index that compares with every track."""
        exact = copy(self)
        exact.index = self.index.scan_all()
        return exact

    def locate(self, track: TrackVector) -> Vectors | None:
        """The vector (d,) of a track that is in neither index nor delta, or of a sound that is no track; None where it lacks what the
        index's space is made of."""
        _, vectors = self.index.place([track])
        return vectors[0] if len(vectors) else None

    def search(self, standardized: Vectors, k: int, *, exclude: Collection[str] = ()) -> list[Neighbour]:
        """At most `k` tracks of index and delta, nearest first, equal distances by id."""
        return self.search_each([standardized], k, exclude=exclude)[0] if k > 0 else []

    def search_each(self, vectors: Iterable[Vectors], k: int, *, exclude: Collection[str] = ()) -> list[list[Neighbour]]:
        """`search` around each of several vectors, with what is excluded looked up once."""
        of_index = np.concatenate([self._outdated, self.index.find_positions(exclude)])
        of_delta = np.array([self._rows[track_id] for track_id in exclude if track_id in self._rows], dtype=np.intp)
        queries = list(vectors)
        found = self.index.search_around(queries, k, excluded=of_index)
        if not self._delta_ids:
            return found
        changed = self._delta.search_around(queries, k, excluded=of_delta)
        return [sorted([*of_build, *of_late])[:k] for of_build, of_late in zip(found, changed, strict=True)]

    def look_around(self, vectors: Sequence[Vectors] | Vectors) -> None:
        """What `rank_around` of these will ask first, of all of them at once."""
        self.index.look_around(vectors)

    def rank_around(self, vectors: Sequence[Vectors] | Vectors, k: int, *, excluded: Positions = NO_POSITIONS) -> list[Ranked]:
        """`search_each` for lists, by place: a row of the index, or behind all of those one of the delta. As exact as can be afforded."""
        of_delta = excluded[excluded >= len(self.index)] - len(self.index)
        of_index = np.concatenate([self._outdated, excluded[excluded < len(self.index)]])
        found = self.index.rank_around(vectors, k, excluded=of_index)
        if not self._delta_ids:
            return found
        changed = self._delta.rank_around(vectors, k, excluded=of_delta)
        return [self._merge(*pair, k) for pair in zip(found, changed, strict=True)]

    def find_places(self, track_ids: Iterable[str]) -> Positions:
        """Of those that there are, in no order."""
        wanted = list(track_ids)
        of_delta = [len(self.index) + self._rows[track_id] for track_id in wanted if track_id in self._rows]
        of_index = self.index.find_positions(track_id for track_id in wanted if track_id not in self._rows)
        return np.concatenate([of_index, np.array(of_delta, dtype=np.intp)])

    def name_places(self, places: Positions) -> TrackIds:
        """Their track ids, as ASCII."""
        if not self._delta_ids:
            return self.index.track_ids[places]
        is_built = places < len(self.index)
        names = np.empty(len(places), dtype=np.result_type(self.index.track_ids, self._delta_names))
        names[is_built] = self.index.track_ids[places[is_built]]
        names[~is_built] = self._delta_names[places[~is_built] - len(self.index)]
        return names

    def units_at(self, places: Positions) -> npt.NDArray[np.float64]:
        """Unit vectors (n, d)."""
        if not self._delta_ids:
            return self.index.units_at(places)
        is_built = places < len(self.index)
        units = np.empty((len(places), self.index.facts.dimension))
        units[is_built] = self.index.units_at(places[is_built])
        units[~is_built] = scale_to_unit(self._delta_vectors[places[~is_built] - len(self.index)])
        return units

    def _merge(self, of_build: Ranked, of_late: Ranked, k: int) -> Ranked:
        places = np.concatenate([of_build[0], of_late[0] + len(self.index)])
        distances = np.concatenate([of_build[1], of_late[1]])
        nearest = rank_rows(distances, self.name_places(places))[:k]
        return places[nearest], distances[nearest]

    def vector_of(self, track_id: str) -> Vectors | None:
        """The vector (d,) of a track, or None where neither index nor delta has it."""
        row = self._rows.get(track_id)
        return self._delta_vectors[row] if row is not None else self.index.vector_of(track_id)

    def vectors_of(self, track_ids: Sequence[str]) -> dict[str, Vectors]:
        """`vector_of` each that has one."""
        changed = {track_id: self._delta_vectors[self._rows[track_id]] for track_id in track_ids if track_id in self._rows}
        return self.index.vectors_of([track_id for track_id in track_ids if track_id not in changed]) | changed

    def units_of(self, track_ids: Sequence[str]) -> npt.NDArray[np.float64]:
        """Unit vectors (n, d) of tracks that `search` has found, in their order."""
        units = np.zeros((len(track_ids), self.index.facts.dimension))
        changed = [place for place, track_id in enumerate(track_ids) if track_id in self._rows]
        if changed:
            units[changed] = scale_to_unit(self._delta_vectors[[self._rows[track_ids[place]] for place in changed]])
        built = [place for place, track_id in enumerate(track_ids) if track_id not in self._rows]
        units[built] = self.index.units_at(self.index.find_positions(track_ids[place] for place in built))
        return units

    def percentile_of(self, distance: float) -> float:
        return self.index.percentile_of(distance)

    def percentiles_of(self, distances: Distances) -> Distances:
        """`percentile_of` of many."""
        return self.index.percentiles_of(distances)

    def distance_of(self, share: float) -> float:
        return self.index.distance_of(share)

    def search_others(self, track_ids: Sequence[str], vectors: Iterable[Vectors], k: int) -> list[list[Neighbour]]:
        """`search` around each of several tracks, which is not among its own neighbours."""
        found = Catalogue.search_each(self, vectors, k + 1)
        return [[each for each in near if each.track_id != own][:k] for own, near in zip(track_ids, found, strict=True)]
