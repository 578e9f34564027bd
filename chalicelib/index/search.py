"""One space of an index in memory: nearest tracks of a vector. Annoy proposes, an exact ranking decides; a small catalogue is scanned.

Opening and checking the files is `artefact.py`'s; what changed since the build comes in by `catalogue.py`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import Distances, measure_distances, scale_to_unit
from chalicelib.index.kept_features import KeptFeatures
from chalicelib.index.manifest import Manifest, Space
from chalicelib.index.neighbourhoods import Neighbourhoods
from chalicelib.index.scaler import Scaler, Vectors
from chalicelib.index.scan import NO_POSITIONS, Neighbour, Positions, Ranked, Scan, TrackIds, list_neighbours, rank_rows
from chalicelib.index.timbre_space import TimbreSpace
from chalicelib.model import FEATURE_VERSION, TrackVector

__all__ = ["LoadedIndex", "Neighbour"]

SCANNED_NUMBERS = 1_600_000  # 80,000 tracks × 20 or 50,000 × 32: up to here a scan is faster than Annoy, and misses nothing
SPARE_CANDIDATES = 16
CHOSEN_FOR = 10 + SPARE_CANDIDATES  # neighbours: what the build's search_k is enough for
FEWEST_ASKED = 76  # of Annoy, which has looked at far more: a list asks for the neighbours of the same songs several times
PROPOSALS_KEPT = 1_000  # about 2 MB: most songs that a list rests on were asked for at the play before
SCANNED_TOGETHER = 8_000_000  # 250,000 × 32: up to here many songs at once are scanned faster than each is looked for in the trees
WIDEST_KEPT = 304  # proposals to one question: wider ones are rare, and a thousand of them would take 60 MB


class LoadedIndex:
    """Immutable and safe to search from many threads. Vectors and trees stay mapped files; ids are 24 bytes a track in memory."""

    def __init__(
        self,
        manifest: Manifest,
        space: Space,
        *,
        scaler: Scaler | TimbreSpace,
        track_ids: TrackIds,
        vectors: Vectors,
        trees: Any,  # annoy.AnnoyIndex, which carries no types
        exact_up_to: int | None = None,
    ) -> None:
        self.manifest = manifest
        self.space = space
        self.facts = manifest.spaces[space]
        self.scaler = scaler
        self.track_ids = track_ids
        self._vectors = np.asarray(vectors)  # still mapped; a memmap's own indexing is slow
        self._rank_now = partial(_rank_around, trees=trees, vectors=self._vectors, track_ids=track_ids)
        self._rank_around = lru_cache(maxsize=PROPOSALS_KEPT)(self._rank_now)
        is_sorted = bool(np.all(track_ids[:-1] <= track_ids[1:]))  # as builds write them
        self._by_id = None if is_sorted else np.argsort(track_ids, kind="stable")
        scanned = SCANNED_NUMBERS // self.facts.dimension if exact_up_to is None else exact_up_to
        self._scan = Scan(track_ids, self._vectors) if len(vectors) <= scanned else None
        self._neighbourhoods = Neighbourhoods()
        self.kept_features = KeptFeatures()  # beside the index, with which they go
        self._fractions = np.array([each.fraction for each in self.facts.distance_quantiles])
        self._distances = np.array([each.distance for each in self.facts.distance_quantiles])

    def __len__(self) -> int:
        return len(self.track_ids)

    def scan_all(self) -> LoadedIndex:
        """The same, asked by comparing with every track: what the trees are held against."""
        return LoadedIndex(
            self.manifest,
            self.space,
            scaler=self.scaler,
            track_ids=self.track_ids,
            vectors=self._vectors,
            trees=None,
            exact_up_to=len(self),
        )

    def place(self, tracks: Sequence[TrackVector]) -> tuple[list[str], Vectors]:
        """(ids, vectors (n, d)) of those of the tracks that have what this space is made of, all numbers."""
        raw = {each.track_id: numbers for each in tracks if (numbers := self._read_numbers(each)) is not None}
        if not raw:
            return [], np.empty((0, self.facts.dimension), dtype=np.float32)
        return list(raw), self.scaler.transform(np.array(list(raw.values())))

    def search(self, standardized: Vectors, k: int, *, exclude: Collection[str] = ()) -> list[Neighbour]:
        """At most `k` tracks, nearest first, equal distances by id. `standardized` is one vector (d,) by this index's scaler."""
        return self.search_around([standardized], k, excluded=self.find_positions(exclude))[0] if k > 0 else []

    def search_around(self, vectors: Iterable[Vectors], k: int, *, excluded: Positions) -> list[list[Neighbour]]:
        """`search` around each of several vectors, where the excluded tracks are known by position."""
        if self._scan is not None:
            return self._scan.search_around([np.asarray(vector) for vector in vectors], k, excluded=excluded)
        is_allowed = np.ones(len(self), dtype=bool)
        is_allowed[excluded] = False
        return [self._search_trees(np.asarray(vector, dtype=np.float32), k, is_allowed) for vector in vectors]

    def rank_around(self, vectors: Sequence[Vectors] | Vectors, k: int, *, excluded: Positions = NO_POSITIONS) -> list[Ranked]:
        """`search_around` for who asks of many songs at once, by position: exact for all but the largest catalogues, whoever asks for it
        beside which others. What is found around a song is kept."""
        scan = self._scan_together
        if scan is None:
            return [self._rank_by_trees(np.asarray(vector, dtype=np.float32), k, excluded) for vector in vectors]
        self.look_around(vectors)
        is_allowed = np.ones(len(self), dtype=bool)
        is_allowed[excluded] = False
        kept = [self._rank_kept(vector, k, is_allowed) for vector in vectors]
        lacking = [vector for vector, ranked in zip(vectors, kept, strict=True) if ranked is None]
        scanned = iter(scan.rank_around(lacking, k, excluded=excluded))
        return [next(scanned) if ranked is None else ranked for ranked in kept]

    def look_around(self, vectors: Sequence[Vectors] | Vectors) -> None:
        """What `rank_around` of these will ask first, of all of them at once."""
        scan = self._scan_together
        unknown = self._neighbourhoods.list_unknown(vectors) if scan is not None else []
        if scan is not None and unknown:
            for vector, ranked in zip(unknown, scan.rank_around(unknown, FEWEST_ASKED), strict=True):
                self._neighbourhoods.keep(vector, ranked)

    def vector_of(self, track_id: str) -> Vectors | None:
        """The standardized vector (d,) of a track that is in the build."""
        return self.vectors_of([track_id]).get(track_id)

    def vectors_of(self, track_ids: Sequence[str]) -> dict[str, Vectors]:
        """Of those of the tracks that are in the build, by id and in their order."""
        rows = self.find_positions(track_ids)
        names = [raw.decode() for raw in self.track_ids[rows].tolist()]
        return dict(zip(names, self._vectors[rows], strict=True))

    def percentile_of(self, distance: float) -> float:
        """0-100: how many of the catalogue's pairs are farther apart than this. 0 where the build had no pair to compare."""
        return float(self.percentiles_of(np.array([distance]))[0])

    def percentiles_of(self, distances: Distances) -> Distances:
        """`percentile_of` of many."""
        if not len(self._distances):
            return np.zeros(len(distances))
        percentiles: Distances = 100.0 * (1.0 - np.interp(distances, self._distances, self._fractions))
        return percentiles

    def distance_of(self, share: float) -> float:
        """How far apart that share (0-1) of the catalogue's pairs is at most. 2, the farthest, where the build had no pair to compare."""
        return float(np.interp(share, self._fractions, self._distances)) if len(self._distances) else 2.0

    def units_at(self, positions: Positions) -> npt.NDArray[np.float64]:
        """Unit vectors (n, d) of the tracks at these rows."""
        return scale_to_unit(self._vectors[positions])

    def find_positions(self, track_ids: Iterable[str]) -> Positions:
        """Rows of those of the tracks that are in the build, in the order asked."""
        wanted = [track_id.encode() for track_id in track_ids]
        if not wanted:
            return NO_POSITIONS
        asked = np.array(wanted, dtype=bytes)
        places = np.searchsorted(self.track_ids, asked, sorter=self._by_id)
        rows = np.minimum(places, len(self) - 1)
        rows = rows if self._by_id is None else self._by_id[rows]
        found: Positions = rows[self.track_ids[rows] == asked]
        return found

    def _read_numbers(self, track: TrackVector) -> npt.NDArray[Any] | None:
        if isinstance(self.scaler, TimbreSpace):
            content = track.features if self.scaler.feature_version == FEATURE_VERSION and track.features else b""
            is_whole = len(content) == 4 * self.scaler.feature_count
            raw: npt.NDArray[Any] = np.frombuffer(content if is_whole else b"", dtype="<f4")
        else:
            is_whole = len(track.mfcc) == self.scaler.dimension
            raw = np.asarray(track.mfcc, dtype=np.float64)
        return raw if is_whole and np.isfinite(raw).all() else None

    def _search_trees(self, standardized: Vectors, k: int, is_allowed: npt.NDArray[np.bool_]) -> list[Neighbour]:
        rows, distances = self._rank_allowed(standardized, k, is_allowed)
        return list_neighbours(self.track_ids[rows], distances)

    def _rank_allowed(self, standardized: Vectors, k: int, is_allowed: npt.NDArray[np.bool_]) -> Ranked:
        """Asks for more until `k` are left beside what is excluded, or that was all."""
        wanted = k + SPARE_CANDIDATES
        while True:
            rank = self._rank_around if wanted <= WIDEST_KEPT else self._rank_now
            rows, distances = rank(standardized.tobytes(), max(wanted, FEWEST_ASKED), self._choose_search_k(wanted))
            allowed = is_allowed[rows]
            if np.count_nonzero(allowed) >= k or wanted >= len(self):
                return rows[allowed][:k], distances[allowed][:k]
            wanted = min(wanted * 4, len(self))

    @cached_property
    def _scan_together(self) -> Scan | None:
        if self._scan is not None or len(self) * self.facts.dimension > SCANNED_TOGETHER:
            return self._scan
        return Scan(self.track_ids, self._vectors)

    def _rank_kept(self, vector: Vectors, k: int, is_allowed: npt.NDArray[np.bool_]) -> Ranked | None:
        """None where too few were found, or none kept."""
        kept = self._neighbourhoods.find(vector)
        if kept is None:
            return None
        rows, distances = kept
        allowed = is_allowed[rows]
        rows = rows[allowed]
        return (rows[:k], distances[allowed][:k]) if len(rows) >= k else None

    def _rank_by_trees(self, standardized: Vectors, k: int, excluded: Positions) -> Ranked:
        is_allowed = np.ones(len(self), dtype=bool)
        is_allowed[excluded] = False
        return self._rank_allowed(standardized, k, is_allowed)

    def _choose_search_k(self, wanted: int) -> int:
        """The build's search_k was chosen for 10 neighbours; more of them lie in more leaves, though not in as many more. One and the same
        up to FEWEST_ASKED, so that how far a song reaches and its sixty neighbours are one question."""
        if wanted <= FEWEST_ASKED:
            return max(self.facts.search_k, self.manifest.n_trees * FEWEST_ASKED)
        return max(int(self.facts.search_k * math.sqrt(wanted / CHOSEN_FOR)), self.manifest.n_trees * wanted)


def _rank_around(
    standardized: bytes, wanted: int, search_k: int, *, trees: Any, vectors: Vectors, track_ids: TrackIds
) -> tuple[Positions, Distances]:
    """What the trees propose, ranked exactly. A function of its own: what is kept of its answers must not keep an index in memory that
    another has replaced."""
    query = np.frombuffer(standardized, dtype=np.float32)
    proposed = np.array(trees.get_nns_by_vector(query.tolist(), wanted, search_k), dtype=np.intp)
    distances = measure_distances(query, scale_to_unit(vectors[proposed]))
    order = rank_rows(distances, track_ids[proposed])
    ranked = (proposed[order], distances[order])
    for each in ranked:
        each.flags.writeable = False  # many share it
    return ranked
