"""A listener's list: near to what was played, with reasons; random songs for someone new. Stores nothing.

Reads a bounded number of plays, opinions and tracks at any size of catalogue. The same state and day give the same list, whether it is made
alone or beside others (`recommend_for_users`, which reads for all of them at once).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from chalicelib.index.catalogue import Catalogue
from chalicelib.model import Opinion, Play, RecommendationList, RecommendedTrack, Track
from chalicelib.recommend.arms import Arm, Experiment, Taste, choose_arm
from chalicelib.recommend.day import draw_day_point
from chalicelib.recommend.taste import group_by_track
from chalicelib.recommend.variety import vary_artists
from chalicelib.way_model import IndexSearch
from chalicelib.workflows import ports
from chalicelib.workflows.ask_together import Reader, Steps, run_alone, run_together
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.rank_near_plays import Listener, gather_seeds, list_events, rank_near_plays
from chalicelib.workflows.search_meter import SearchMeter

RECENT_PLAYS = 200  # events that are read: taste rests on the last tracks among them, and none of them is recommended
STORED_SONGS = 60  # what home shows: a first row and a few that each have a play as their reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What all lists that are made together have in common."""

    now: datetime
    count: int = STORED_SONGS
    experiment: Experiment | None = None
    taste: Taste = "plays"  # where there is no experiment


@dataclass(frozen=True, slots=True)
class _StateOf:
    """→ ports.ListenerState."""

    user_id: str


@dataclass(frozen=True, slots=True)
class _Opening:
    """→ Catalogue | None: what is searched now."""


@dataclass(frozen=True, slots=True)
class _SampleOf:
    """→ list[Track]."""

    count: int
    start: float


def recommend_for_user(
    user_id: str,
    *,
    users: ports.UserStore | None = None,
    plays: ports.PlayStore,
    feedback: ports.FeedbackStore,
    tracks: ports.TrackStore,
    index: CurrentIndex,
    now: datetime,
    count: int = STORED_SONGS,
    experiment: Experiment | None = None,
    taste: Taste = "plays",
    monotonic: Callable[[], float] = time.perf_counter,
) -> RecommendationList:
    """At most `count` songs with reasons (basis `plays`), or random ones (basis `random`) for who has played and liked nothing yet, skipped
    all of it, or heard it all. `users` knows since when a listener's plays count for their taste; without
    it all of them do. `taste="mean"` looks around the average of the played songs instead of around each; an experiment deals the
    listeners their taste, and its arm is told with the list."""
    reader = _open_reader(tracks, index, monotonic)
    reader.add(_StateOf, lambda asks: [_read_state(ask.user_id, users, plays, feedback, now) for ask in asks])
    return run_alone(_make_list(user_id, Wish(now=now, count=count, experiment=experiment, taste=taste)), reader)


def recommend_for_users(
    user_ids: Sequence[str],
    *,
    listeners: ports.ListenerStore,
    tracks: ports.TrackStore,
    index: CurrentIndex,
    now: datetime,
    experiment: Experiment | None = None,
    monotonic: Callable[[], float] = time.perf_counter,
) -> dict[str, RecommendationList | Exception]:
    """The lists of several, or why there is none. One that cannot be made takes nothing from the others."""
    reader = _open_reader(tracks, index, monotonic)

    def read_states(asks: Sequence[_StateOf]) -> list[ports.ListenerState]:
        found = listeners.read_states([ask.user_id for ask in asks], plays=RECENT_PLAYS, now=now)
        return [found[ask.user_id] for ask in asks]

    reader.add(_StateOf, read_states)
    wish = Wish(now=now, experiment=experiment)
    return run_together({user_id: _make_list(user_id, wish) for user_id in user_ids}, reader)


def recommend_at_random(
    user_id: str, *, recent: Sequence[Play], opinions: Mapping[str, Opinion], tracks: ports.TrackStore, now: datetime, count: int
) -> RecommendationList:
    """What who has no taste yet gets."""
    reader = Reader(tracks)
    reader.add(_SampleOf, lambda asks: [tracks.sample(ask.count, start=ask.start) for ask in asks])
    return run_alone(_recommend_at_random(Listener(user_id, now.date(), recent, opinions), Wish(now=now, count=count)), reader)


def _open_reader(tracks: ports.TrackStore, index: CurrentIndex, monotonic: Callable[[], float]) -> Reader:
    reader = Reader(tracks, monotonic)
    reader.add(_Opening, lambda asks: [index.open_catalogue(tracks)] * len(asks))
    reader.add(_SampleOf, lambda asks: [tracks.sample(ask.count, start=ask.start) for ask in asks])
    return reader


def _read_state(
    user_id: str, users: ports.UserStore | None, plays: ports.PlayStore, feedback: ports.FeedbackStore, now: datetime
) -> ports.ListenerState:
    recent = plays.recent(user_id, limit=RECENT_PLAYS)
    user = users.find(user_id) if users is not None else None
    return ports.ListenerState(tuple(recent), feedback.for_user(user_id, now=now), user.taste_reset_at if user is not None else None)


def _make_list(user_id: str, wish: Wish) -> Steps[RecommendationList]:
    arm = choose_arm(user_id, wish.experiment) if wish.experiment is not None else Arm(wish.taste, wish.taste, 1)
    state: ports.ListenerState = yield _StateOf(user_id)
    since = state.taste_reset_at  # plays from before the listener began their taste anew say nothing
    recent = [play for play in state.recent if since is None or play.occurred_at > since]
    listener = Listener(user_id, wish.now.date(), recent, state.opinions)
    made, search = yield from _recommend_near(listener, wish, arm.taste)
    if made is None:
        made = yield from _recommend_at_random(listener, wish)
    experiment = wish.experiment.name if wish.experiment is not None else None
    return replace(made, search=search, experiment=experiment, arm=arm.name)


def _recommend_near(listener: Listener, wish: Wish, taste: Taste) -> Steps[tuple[RecommendationList | None, IndexSearch | None]]:
    """With what the search took. None where there is no taste yet, no index, or nothing near."""
    has_taste = bool(listener.recent) or "like" in listener.opinions.values()
    catalogue: Catalogue | None = (yield _Opening()) if has_taste else None
    if catalogue is None:
        return None, None
    meter = SearchMeter()
    seeds = yield from gather_seeds(listener, catalogue, meter)
    items = yield from rank_near_plays(seeds, listener, catalogue, count=wish.count, taste=taste, meter=meter)
    if not items:
        return None, meter.read()
    made = RecommendationList(
        user_id=listener.user_id,
        items=items,
        basis="plays",
        play_event_ids=list_events(listener.recent, seeds),
        index_build=catalogue.build_id,
        generated_at=wish.now,
    )
    return made, meter.read()


def _recommend_at_random(listener: Listener, wish: Wish) -> Steps[RecommendationList]:
    """Songs from the fixed random order, beginning where this listener's day does: unheard ones first, never one that is unwelcome."""
    heard = set(group_by_track(listener.recent))
    start = draw_day_point(user_id=listener.user_id, day=listener.day)
    found: list[Track] = yield _SampleOf(3 * wish.count + len(heard), start)
    welcome = [track for track in found if listener.opinions.get(track.track_id) not in ("dislike", "not_now")]
    unheard = [track for track in welcome if track.track_id not in heard]
    chosen = vary_artists(unheard or welcome)[: wish.count]
    return RecommendationList(
        user_id=listener.user_id,
        items=tuple(RecommendedTrack(track_id=track.track_id, score=0.0, reasons=()) for track in chosen),
        basis="random",
        play_event_ids=(),
        index_build=None,
        generated_at=wish.now,
    )
