"""Songs near to what a listener played: seeds from the plays, neighbours of each, the most promising read, a diverse list with reasons.

The arithmetic is `recommend`'s, the search `index`'s; they meet here. What if there are no plays is `recommend_for_user.py`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import measure_distances_each, measure_distances_roughly, scale_to_unit
from chalicelib.index.catalogue import Catalogue
from chalicelib.index.scaler import Vectors
from chalicelib.index.scan import NO_POSITIONS, Positions, Ranked, list_once
from chalicelib.model import Opinion, Play, RecommendedTrack, Track, TrackName
from chalicelib.recommend.agreement import (
    REACH_RANK,
    Numbers,
    measure_affinity,
    measure_reach,
    score_agreement,
    shortlist_candidates,
    vary_by_day,
)
from chalicelib.recommend.arms import Taste
from chalicelib.recommend.diversity import Candidates, Picked, count_worn_out, find_least_served, pick_diverse
from chalicelib.recommend.duplicates import KnownSongs
from chalicelib.recommend.reasons import Cause, explain_picks
from chalicelib.recommend.taste import PlayedTrack, group_by_track, list_telling_tracks, weigh_plays
from chalicelib.workflows.ask_together import NamesOf, Nearby, NearestTo, Steps, TracksOf
from chalicelib.workflows.compare_sounds import gather_sounds
from chalicelib.workflows.find_neighbours import gather_vectors
from chalicelib.workflows.search_meter import SearchMeter

RECENT_TRACKS_KEPT_OUT = 10  # in a library so small that hardly anything else is left
FEW = 10  # songs: a list under this looks further back for songs to play again
NEIGHBOURS_EACH = 60
READ_PER_PICK = 4  # candidates read from the store for each song of the list
LOOKS = 3  # each four times as wide as the one before
LEAST_SERVED = 5  # played songs that a look beyond a taste worn out is around


@dataclass(frozen=True, slots=True)
class Listener:
    user_id: str
    day: date
    recent: Sequence[Play]  # newest first
    opinions: Mapping[str, Opinion]


@dataclass(frozen=True, slots=True)
class Seeds:
    """What the neighbours are looked for by. Parallel: one of each per played (or liked) track that has a vector."""

    played: tuple[PlayedTrack, ...]
    tracks: tuple[TrackName, ...]
    vectors: Vectors  # (m, d) standardized
    weights: Numbers  # (m,)
    reaches: Numbers  # (m,)

    @property
    def liked(self) -> npt.NDArray[np.intp]:
        """Rows of those that speak for more of their kind."""
        return np.flatnonzero(self.weights > 0)

    def name_cause(self, row: int) -> Cause:
        events = self.played[row].event_ids
        return Cause(self.tracks[row], "played", events[0]) if events else Cause(self.tracks[row], "liked")


@dataclass(frozen=True, slots=True)
class Aim:
    """What candidates are measured against, and which of it neighbours are looked for around: each seed, or one average."""

    vectors: Vectors
    weights: Numbers
    reaches: Numbers


def gather_seeds(listener: Listener, catalogue: Catalogue, meter: SearchMeter) -> Steps[Seeds]:
    """The last tracks played and some that are liked: those that are still there and have a vector."""
    active: dict[str, TrackName] = yield NamesOf(list_telling_tracks(listener.recent, listener.opinions))
    weighed = weigh_plays(listener.recent, listener.opinions, {track_id: track.duration_s for track_id, track in active.items()})
    located = [(each, active[each.track_id]) for each in weighed if each.track_id in active]
    vectors = yield from _gather_vectors([track.track_id for _, track in located], catalogue)
    with_vectors = [(each, track, vectors[track.track_id]) for each, track in located if track.track_id in vectors]
    matrix = np.array([vector for _, _, vector in with_vectors], dtype=np.float32)
    nearby: Nearby = yield NearestTo(catalogue, matrix, REACH_RANK + 1, NO_POSITIONS)
    meter.note(nearby)
    return Seeds(
        played=tuple(each for each, _, _ in with_vectors),
        tracks=tuple(track for _, track, _ in with_vectors),
        vectors=matrix,
        weights=np.array([each.weight for each, _, _ in with_vectors]),
        reaches=np.array([_measure_own_reach(*pair, catalogue) for pair in zip(with_vectors, nearby.ranked, strict=True)]),
    )


def _gather_vectors(track_ids: Sequence[str], catalogue: Catalogue) -> Steps[dict[str, Vectors]]:
    """Those that are not in the catalogue, hardly ever any, are read whole."""
    found = catalogue.vectors_of(track_ids)
    missing = [track_id for track_id in track_ids if track_id not in found]
    if not missing:
        return found
    tracks: dict[str, Track] = yield TracksOf(missing)
    made = yield from gather_vectors(catalogue, list(tracks.values()))
    return found | made


def _measure_own_reach(located: tuple[PlayedTrack, TrackName, Vectors], near: Ranked, catalogue: Catalogue) -> float:
    """Of a track, which is not among its own neighbours."""
    _, track, _ = located
    places, distances = near
    others = distances[catalogue.name_places(places) != track.track_id.encode()]
    return measure_reach(others[:REACH_RANK].tolist())


def list_events(recent: Sequence[Play], seeds: Seeds) -> tuple[str, ...]:
    """Ids of the plays that the seeds rest on, in the order of `recent`."""
    used = {event_id for each in seeds.played for event_id in each.event_ids}
    return tuple(play.event_id for play in recent if play.event_id in used)


def rank_near_plays(
    seeds: Seeds, listener: Listener, catalogue: Catalogue, *, count: int, taste: Taste, meter: SearchMeter
) -> Steps[tuple[RecommendedTrack, ...]]:
    """Nothing where no seed speaks for more of its kind, or nothing is left that was not played lately."""
    if not len(seeds.liked):
        return ()
    aim = (yield from _average(seeds, catalogue, meter)) if taste == "mean" else Aim(seeds.vectors, seeds.weights, seeds.reaches)
    ranking = Ranking(seeds=seeds, aim=aim, listener=listener, catalogue=catalogue, count=count, meter=meter)
    heard = list(group_by_track(listener.recent))
    unwelcome = {track_id for track_id, opinion in listener.opinions.items() if opinion in ("dislike", "not_now")}
    unwelcome.update(each.track_id for each in seeds.played if each.weight <= 0 or not each.event_ids)  # skipped, or liked and known
    items = yield from ranking.look_wider(unwelcome.union(heard))
    if len(items) < min(FEW, count) and len(heard) > RECENT_TRACKS_KEPT_OUT:
        items = yield from ranking.look_wider(unwelcome.union(heard[:RECENT_TRACKS_KEPT_OUT]))
    return items


def _average(seeds: Seeds, catalogue: Catalogue, meter: SearchMeter) -> Steps[Aim]:
    """The classic way, as an arm to compare with: one point amid all that the listener likes."""
    liked = seeds.liked
    mean = np.average(seeds.vectors[liked], axis=0, weights=seeds.weights[liked]).astype(np.float32)
    own = catalogue.find_places(each.track_id for each in seeds.tracks)
    nearby: Nearby = yield NearestTo(catalogue, mean[np.newaxis, :], REACH_RANK, own)
    meter.note(nearby)
    return Aim(mean[np.newaxis, :], np.ones(1), np.array([measure_reach(nearby.ranked[0][1].tolist())]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """One listener's list in the making; `excluded` are ids of tracks that must not be in it."""

    seeds: Seeds
    aim: Aim
    listener: Listener
    catalogue: Catalogue
    count: int
    meter: SearchMeter

    def look_wider(self, excluded: Collection[str]) -> Steps[tuple[RecommendedTrack, ...]]:
        """More neighbours of each until the list is full or there are no more: removed tracks, twins and full artists fall out. Where what
        was read could have filled it, had the listener not skipped so much that is alike, one look around what is least served is left."""
        picks, candidates, pool = list[Picked](), None, NO_POSITIONS
        queries, neighbours_each = self.aim.vectors[self.aim.weights > 0], NEIGHBOURS_EACH
        left_out = self.catalogue.find_places(excluded)
        for look in range(LOOKS):
            nearby: Nearby = yield NearestTo(self.catalogue, queries, neighbours_each, left_out)
            self.meter.note(nearby)
            pool = list_once([pool, *(places for places, _ in nearby.ranked)])
            if not len(pool):
                break
            candidates = yield from self._read_candidates(pool)
            picks = self._pick(candidates, excluded)
            missing = self.count - len(picks)
            is_worn_out = missing <= count_worn_out(candidates, self.aim.weights, picks)
            has_all = all(len(places) < neighbours_each for places, _ in nearby.ranked)
            if not missing or (is_worn_out and look) or has_all:
                break
            if is_worn_out:
                queries = self.aim.vectors[find_least_served(candidates, self.aim.weights, picks)[:LEAST_SERVED]]
            neighbours_each *= 4
        return (yield from self._explain(picks, candidates)) if candidates is not None else ()

    def _pick(self, candidates: Candidates, excluded: Collection[str]) -> list[Picked]:
        known = KnownSongs(self.catalogue.space)
        for track, unit in zip(self.seeds.tracks, scale_to_unit(self.seeds.vectors), strict=True):
            if track.track_id in excluded:
                known.add(track, unit)
        reach = float(np.median(self.seeds.reaches[self.seeds.liked]))
        return pick_diverse(candidates, self.aim.weights, count=self.count, reach=reach, known=known)

    def _read_candidates(self, pool: Positions) -> Steps[Candidates]:
        """Those of the pool that are most promising and still there: only they are read from the store. None that a dislike outweighs
        from the beginning: likes only wear off while the list grows, and it would take the place of one that can be picked."""
        units = self.catalogue.units_at(pool)
        affinity = measure_affinity(measure_distances_roughly(self.aim.vectors, units), self.aim.reaches)
        agreeing = np.flatnonzero(score_agreement(affinity, self.aim.weights) > 0)
        pool, units, affinity = pool[agreeing], units[agreeing], affinity[agreeing]
        variation = vary_by_day(self.catalogue.name_places(pool), user_id=self.listener.user_id, day=self.listener.day)
        promising = shortlist_candidates(affinity, self.aim.weights, variation, size=READ_PER_PICK * self.count)
        names = [raw.decode() for raw in self.catalogue.name_places(pool[promising]).tolist()]
        active: dict[str, TrackName] = yield NamesOf(names)
        there = [(row, active[name]) for row, name in zip(promising.tolist(), names, strict=True) if name in active]
        rows = np.array([row for row, _ in there], dtype=np.intp)
        return Candidates([track for _, track in there], units[rows], affinity[rows], variation[rows])

    def _explain(self, picks: Sequence[Picked], candidates: Candidates) -> Steps[tuple[RecommendedTrack, ...]]:
        if not picks:
            return ()
        liked = self.seeds.liked
        causes = [self.seeds.name_cause(row) for row in liked]
        distances = measure_distances_each(self.seeds.vectors[liked], candidates.units[[each.row for each in picks]])
        contributions = measure_affinity(distances, self.seeds.reaches[liked]) * self.seeds.weights[liked]
        explained = explain_picks(causes, distances, contributions, percentiles_of=self.catalogue.percentiles_of)
        unexplained = [(candidates.tracks[each.row].track_id, reasons) for each, reasons in zip(picks, explained, strict=True)]
        spoken = {reason.track_id for _, reasons in unexplained for reason in reasons}
        sounds = yield from gather_sounds([*(track_id for track_id, _ in unexplained), *sorted(spoken)], self.catalogue)
        return tuple(
            RecommendedTrack(track_id=track_id, score=each.score, reasons=reasons)
            for each, (track_id, _), reasons in zip(picks, unexplained, sounds.explain_each(unexplained), strict=True)
        )
