"""A listener plays a song: durable in MongoDB before anything else, then offered to Kafka for a bounded time. What Kafka does not
acknowledge is left to `relay_plays`. The event_id is what makes a repeated request have one effect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.errors import NotFoundError
from chalicelib.model import Play
from chalicelib.workflows.ports import PlayPublisher, PlayStore, TrackStore
from chalicelib.workflows.publish_plays import publish_plays

LATEST_BY = timedelta(days=7)  # so late a play may come that a player kept without a network


def believe_time(told: datetime | None, *, now: datetime) -> datetime:
    """When a play happened: as its player tells it, never in the future and never older than a week."""
    return now if told is None else max(now - LATEST_BY, min(told, now))


def record_play(
    play: Play,
    *,
    tracks: TrackStore,
    plays: PlayStore,
    publisher: PlayPublisher,
    timeout_s: float,
    clock: Callable[[], datetime],
    is_history_paused: bool = False,
) -> bool:
    """True when the play is new. Once this returns the play is durable, published or not; while the listener pauses their history it is
    nowhere. NotFoundError (`track_not_found`); ConflictError when the event_id is another listener's."""
    track = tracks.find(play.track_id)
    if track is None:
        raise NotFoundError("There is no such track.", code="track_not_found")
    if is_history_paused or not plays.record(play):
        return False
    publish_plays(
        [play],
        publisher=publisher,
        tracks=tracks,
        play_store=plays,
        timeout_s=timeout_s,
        clock=clock,
        recorded_at=clock(),
        titles={track.track_id: track.title},
    )
    return True
