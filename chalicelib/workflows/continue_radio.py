"""The next few songs of an endless radio. Keeps nothing: where the radio stands is told by who listens, song by song, and by what their
stored plays say of the last hours, so that a reload, another device or a client that tells nothing hears no song twice.

The same seed, songs and day give the same songs. What is chosen among the candidates is `recommend.radio`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np

from chalicelib.index.catalogue import Catalogue
from chalicelib.model import Play, Track, TrackName
from chalicelib.recommend.agreement import Numbers, draw_day_point, vary_by_day
from chalicelib.recommend.duplicates import KnownSongs, name_artist
from chalicelib.recommend.radio import Course, RadioPool, pick_next, set_aim
from chalicelib.recommend.reasons import Cause, explain_pick
from chalicelib.workflows import ports
from chalicelib.workflows.compare_sounds import read_sounds
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.locate_songs import LocatedSongs, locate_known, locate_named
from chalicelib.workflows.rank_near_plays import Listener, find_seeds
from chalicelib.workflows.show_home import OfferedTrack

HEARD_COUNTED, SKIPPED_COUNTED = 5, 8  # of the last ones: what the aim rests on
SESSION = timedelta(hours=3)  # plays within it belong to what is on
PLAYS_READ = 120
NEAR = 80
LOOKS = 3  # each four times as wide as the one before
STRONGEST_SEEDS = 5  # that a radio without a seed begins with one of


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioStores:
    tracks: ports.TrackStore
    plays: ports.PlayStore
    feedback: ports.FeedbackStore
    index: CurrentIndex


class RadioSoFar(msgspec.Struct, frozen=True, kw_only=True):
    """As the listener's player has it; songs by id, oldest first."""

    seed_id: str | None = None  # None: what the listener's plays speak for
    heard: tuple[str, ...] = ()  # and not skipped
    skipped: tuple[str, ...] = ()


class RadioTurn(msgspec.Struct, frozen=True, kw_only=True):
    seed: Track | None  # to be given with the next question; None: there is no music, or no index
    items: tuple[OfferedTrack, ...] = ()  # none: every song was heard


def continue_radio(user_id: str, so_far: RadioSoFar, stores: RadioStores, *, count: int, now: datetime) -> RadioTurn:
    """NotFoundError where the seed is no active track."""
    catalogue = stores.index.open_catalogue(stores.tracks)
    if catalogue is None:
        return RadioTurn(seed=None)
    recent = stores.plays.recent(user_id, limit=PLAYS_READ)
    opinions = stores.feedback.for_user(user_id, now=now)
    seed = _find_seed(Listener(user_id, now.date(), recent, opinions), so_far.seed_id, catalogue, stores.tracks)
    if seed is None:
        return RadioTurn(seed=None)
    so_far = _add_stored(so_far, [play for play in recent if play.occurred_at > now - SESSION])
    unwelcome = {track_id for track_id, opinion in opinions.items() if opinion in ("dislike", "not_now")}
    session = _Session(user_id, seed, so_far, catalogue, stores.tracks, now)
    return RadioTurn(seed=seed.tracks[0], items=session.choose(unwelcome, count=count))


def _find_seed(listener: Listener, seed_id: str | None, catalogue: Catalogue, tracks: ports.TrackStore) -> LocatedSongs | None:
    """The named song; else one of the day among those that the listener's plays speak for most; else any song of the day."""
    if seed_id is not None:
        named = locate_named([seed_id], catalogue, tracks)
        return named if named.tracks else None
    point = draw_day_point(user_id=listener.user_id, day=listener.day)
    seeds = find_seeds(listener, catalogue, tracks) if listener.recent or "like" in listener.opinions.values() else None
    if seeds is not None and len(seeds.liked):
        strongest = seeds.liked[np.argsort(-seeds.weights[seeds.liked], kind="stable")][:STRONGEST_SEEDS]
        return locate_known([seeds.tracks[strongest[int(point * len(strongest))]]], catalogue, tracks)
    drawn = locate_known(tracks.sample(3, start=point), catalogue, tracks)
    return LocatedSongs(drawn.tracks[:1], drawn.units[:1]) if drawn.tracks else None


