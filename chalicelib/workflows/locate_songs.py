"""Songs that a listener names, and those around them, with their vectors in the space that the index serves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.errors import NotFoundError
from chalicelib.index.angular import scale_to_unit
from chalicelib.index.catalogue import Catalogue
from chalicelib.model import TrackCard
from chalicelib.recommend.agreement import REACH_RANK, Numbers, measure_reach
from chalicelib.workflows import ports
from chalicelib.workflows.find_neighbours import locate_vectors

ALIKE_SHARE = 0.05  # of all pairs of the catalogue: in a small one a song's tenth neighbour may be of another kind


@dataclass(frozen=True, slots=True)
class LocatedSongs:
    """Parallel: row i of `units` (n, d) is of tracks[i]."""

    tracks: tuple[TrackCard, ...]
    units: Numbers

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(track.track_id for track in self.tracks)

    def select(self, track_ids: Collection[str]) -> LocatedSongs:
        """Those of them, in their order."""
        rows = [row for row, track in enumerate(self.tracks) if track.track_id in track_ids]
        return LocatedSongs(tuple(self.tracks[row] for row in rows), self.units[rows])

    def measure_reaches(self, catalogue: Catalogue) -> Numbers:
        """(n,) how far each is alike to others: as far as its nearest at least, and no farther than pairs of the catalogue seldom lie."""
        near = catalogue.rank_around(self.units.astype(np.float32), REACH_RANK + 1)
        named = zip(near, self.ids, strict=True)
        others = [distances[catalogue.name_places(places) != track_id.encode()] for (places, distances), track_id in named]
        alike = catalogue.distance_of(ALIKE_SHARE)
        return np.array([_limit_reach(distances[:REACH_RANK].tolist(), alike) for distances in others])


def _limit_reach(nearest: Sequence[float], alike: float) -> float:
    reach = measure_reach(nearest)
    return min(reach, max(alike, measure_reach(nearest[:1]))) if nearest else reach


@dataclass(frozen=True, slots=True)
class SongsAround:
    """Parallel: what lies around some points, each song once, nearest first."""

    ids: list[str]
    units: Numbers  # (n, d)
    is_all: bool  # there are no others


def find_around(catalogue: Catalogue, points: Numbers, near: int, *, exclude: Iterable[str] = ()) -> SongsAround:
    """At most `near` songs around each of the points (m, d), m ≥ 1."""
    found = catalogue.rank_around(points.astype(np.float32), near, excluded=catalogue.find_places(exclude))
    places = np.concatenate([each for each, _ in found])
    places = places[np.argsort(np.concatenate([distances for _, distances in found]), kind="stable")]
    once = places[np.sort(np.unique(places, return_index=True)[1])]
    ids = [track_id.decode() for track_id in catalogue.name_places(once).tolist()]
    return SongsAround(ids, catalogue.units_at(once), all(len(each) < near for each, _ in found))


def locate_named(track_ids: Sequence[str], catalogue: Catalogue, tracks: ports.TrackStore) -> LocatedSongs:
    """In the order named, each once; those that have no vector yet are left out. NotFoundError where one is no active track."""
    named = list(dict.fromkeys(track_ids))
    found = tracks.find_cards(named)
    if len(found) < len(named):
        raise NotFoundError("There is no such track.", code="track_not_found")
    return locate_known([found[track_id] for track_id in named], catalogue, tracks)


def locate_known(given: Sequence[TrackCard], catalogue: Catalogue, tracks: ports.TrackStore) -> LocatedSongs:
    """Those of the tracks that have a vector."""
    vectors = locate_vectors(catalogue, given, tracks)
    located = tuple(track for track in given if track.track_id in vectors)
    if not located:
        return LocatedSongs((), np.empty((0, catalogue.index.scaler.dimension)))
    return LocatedSongs(located, scale_to_unit(np.array([vectors[track.track_id] for track in located])))
