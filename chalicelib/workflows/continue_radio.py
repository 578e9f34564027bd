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
from chalicelib.model import Play, TrackCard, TrackName
from chalicelib.recommend.agreement import Numbers, vary_by_day
from chalicelib.recommend.day import draw_day_point
from chalicelib.recommend.duplicates import KnownSongs, name_artist
from chalicelib.recommend.radio import Course, RadioPool, find_barred, list_promising, pick_next, set_aim
from chalicelib.recommend.reasons import Cause, explain_pick
from chalicelib.recommend.taste import list_telling_tracks, weigh_plays
from chalicelib.workflows import ports
from chalicelib.workflows.compare_sounds import read_sounds
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.locate_songs import LocatedSongs, find_around, locate_known, locate_named
from chalicelib.workflows.rank_near_plays import Listener
from chalicelib.workflows.show_home import OfferedTrack

HEARD_COUNTED, SKIPPED_COUNTED = 5, 8  # of the last ones: what the aim rests on
SESSION = timedelta(hours=3)  # plays within it belong to what is on
PLAYS_READ = 120
NEAR = 60
LOOKS = 3  # each four times as wide as the one before
WIDEST = NEAR * 4 ** (LOOKS - 1)
CHOICE = 4  # songs that are neither heard nor barred for each that is asked for: among fewer it looks wider
READ_MOST = 100  # names of candidates, the most promising
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
    seed: TrackCard | None  # to be given with the next question; None: there is no music, or no index
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
    strongest = _list_strongest(listener, catalogue, tracks)
    located = strongest if strongest.tracks else locate_known(tracks.sample(3, start=point), catalogue, tracks)
    place = int(point * len(strongest.tracks))
    return LocatedSongs(located.tracks[place : place + 1], located.units[place : place + 1]) if located.tracks else None


def _list_strongest(listener: Listener, catalogue: Catalogue, tracks: ports.TrackStore) -> LocatedSongs:
    """The songs that speak for most of their kind, strongest first."""
    telling = list_telling_tracks(listener.recent, listener.opinions)
    active = tracks.find_cards(telling) if telling else {}
    durations = {track_id: track.duration_s for track_id, track in active.items()}
    weighed = [each for each in weigh_plays(listener.recent, listener.opinions, durations) if each.track_id in active and each.weight > 0]
    by_weight = sorted(weighed, key=lambda each: -each.weight)
    located = locate_known([active[each.track_id] for each in by_weight], catalogue, tracks)
    return LocatedSongs(located.tracks[:STRONGEST_SEEDS], located.units[:STRONGEST_SEEDS])


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
        points = np.array([set_aim(course), self.seed.units[0]])
        for near in (NEAR * 4**look for look in range(LOOKS)):
            # What was heard is taken out afterwards, so that the seed's question stays the same; at last it is not counted at all.
            around = find_around(self.catalogue, points, near, exclude=excluded if near == WIDEST else ())
            unheard = [row for row, track_id in enumerate(around.ids) if track_id not in excluded]
            pool, units = [around.ids[row] for row in unheard], around.units[unheard]
            is_last = around.is_all or near == WIDEST
            if is_last or np.count_nonzero(~find_barred(units, course)) >= CHOICE * count:
                picked = self._pick(pool, units, course, named, count=count)
            if len(picked) >= count or around.is_all:
                break
        return self._explain(picked)

    def _set_course(self) -> Course:
        reach = float(self.seed.measure_reaches(self.catalogue)[0])
        heard, skipped = self._units_of(self.so_far.heard[-HEARD_COUNTED:]), self._units_of(self.so_far.skipped[-SKIPPED_COUNTED:])
        return Course(self.seed.units, heard, skipped, reach)

    def _units_of(self, track_ids: Sequence[str]) -> Numbers:
        known = [track_id for track_id in track_ids if self.catalogue.vector_of(track_id) is not None]
        return self.catalogue.units_of(known)

    def _pick(
        self, pool: Sequence[str], units: Numbers, course: Course, named: dict[str, TrackName], *, count: int
    ) -> list[tuple[TrackName, Numbers]]:
        if not pool:
            return []
        variation = vary_by_day(pool, user_id=self.user_id, day=self.now.date())
        promising = list_promising(units, variation, course, most=READ_MOST)
        active = self.tracks.find_names([pool[row] for row in promising])
        rows = [row for row in promising if pool[row] in active]
        if not rows:
            return []
        names = [active[pool[row]] for row in rows]
        known = KnownSongs(self.catalogue.space)
        known.add(self.seed.tracks[0], self.seed.units[0])
        for name in named.values():
            known.add(name, None)
        artists = [name_artist(named[track_id]) for track_id in self.so_far.heard if track_id in named] or [
            name_artist(self.seed.tracks[0])
        ]
        picked = pick_next(RadioPool(names, units[rows], variation[rows]), course, count=count, known=known, last_artists=artists)
        return [(names[place], units[rows[place]]) for place in picked]

    def _explain(self, picked: Sequence[tuple[TrackName, Numbers]]) -> tuple[OfferedTrack, ...]:
        if not picked:
            return ()
        cause, seed_unit = Cause(self.seed.tracks[0], "chosen"), self.seed.units[0]
        ids = [name.track_id for name, _ in picked]
        found = self.tracks.find_cards(ids)
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
