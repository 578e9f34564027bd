"""A listener's list: near to what was played, with reasons; random songs for someone new. Stores nothing.

Reads a bounded number of plays, opinions and tracks at any size of catalogue. The same state and day give the same list.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from chalicelib.model import Opinion, Play, RecommendationList, RecommendedTrack
from chalicelib.recommend.agreement import draw_day_point
from chalicelib.recommend.arms import Arm, Experiment, Taste, choose_arm
from chalicelib.recommend.taste import group_by_track
from chalicelib.recommend.variety import vary_artists
from chalicelib.way_model import IndexSearch
from chalicelib.workflows import ports
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.metered_catalogue import MeteredCatalogue
from chalicelib.workflows.rank_near_plays import Listener, find_seeds, list_events, rank_near_plays

RECENT_PLAYS = 200  # events that are read: taste rests on the last tracks among them, and none of them is recommended
STORED_SONGS = 60  # what home shows: a first row and a few that each have a play as their reason


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
    arm = choose_arm(user_id, experiment) if experiment is not None else Arm(taste, taste, 1)
    made = _recommend(
        user_id,
        users=users,
        plays=plays,
        feedback=feedback,
        tracks=tracks,
        index=index,
        now=now,
        count=count,
        taste=arm.taste,
        monotonic=monotonic,
    )
    return replace(made, experiment=experiment.name if experiment is not None else None, arm=arm.name)


def _recommend(
    user_id: str,
    *,
    users: ports.UserStore | None,
    plays: ports.PlayStore,
    feedback: ports.FeedbackStore,
    tracks: ports.TrackStore,
    index: CurrentIndex,
    now: datetime,
    count: int,
    taste: Taste,
    monotonic: Callable[[], float],
) -> RecommendationList:
    recent = _list_telling(user_id, users=users, plays=plays)
    opinions = feedback.for_user(user_id, now=now)
    has_taste = bool(recent) or "like" in opinions.values()
    opened = index.open_catalogue(tracks) if has_taste else None
    search: IndexSearch | None = None
    if opened is not None:
        catalogue = MeteredCatalogue(opened, monotonic)
        listener = Listener(user_id, now.date(), recent, opinions)
        seeds = find_seeds(listener, catalogue, tracks)
        items = rank_near_plays(seeds, listener, catalogue, tracks, count=count, taste=taste)
        search = catalogue.read_meter()
        if items:
            return RecommendationList(
                user_id=user_id,
                items=items,
                basis="plays",
                play_event_ids=list_events(recent, seeds),
                index_build=catalogue.build_id,
                generated_at=now,
                search=search,
            )
    at_random = recommend_at_random(user_id, recent=recent, opinions=opinions, tracks=tracks, now=now, count=count)
    return replace(at_random, search=search)


def _list_telling(user_id: str, *, users: ports.UserStore | None, plays: ports.PlayStore) -> list[Play]:
    """The last plays, newest first, but none from before the listener began their taste anew."""
    recent = plays.recent(user_id, limit=RECENT_PLAYS)
    user = users.find(user_id) if users is not None else None
    since = user.taste_reset_at if user is not None else None
    return recent if since is None else [play for play in recent if play.occurred_at > since]


def recommend_at_random(
    user_id: str, *, recent: Sequence[Play], opinions: Mapping[str, Opinion], tracks: ports.TrackStore, now: datetime, count: int
) -> RecommendationList:
    """Songs from the fixed random order, beginning where this listener's day does: unheard ones first, never one that is unwelcome."""
    heard = set(group_by_track(recent))
    found = tracks.sample(3 * count + len(heard), start=draw_day_point(user_id=user_id, day=now.date()))
    welcome = [track for track in found if opinions.get(track.track_id) not in ("dislike", "not_now")]
    unheard = [track for track in welcome if track.track_id not in heard]
    chosen = vary_artists(unheard or welcome)[:count]
    return RecommendationList(
        user_id=user_id,
        items=tuple(RecommendedTrack(track_id=track.track_id, score=0.0, reasons=()) for track in chosen),
        basis="random",
        play_event_ids=(),
        index_build=None,
        generated_at=now,
    )
