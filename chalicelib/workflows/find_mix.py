"""Songs near to several songs at once, and away from others: what a listener mixes by hand.

Each chosen song is asked for its neighbours, and so is the point amid them; what is nearer to an avoided song than to any chosen one is
left out. With nothing chosen the songs are those whose nearest avoided song is farthest; how they score is `recommend.mixes`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.errors import InvalidInputError
from chalicelib.index.angular import measure_distances_each
from chalicelib.index.catalogue import Catalogue
from chalicelib.recommend.agreement import Numbers, measure_affinity
from chalicelib.recommend.diversity import Candidates, Picked, pick_diverse
from chalicelib.recommend.duplicates import KnownSongs
from chalicelib.recommend.mixes import FARTHEST, judge_near, judge_remote, list_alike, place_opposite
from chalicelib.recommend.reasons import Cause, explain_picks
from chalicelib.workflows import ports
from chalicelib.workflows.compare_sounds import read_sounds
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.locate_songs import LocatedSongs, SongsAround, find_around, locate_named
from chalicelib.workflows.show_home import OfferedTrack

SONGS_MOST = 20  # chosen, and as many avoided
NEAR_EACH = 60
READ_PER_PICK = 6  # candidates read from the store for each song of the answer
LOOKS = 3  # each four times as wide as the one before
WIDER = 1.5  # than the reach of a song alone: so that what lies between two chosen songs is near to both
SAMPLED = 512  # songs among which remote ones are looked for, of however many
REMOTE_POINTS = 4  # opposite to what is avoided, and as many in the sample


@dataclass(frozen=True, slots=True)
class Mix:
    """What is asked for, with how far each of the chosen songs and then of the avoided ones is alike to others."""

    chosen: LocatedSongs
    avoided: LocatedSongs
    reaches: Numbers  # (m + k,)
    queries: Numbers  # (q, d) what neighbours are looked for around

    @property
    def units(self) -> Numbers:
        return np.concatenate([self.chosen.units, self.avoided.units])

    def judge(self, distances: Numbers) -> Numbers:
        """(n, m), or (n, 1) where none is chosen: how well each song does for each chosen one. 0: not at all."""
        near, away = np.split(distances, [len(self.chosen.tracks)], axis=1)
        if not self.chosen.tracks:
            return judge_remote(away)
        return judge_near(near, away, self.reaches[: len(self.chosen.tracks)])

    def name_causes(self) -> tuple[list[Cause], slice]:
        """What is told of as near (or far), and which rows they are."""
        if self.chosen.tracks:
            return [Cause(track, "chosen") for track in self.chosen.tracks], slice(0, len(self.chosen.tracks))
        return [Cause(track, "avoided") for track in self.avoided.tracks], slice(0, len(self.avoided.tracks))


def find_mix(
    chosen_ids: Sequence[str], avoided_ids: Sequence[str], *, count: int, index: CurrentIndex, tracks: ports.TrackStore
) -> tuple[OfferedTrack, ...]:
    """At most `count`, best first; none while there is no index. NotFoundError where a named song is no active track, InvalidInputError
    where one is both chosen and avoided."""
    if not set(chosen_ids).isdisjoint(avoided_ids):
        raise InvalidInputError("A song cannot be in both to and away.")
    catalogue = index.open_catalogue(tracks)
    if catalogue is None or not (chosen_ids or avoided_ids):
        return ()
    named = locate_named([*chosen_ids, *avoided_ids], catalogue, tracks)
    chosen, avoided = named.select(chosen_ids), named.select(avoided_ids)
    if not chosen.tracks and (chosen_ids or not avoided.tracks):  # none that can be compared
        return ()
    mix = _prepare(chosen, avoided, catalogue)
    mixing = _Mixing(mix, catalogue, tracks, count)
    near_each, items = NEAR_EACH, tuple[OfferedTrack, ...]()
    for _ in range(LOOKS):
        around = find_around(catalogue, mix.queries, near_each, exclude=[*mix.chosen.ids, *mix.avoided.ids])
        items = mixing.rank(around) if around.ids else ()
        if len(items) >= count or around.is_all:
            break
        near_each *= 4
    return items


def _prepare(chosen: LocatedSongs, avoided: LocatedSongs, catalogue: Catalogue) -> Mix:
    middle = [chosen.units.mean(axis=0, keepdims=True)] if len(chosen.tracks) > 1 else []
    catalogue.look_around(np.concatenate([chosen.units, avoided.units, *middle]).astype(np.float32))  # asked at once that is cheaper
    reaches = WIDER * np.concatenate([chosen.measure_reaches(catalogue), avoided.measure_reaches(catalogue)])
    queries = np.concatenate([chosen.units, *middle]) if chosen.tracks else _find_remote(avoided.units, catalogue)
    return Mix(chosen, avoided, reaches, queries)


def _find_remote(avoided: Numbers, catalogue: Catalogue) -> Numbers:
    """Where songs lie that are far from all of the avoided: opposite points, and the remotest of a fixed sample, since of several songs
    no one point is opposite to all."""
    rows = np.unique(np.linspace(0, len(catalogue.index) - 1, SAMPLED).astype(np.intp))  # ordered by ids, which know nothing of sound
    named = [track_id.decode() for track_id in catalogue.index.track_ids[rows].tolist()]
    units = catalogue.units_at(catalogue.find_places(named))
    nearest = measure_distances_each(avoided, units).min(axis=1)
    remotest = units[np.argsort(-nearest, kind="stable")[:REMOTE_POINTS]]
    return np.concatenate([place_opposite(avoided, most=REMOTE_POINTS), remotest])


@dataclass(frozen=True, slots=True)
class _Mixing:
    mix: Mix
    catalogue: Catalogue
    tracks: ports.TrackStore
    count: int

    def rank(self, around: SongsAround) -> tuple[OfferedTrack, ...]:
        mix = self.mix
        candidates, distances = self._read_candidates(around.ids, around.units)
        known = KnownSongs(self.catalogue.space)
        for songs in (mix.chosen, mix.avoided):
            for track, unit in zip(songs.tracks, songs.units, strict=True):
                known.add(track, unit)
        weights = np.ones(candidates.affinity.shape[1])
        picks = pick_diverse(candidates, weights, count=self.count, reach=float(np.median(mix.reaches)), known=known)
        return self._explain(picks, candidates, distances)

    def _read_candidates(self, pool: Sequence[str], units: Numbers) -> tuple[Candidates, Numbers]:
        """The most promising that are still there, and their distances (n, m + k)."""
        distances = measure_distances_each(self.mix.units, units)
        worth = self.mix.judge(distances)
        order = np.argsort(-worth.sum(axis=1), kind="stable")
        promising = order[worth.max(axis=1)[order] > 0]
        if self.mix.chosen.tracks:
            promising = promising[list_alike(distances[promising][:, : len(self.mix.chosen.tracks)], self.catalogue.distance_of(FARTHEST))]
        promising = promising[: READ_PER_PICK * self.count]
        active = self.tracks.find_names([pool[row] for row in promising])
        rows = np.array([row for row in promising if pool[row] in active], dtype=np.intp)
        candidates = Candidates([active[pool[row]] for row in rows], units[rows], worth[rows], np.ones(len(rows)))
        return candidates, distances[rows]

    def _explain(self, picks: Sequence[Picked], candidates: Candidates, distances: Numbers) -> tuple[OfferedTrack, ...]:
        """By the chosen songs; by the avoided ones where there are no others."""
        if not picks:
            return ()
        causes, columns = self.mix.name_causes()
        ids = [candidates.tracks[each.row].track_id for each in picks]
        near = distances[:, columns]
        speaks = measure_affinity(near, self.mix.reaches[columns])
        rows = [each.row for each in picks]
        reasons = explain_picks(causes, near[rows], speaks[rows], percentiles_of=self.catalogue.percentiles_of)
        found = self.tracks.find_cards(ids)
        sounds = read_sounds([*ids, *(cause.track.track_id for cause in causes)], self.catalogue, self.tracks)
        told = sounds.explain_each(list(zip(ids, reasons, strict=True)))
        return tuple(
            OfferedTrack(track=found[track_id], score=each.score, reasons=why)
            for each, track_id, why in zip(picks, ids, told, strict=True)
            if track_id in found
        )