def _add_stored(so_far: RadioSoFar, recent: Sequence[Play]) -> RadioSoFar:
    """`recent` newest first. What the player tells comes last: it knows what has not been stored yet."""
    oldest_first = list(reversed(recent))
    skipped = dict.fromkeys([*(play.track_id for play in oldest_first if play.kind == "skip"), *so_far.skipped])
    heard = dict.fromkeys([*(play.track_id for play in oldest_first if play.kind != "skip"), *so_far.heard])
    only_heard = tuple(track_id for track_id in heard if track_id not in skipped)
    return msgspec.structs.replace(so_far, heard=only_heard, skipped=tuple(skipped))


@dataclass(frozen=True, slots=True)
class _Session:
    user_id: str
    seed: LocatedSongs
    so_far: RadioSoFar
    catalogue: Catalogue
    tracks: ports.TrackStore
    now: datetime

    def choose(self, unwelcome: Collection[str], *, count: int) -> tuple[OfferedTrack, ...]:
        """Looks wider until there are enough, or that was all."""
        course = self._set_course()
        excluded = {*self.seed.ids, *self.so_far.heard, *self.so_far.skipped, *unwelcome}
        named = self.tracks.find_names([*self.so_far.heard, *self.so_far.skipped])
        picked: list[tuple[TrackName, Numbers]] = []
        near = NEAR
        for _ in range(LOOKS):
            found = self.catalogue.search_each(
                [set_aim(course).astype(np.float32), self.seed.units[0].astype(np.float32)], near, exclude=excluded
            )
            pool = sorted({each.track_id for one in found for each in one})
            picked = self._pick(pool, course, named, count=count)
            if len(picked) >= count or all(len(one) < near for one in found):
                break
            near *= 4
        return self._explain(picked)

    def _set_course(self) -> Course:
        reach = float(self.seed.measure_reaches(self.catalogue)[0])
        heard, skipped = self._units_of(self.so_far.heard[-HEARD_COUNTED:]), self._units_of(self.so_far.skipped[-SKIPPED_COUNTED:])
        return Course(self.seed.units, heard, skipped, 1.5 * reach)

    def _units_of(self, track_ids: Sequence[str]) -> Numbers:
        known = [track_id for track_id in track_ids if self.catalogue.vector_of(track_id) is not None]
        return self.catalogue.units_of(known)

    def _pick(self, pool: Sequence[str], course: Course, named: dict[str, TrackName], *, count: int) -> list[tuple[TrackName, Numbers]]:
        active = self.tracks.find_names(pool)
        there = [track_id for track_id in pool if track_id in active]
        if not there:
            return []
        units = self.catalogue.units_of(there)
        names = [active[track_id] for track_id in there]
        known = KnownSongs()
        known.add(self.seed.tracks[0], self.seed.units[0])
        for name in named.values():
            known.add(name, None)
        variation = vary_by_day(there, user_id=self.user_id, day=self.now.date())
        artists = [name_artist(named[track_id]) for track_id in self.so_far.heard if track_id in named] or [
            name_artist(self.seed.tracks[0])
        ]
        rows = pick_next(RadioPool(names, units, variation), course, count=count, known=known, last_artists=artists)
        return [(names[row], units[row]) for row in rows]

    def _explain(self, picked: Sequence[tuple[TrackName, Numbers]]) -> tuple[OfferedTrack, ...]:
        if not picked:
            return ()
        cause, seed_unit = Cause(self.seed.tracks[0], "chosen"), self.seed.units[0]
        ids = [name.track_id for name, _ in picked]
        found = self.tracks.find_many(ids)
        reasons = [
            explain_pick([cause], np.array([np.linalg.norm(unit - seed_unit)]), np.ones(1), percentile_of=self.catalogue.percentile_of)
            for _, unit in picked
        ]
        told = read_sounds([*ids, cause.track.track_id], self.catalogue, self.tracks).explain_each(list(zip(ids, reasons, strict=True)))
        return tuple(
            OfferedTrack(track=found[track_id], score=0.0, reasons=why)
            for track_id, why in zip(ids, told, strict=True)
            if track_id in found
        )
