"""Listening as pages and API share it: the visit's stores and settings handed to the workflows."""

from __future__ import annotations

from chalicelib.model import Page, Play
from chalicelib.web.presenters import Json, present_neighbour
from chalicelib.web.visit import Visit
from chalicelib.workflows import list_history
from chalicelib.workflows.list_history import PlayedTrack
from chalicelib.workflows.record_play import record_play
from chalicelib.workflows.show_home import Offer, show_home


def make_offer(visit: Visit, *, limit: int) -> Offer:
    stores = visit.stores
    return show_home(
        visit.listener.user_id,
        tracks=stores.tracks(),
        plays=stores.plays(),
        feedback=stores.feedback(),
        recommendations=stores.recommendations(),
        limit=limit,
        start=visit.wiring.draw(),
        now=visit.now,
    )


def save_play(visit: Visit, play: Play) -> None:
    stores = visit.stores
    record_play(
        play, tracks=stores.tracks(), plays=stores.plays(), publisher=stores.play_publisher(), timeout_s=visit.settings.kafka_timeout_s
    )


def list_played(visit: Visit, *, limit: int, cursor: str | None) -> Page[PlayedTrack]:
    stores = visit.stores
    return list_history.list_history(visit.listener.user_id, plays=stores.plays(), tracks=stores.tracks(), limit=limit, cursor=cursor)


def list_similar(visit: Visit, track_id: str, *, limit: int) -> list[Json]:
    from chalicelib.workflows.find_neighbours import find_neighbours  # brings numpy and Annoy, which other pages need not wait for

    stores = visit.stores
    found = find_neighbours(track_id, count=limit, index=stores.current_index(), tracks=stores.tracks())
    return [present_neighbour(near.track, distance=near.distance, percentile=near.percentile, urls=visit.urls) for near in found]
