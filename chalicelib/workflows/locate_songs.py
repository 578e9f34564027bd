"""Songs that a listener names, with their vectors in the space that the index serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.errors import NotFoundError
from chalicelib.index.angular import scale_to_unit
from chalicelib.index.catalogue import Catalogue
from chalicelib.model import Track
from chalicelib.recommend.agreement import REACH_RANK, Numbers, measure_reach
from chalicelib.workflows import ports
from chalicelib.workflows.find_neighbours import locate_vectors


@dataclass(frozen=True, slots=True)
class LocatedSongs:
    """Parallel: row i of `units` (n, d) is of tracks[i]."""

    tracks: tuple[Track, ...]
    units: Numbers

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(track.track_id for track in self.tracks)

    def measure_reaches(self, catalogue: Catalogue) -> Numbers:
        """(n,) how far each is alike to others."""
        near = catalogue.search_others(self.ids, self.units.astype(np.float32), REACH_RANK)
        return np.array([measure_reach([each.distance for each in found]) for found in near])


def locate_named(track_ids: Sequence[str], catalogue: Catalogue, tracks: ports.TrackStore) -> LocatedSongs:
    """In the order named, each once; those that have no vector yet are left out. NotFoundError where one is no active track."""
    named = list(dict.fromkeys(track_ids))
    found = tracks.find_many(named)
    if len(found) < len(named):
        raise NotFoundError("There is no such track.", code="track_not_found")
    return locate_known([found[track_id] for track_id in named], catalogue, tracks)


def locate_known(given: Sequence[Track], catalogue: Catalogue, tracks: ports.TrackStore) -> LocatedSongs:
    """Those of the tracks that have a vector."""
    vectors = locate_vectors(catalogue, given, tracks)
    located = tuple(track for track in given if track.track_id in vectors)
    if not located:
        return LocatedSongs((), np.empty((0, catalogue.index.scaler.dimension)))
    return LocatedSongs(located, scale_to_unit(np.array([vectors[track.track_id] for track in located])))
