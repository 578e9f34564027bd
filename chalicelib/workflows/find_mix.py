"""Songs near to several songs at once, and away from others: what a listener mixes by hand.

Each chosen song is asked for its neighbours, and so is the point amid them; what is nearer to an avoided song than to any chosen one is
left out. With nothing chosen the songs are those that sound least like what is avoided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.index.angular import measure_distances_each
from chalicelib.index.catalogue import Catalogue
from chalicelib.recommend.agreement import Numbers, measure_affinity
from chalicelib.recommend.diversity import Candidates, Picked, pick_diverse
from chalicelib.recommend.duplicates import KnownSongs
from chalicelib.recommend.reasons import Cause, explain_pick
from chalicelib.workflows import ports
from chalicelib.workflows.compare_sounds import read_sounds
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.locate_songs import LocatedSongs, locate_named
from chalicelib.workflows.show_home import OfferedTrack

SONGS_MOST = 20  # chosen, and as many avoided
NEAR_EACH = 60
READ_PER_PICK = 6  # candidates read from the store for each song of the answer
LOOKS = 3  # each four times as wide as the one before
WIDER = 1.5  # than the reach of a song alone: so that what lies between two chosen songs is near to both


@dataclass(frozen=True, slots=True)
class Mix:
    """Parallel rows: the chosen songs, or where there are none the point opposite to the avoided ones; then the avoided songs."""

    chosen: LocatedSongs
    avoided: LocatedSongs
    anchors: Numbers  # (m, d)
    reaches: Numbers  # (m + k,)

    @property
    def units(self) -> Numbers:
        return np.concatenate([self.anchors, self.avoided.units])

    def measure_affinity(self, distances: Numbers) -> Numbers:
        """(n, m) to each anchor, of distances (n, m + k): the less the nearer a song is to one that is avoided."""
        affinity = measure_affinity(distances, self.reaches)
        first = len(self.anchors)
        if not self.chosen.tracks or not self.avoided.tracks:  # away from songs alone: the point opposite to them says it all
            return affinity[:, :first]
        near: Numbers = affinity[:, :first] * (1.0 - affinity[:, first:].max(axis=1, keepdims=True))
        return near

    @property
    def queries(self) -> Numbers:
        """What neighbours are looked for around."""
        middle = self.anchors.mean(axis=0, keepdims=True)
        return np.concatenate([self.anchors, middle]) if len(self.anchors) > 1 else self.anchors

    def name_causes(self) -> tuple[list[Cause], slice]:
        """What is told of as near (or far), and which rows they are."""
        first = len(self.anchors)
        if self.chosen.tracks:
            return [Cause(track, "chosen") for track in self.chosen.tracks], slice(0, first)
        return [Cause(track, "avoided") for track in self.avoided.tracks], slice(first, first + len(self.avoided.tracks))


def find_mix(
    chosen_ids: Sequence[str], avoided_ids: Sequence[str], *, count: int, index: CurrentIndex, tracks: ports.TrackStore
) -> tuple[OfferedTrack, ...]:
    """At most `count`, best first; none while there is no index. NotFoundError where a named song is no active track."""
    catalogue = index.open_catalogue(tracks)
    if catalogue is None or not (chosen_ids or avoided_ids):
        return ()
    chosen, avoided = locate_named(chosen_ids, catalogue, tracks), locate_named(avoided_ids, catalogue, tracks)
    if not chosen.tracks and (chosen_ids or not avoided.tracks):  # none that can be compared
        return ()
    mix = _prepare(chosen, avoided, catalogue)
    mixing = _Mixing(mix, catalogue, tracks, count)
    near_each, items = NEAR_EACH, tuple[OfferedTrack, ...]()
    for _ in range(LOOKS):
        lists = catalogue.search_each(mix.queries.astype(np.float32), near_each, exclude=[*mix.chosen.ids, *mix.avoided.ids])
        pool = sorted({each.track_id for found in lists for each in found})
        items = mixing.rank(pool) if pool else ()
        if len(items) >= count or all(len(found) < near_each for found in lists):
            break
        near_each *= 4
    return items


def _prepare(chosen: LocatedSongs, avoided: LocatedSongs, catalogue: Catalogue) -> Mix:
    reaches = np.concatenate([chosen.measure_reaches(catalogue), avoided.measure_reaches(catalogue)])
    if chosen.tracks:
        return Mix(chosen, avoided, chosen.units, WIDER * reaches)
    opposite = -avoided.units.mean(axis=0, keepdims=True)
    return Mix(chosen, avoided, opposite, WIDER * np.concatenate([[float(np.sqrt(2.0))], reaches]))


@dataclass(frozen=True, slots=True)
class _Mixing:
    mix: Mix
    catalogue: Catalogue
    tracks: ports.TrackStore
    count: int

    def rank(self, pool: Sequence[str]) -> tuple[OfferedTrack, ...]:
        mix = self.mix
        candidates, distances = self._read_candidates(pool)
        known = KnownSongs()
        for songs in (mix.chosen, mix.avoided):
            for track, unit in zip(songs.tracks, songs.units, strict=True):
                known.add(track, unit)
        picks = pick_diverse(candidates, np.ones(len(mix.anchors)), count=self.count, reach=float(np.median(mix.reaches)), known=known)
        return self._explain(picks, candidates, distances)

    def _read_candidates(self, pool: Sequence[str]) -> tuple[Candidates, Numbers]:
        """The most promising that are still there, and their distances (n, m + k)."""
        units = self.catalogue.units_of(pool)
        distances = measure_distances_each(self.mix.units, units)
        affinity = self.mix.measure_affinity(distances)
        anchors = len(self.mix.anchors)
        is_welcome = np.ones(len(pool), dtype=bool)
        if self.mix.avoided.tracks and self.mix.chosen.tracks:
            is_welcome = distances[:, :anchors].min(axis=1) <= distances[:, anchors:].min(axis=1)
        order = np.argsort(-affinity.sum(axis=1), kind="stable")
        promising = order[is_welcome[order]][: READ_PER_PICK * self.count]
        active = self.tracks.find_names([pool[row] for row in promising])
        rows = np.array([row for row in promising if pool[row] in active], dtype=np.intp)
        candidates = Candidates([active[pool[row]] for row in rows], units[rows], affinity[rows], np.ones(len(rows)))
        return candidates, distances[rows]

    def _explain(self, picks: Sequence[Picked], candidates: Candidates, distances: Numbers) -> tuple[OfferedTrack, ...]:
        """By the chosen songs; by the avoided ones where there are no others."""
        causes, columns = self.mix.name_causes()
        ids = [candidates.tracks[each.row].track_id for each in picks]
        near = distances[:, columns]
        speaks = measure_affinity(near, self.mix.reaches[columns])
        reasons = [explain_pick(causes, near[each.row], speaks[each.row], percentile_of=self.catalogue.percentile_of) for each in picks]
        found = self.tracks.find_many(ids)
        sounds = read_sounds([*ids, *(cause.track.track_id for cause in causes)], self.catalogue, self.tracks)
        told = sounds.explain_each(list(zip(ids, reasons, strict=True)))
        return tuple(
            OfferedTrack(track=found[track_id], score=each.score, reasons=why)
            for each, track_id, why in zip(picks, ids, told, strict=True)
            if track_id in found
        )
