"""A listener likes a song, dislikes it, wants it later, or takes that back. The latest word counts; "not now" covers it for a week."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.errors import NotFoundError
from chalicelib.model import Opinion
from chalicelib.workflows.ports import FeedbackStore, TrackStore

NOT_NOW_FOR = timedelta(days=7)


def give_feedback(
    user_id: str, track_id: str, opinion: Opinion, *, tracks: TrackStore, feedback: FeedbackStore, now: datetime
) -> datetime | None:
    """Until when it holds; None: without end. NotFoundError (`track_not_found`)."""
    if tracks.find(track_id) is None:
        raise NotFoundError("There is no such track.", code="track_not_found")
    until = now + NOT_NOW_FOR if opinion == "not_now" else None
    feedback.put(user_id, track_id, opinion, now=now, until=until)
    return until


def withdraw_feedback(user_id: str, track_id: str, *, feedback: FeedbackStore) -> None:
    """Also of a track that is gone: an opinion may always be taken back."""
    feedback.remove(user_id, track_id)
