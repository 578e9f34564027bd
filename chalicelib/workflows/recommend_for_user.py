"""A listener's list: near to what was played, with reasons; random songs for someone new. Stores nothing.

Reads a bounded number of plays, opinions and tracks at any size of catalogue. The same state and day give the same list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.model import Opinion, Play, RecommendationList, RecommendedTrack
from chalicelib.recommend.agreement import draw_day_point
from chalicelib.recommend.taste import group_by_track
from chalicelib.recommend.variety import vary_artists
from chalicelib.workflows import ports
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.rank_near_plays import Listener, Taste, find_seeds, list_events, rank_near_plays

RECENT_PLAYS = 200  # events that are read: taste rests on the last tracks among them, and none of them is recommended


def recommend_for_user(
    user_id: str,
    *,
    plays: ports.PlayStore,
    feedback: ports.FeedbackStore,
    tracks: ports.TrackStore,
    index: CurrentIndex,
    now: datetime,
    count: int = 30,
    taste: Taste = "plays",
) -> RecommendationList:
    """At most `count` songs with reasons (basis `plays`), or random ones (basis `random`) for who has played nothing yet, liked nothing
    of it, or heard it all. `taste="mean"` looks around the average of the played songs instead of around each."""
    recent = plays.recent(user_id, limit=RECENT_PLAYS)
    opinions = feedback.for_user(user_id)
    catalogue = index.open_catalogue(tracks) if recent else None
    if catalogue is not None:
        listener = Listener(user_id, now.date(), recent, opinions)
        seeds = find_seeds(listener, catalogue, tracks)
        items = rank_near_plays(seeds, listener, catalogue, tracks, count=count, taste=taste)
        if items:
            return RecommendationList(
                user_id=user_id,
                items=items,
                basis="plays",
                play_event_ids=list_events(recent, seeds),
                index_build=catalogue.build_id,
                generated_at=now,
            )
    return recommend_at_random(user_id, recent=recent, opinions=opinions, tracks=tracks, now=now, count=count)


def recommend_at_random(
    user_id: str, *, recent: Sequence[Play], opinions: Mapping[str, Opinion], tracks: ports.TrackStore, now: datetime, count: int
) -> RecommendationList:
    """Songs from the fixed random order, beginning where this listener's day does: unheard ones first, never a disliked one."""
    heard = set(group_by_track(recent))
    found = tracks.sample(3 * count + len(heard), start=draw_day_point(user_id=user_id, day=now.date()))
    liked = [track for track in found if opinions.get(track.track_id) != "dislike"]
    unheard = [track for track in liked if track.track_id not in heard]
    chosen = vary_artists(unheard or liked)[:count]
    return RecommendationList(
        user_id=user_id,
        items=tuple(RecommendedTrack(track_id=track.track_id, score=0.0, reasons=()) for track in chosen),
        basis="random",
        play_event_ids=(),
        index_build=None,
        generated_at=now,
    )
