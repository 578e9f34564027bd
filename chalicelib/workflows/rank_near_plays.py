"""Songs near to what a listener played: seeds from the plays, neighbours of each, the most promising read, a diverse list with reasons.

The arithmetic is `recommend`'s, the search `index`'s; they meet here. What if there are no plays is `recommend_for_user.py`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from chalicelib.index.angular import measure_distances_each, scale_to_unit
from chalicelib.index.catalogue import Catalogue
from chalicelib.index.scaler import Vectors
from chalicelib.model import Opinion, Play, RecommendedTrack, Track
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
from chalicelib.recommend.reasons import Cause, explain_pick
from chalicelib.recommend.taste import PlayedTrack, group_by_track, weigh_plays
from chalicelib.workflows import ports
from chalicelib.workflows.compare_sounds import read_sounds
from chalicelib.workflows.find_neighbours import locate_vectors

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
    tracks: tuple[Track, ...]
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


def find_seeds(listener: Listener, catalogue: Catalogue, tracks: ports.TrackStore) -> Seeds:
    """The last tracks played and some that are liked: those that are still there and have a vector."""
    unweighed = weigh_plays(listener.recent, listener.opinions, {})
    active = tracks.find_many([each.track_id for each in unweighed])
    weighed = weigh_plays(listener.recent, listener.opinions, {track_id: track.duration_s for track_id, track in active.items()})
    located = [(each, active[each.track_id]) for each in weighed if each.track_id in active]
    vectors = locate_vectors(catalogue, [track for _, track in located], tracks)
    with_vectors = [(each, track, vectors[track.track_id]) for each, track in located if track.track_id in vectors]
    near = catalogue.search_others([track.track_id for _, track, _ in with_vectors], [vector for _, _, vector in with_vectors], REACH_RANK)
    return Seeds(
        played=tuple(each for each, _, _ in with_vectors),
        tracks=tuple(track for _, track, _ in with_vectors),
        vectors=np.array([vector for _, _, vector in with_vectors], dtype=np.float32),
        weights=np.array([each.weight for each, _, _ in with_vectors]),
        reaches=np.array([measure_reach([each.distance for each in found]) for found in near]),
    )


def list_events(recent: Sequence[Play], seeds: Seeds) -> tuple[str, ...]:
    """Ids of the plays that the seeds rest on, in the order of `recent`."""
    used = {event_id for each in seeds.played for event_id in each.event_ids}
    return tuple(play.event_id for play in recent if play.event_id in used)


def rank_near_plays(
    seeds: Seeds, listener: Listener, catalogue: Catalogue, tracks: ports.TrackStore, *, count: int, taste: Taste
) -> tuple[RecommendedTrack, ...]:
    """Nothing where no seed speaks for more of its kind, or nothing is left that was not played lately."""
    if not len(seeds.liked):
        return ()
    aim = _average(seeds, catalogue) if taste == "mean" else Aim(seeds.vectors, seeds.weights, seeds.reaches)
    ranking = Ranking(seeds=seeds, aim=aim, listener=listener, catalogue=catalogue, tracks=tracks, count=count)
    heard = list(group_by_track(listener.recent))
    unwelcome = {track_id for track_id, opinion in listener.opinions.items() if opinion in ("dislike", "not_now")}
    unwelcome.update(each.track_id for each in seeds.played if each.weight <= 0 or not each.event_ids)  # skipped, or liked and known
    items = ranking.look_wider(unwelcome.union(heard))
    if len(items) < min(FEW, count) and len(heard) > RECENT_TRACKS_KEPT_OUT:
        items = ranking.look_wider(unwelcome.union(heard[:RECENT_TRACKS_KEPT_OUT]))
    return items


def _average(seeds: Seeds, catalogue: Catalogue) -> Aim:
    """The classic way, as an arm to compare with: one point amid all that the listener likes."""
    liked = seeds.liked
    mean = np.average(seeds.vectors[liked], axis=0, weights=seeds.weights[liked]).astype(np.float32)
    near = catalogue.search(mean, REACH_RANK, exclude=[each.track_id for each in seeds.tracks])
    return Aim(mean[np.newaxis, :], np.ones(1), np.array([measure_reach([each.distance for each in near])]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """One listener's list in the making; `excluded` are ids of tracks that must not be in it."""

    seeds: Seeds
    aim: Aim
    listener: Listener
    catalogue: Catalogue
    tracks: ports.TrackStore
    count: int

    def look_wider(self, excluded: Collection[str]) -> tuple[RecommendedTrack, ...]:
        """More neighbours of each until the list is full or there are no more: removed tracks, twins and full artists fall out. Where what
        was read could have filled it, had the listener not skipped so much that is alike, one look around what is least served is left."""
        picks, candidates, pool = list[Picked](), None, set[str]()
        queries, neighbours_each = self.aim.vectors[self.aim.weights > 0], NEIGHBOURS_EACH
        for look in range(LOOKS):
            lists = self.catalogue.search_each(queries, neighbours_each, exclude=excluded)
            pool.update(each.track_id for found in lists for each in found)
            if not pool:
                break
            candidates = self._read_candidates(sorted(pool))
            picks = self._pick(candidates, excluded)
            missing = self.count - len(picks)
            is_worn_out = missing <= count_worn_out(candidates, self.aim.weights, picks)
            if not missing or (is_worn_out and look) or all(len(found) < neighbours_each for found in lists):
                break
            if is_worn_out:
                queries = self.aim.vectors[find_least_served(candidates, self.aim.weights, picks)[:LEAST_SERVED]]
            neighbours_each *= 4
        return self._explain(picks, candidates) if candidates is not None else ()

    def _pick(self, candidates: Candidates, excluded: Collection[str]) -> list[Picked]:
        known = KnownSongs()
        for track, unit in zip(self.seeds.tracks, scale_to_unit(self.seeds.vectors), strict=True):
            if track.track_id in excluded:
                known.add(track, unit)
        reach = float(np.median(self.seeds.reaches[self.seeds.liked]))
        return pick_diverse(candidates, self.aim.weights, count=self.count, reach=reach, known=known)

    def _read_candidates(self, pool: Sequence[str]) -> Candidates:
        """Those of the pool that are most promising and still there: only they are read from the store. None that a dislike outweighs
        from the beginning: likes only wear off while the list grows, and it would take the place of one that can be picked."""
        units = self.catalogue.units_of(pool)
        affinity = measure_affinity(measure_distances_each(self.aim.vectors, units), self.aim.reaches)
        agreeing = np.flatnonzero(score_agreement(affinity, self.aim.weights) > 0)
        pool, units, affinity = [pool[row] for row in agreeing.tolist()], units[agreeing], affinity[agreeing]
        variation = vary_by_day(pool, user_id=self.listener.user_id, day=self.listener.day)
        promising = shortlist_candidates(affinity, self.aim.weights, variation, size=READ_PER_PICK * self.count)
        active = self.tracks.find_names([pool[row] for row in promising])
        rows = np.array([row for row in promising if pool[row] in active], dtype=np.intp)
        return Candidates([active[pool[row]] for row in rows], units[rows], affinity[rows], variation[rows])

    def _explain(self, picks: Sequence[Picked], candidates: Candidates) -> tuple[RecommendedTrack, ...]:
        if not picks:
            return ()
        liked = self.seeds.liked
        causes = [self.seeds.name_cause(row) for row in liked]
        distances = measure_distances_each(self.seeds.vectors[liked], candidates.units[[each.row for each in picks]])
        contributions = measure_affinity(distances, self.seeds.reaches[liked]) * self.seeds.weights[liked]
        unexplained = [
            (
                candidates.tracks[each.row].track_id,
                explain_pick(causes, distances[place], contributions[place], percentile_of=self.catalogue.percentile_of),
            )
            for place, each in enumerate(picks)
        ]
        spoken = {reason.track_id for _, reasons in unexplained for reason in reasons}
        sounds = read_sounds([*(track_id for track_id, _ in unexplained), *sorted(spoken)], self.catalogue, self.tracks)
        return tuple(
            RecommendedTrack(track_id=track_id, score=each.score, reasons=reasons)
            for each, (track_id, _), reasons in zip(picks, unexplained, sounds.explain_each(unexplained), strict=True)
        )
