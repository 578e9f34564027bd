"""Listening as pages and API share it: the visit's stores and settings handed to the workflows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from chalicelib.model import Opinion, Page, Play, Track, TrackCard
from chalicelib.recommend.arms import read_experiment
from chalicelib.recommend.day import draw_day_point
from chalicelib.web import shapes
from chalicelib.web.presenters import present_neighbour
from chalicelib.web.visit import Visit
from chalicelib.workflows import list_history
from chalicelib.workflows.give_feedback import give_feedback
from chalicelib.workflows.list_history import PlayedTrack
from chalicelib.workflows.player_ports import ListeningStore
from chalicelib.workflows.record_play import record_play
from chalicelib.workflows.show_home import Home, Offer, Standing, compose_home, draw_picks, read_standing, show_home
from chalicelib.workflows.show_way import Way, find_last_move, trace_move


def make_offer(visit: Visit, *, limit: int) -> Offer:
    return show_home(_read_standing(visit), tracks=visit.stores.tracks(), limit=limit, start=_draw_of_day(visit), now=visit.now)


def make_home(visit: Visit, *, seen: Collection[str]) -> tuple[Home, Way | None]:
    """With the way of what moved last, whose song is read along with the others."""
    stores = visit.stores
    standing = _read_standing(visit, listening=stores.listening())
    moved = find_last_move(visit.listener.user_id, uploads=stores.uploads(), last_play=standing.last_play)
    named = (moved.track_id,) if moved is not None and moved.track_id else ()
    home = compose_home(standing, tracks=stores.tracks(), start=_draw_of_day(visit), seen=seen, named=named, now=visit.now)
    return home, trace_move(moved, home.titles)


def _draw_of_day(visit: Visit) -> float:
    """Looked at again, the random songs are the same until tomorrow, or until a play or an opinion changes what fits."""
    return draw_day_point(user_id=visit.listener.user_id, day=visit.now.date())


def make_picks(visit: Visit, *, seen: Collection[str]) -> tuple[Track, ...]:
    return draw_picks(_read_standing(visit), tracks=visit.stores.tracks(), start=visit.wiring.draw(), seen=seen)


def _read_standing(visit: Visit, *, listening: ListeningStore | None = None) -> Standing:
    stores = visit.stores
    return read_standing(
        visit.listener.user_id,
        plays=stores.plays(),
        feedback=stores.feedback(),
        recommendations=stores.recommendations(),
        listening=listening,
        now=visit.now,
    )


def give_opinion(visit: Visit, track_id: str, opinion: Opinion) -> datetime | None:
    """Until when it holds. The first like of someone new brings their first recommendations about."""
    stores, user_id = visit.stores, visit.listener.user_id
    until = give_feedback(user_id, track_id, opinion, tracks=stores.tracks(), feedback=stores.feedback(), now=visit.now)
    if opinion == "like":
        from chalicelib.workflows.start_taste import start_taste  # with numpy and Annoy

        start_taste(
            user_id,
            users=stores.users(),
            plays=stores.plays(),
            feedback=stores.feedback(),
            tracks=stores.tracks(),
            recommendations=stores.recommendations(),
            index=stores.current_index(),
            experiment=read_experiment(visit.settings),
            now=visit.now,
        )
    return until


def save_play(visit: Visit, play: Play) -> bool:
    """Whether it is kept: not while the listener pauses their history, nor what happened during a pause and comes late."""
    stores, listener = visit.stores, visit.listener
    is_late = play.occurred_at < play.heard_of_at
    is_paused = listener.pauses_history_at(play.occurred_at) if is_late else listener.history_paused_at is not None
    record_play(
        play,
        tracks=stores.tracks(),
        plays=stores.plays(),
        publisher=stores.play_publisher(),
        timeout_s=visit.settings.kafka_timeout_s,
        clock=visit.wiring.clock,
        is_history_paused=is_paused,
    )
    return not is_paused


def list_played(visit: Visit, *, limit: int, cursor: str | None) -> Page[PlayedTrack]:
    stores = visit.stores
    return list_history.list_history(visit.listener.user_id, plays=stores.plays(), tracks=stores.tracks(), limit=limit, cursor=cursor)


def list_similar(visit: Visit, track: TrackCard, *, limit: int) -> tuple[shapes.Neighbour, ...]:
    from chalicelib.workflows.explain_likeness import explain_likeness  # they bring numpy and Annoy, which other pages need not wait for
    from chalicelib.workflows.find_neighbours import find_neighbours_of

    index, tracks = visit.stores.current_index(), visit.stores.tracks()
    found = find_neighbours_of(track, count=limit, index=index, tracks=tracks)
    parts = explain_likeness(track.track_id, [near.track.track_id for near in found], index=index, tracks=tracks)
    return tuple(
        present_neighbour(
            near.track, distance=near.distance, percentile=near.percentile, urls=visit.urls, parts=parts.get(near.track.track_id, ())
        )
        for near in found
    )
