"""A listener likes or dislikes a song, or takes it back. The latest word counts."""

from __future__ import annotations

from datetime import datetime

from chalicelib.errors import NotFoundError
from chalicelib.model import Opinion
from chalicelib.workflows.ports import FeedbackStore, TrackStore


def give_feedback(user_id: str, track_id: str, opinion: Opinion, *, tracks: TrackStore, feedback: FeedbackStore, now: datetime) -> None:
    if tracks.find(track_id) is None:
        raise NotFoundError("There is no such track.", code="track_not_found")
    feedback.put(user_id, track_id, opinion, now=now)


def withdraw_feedback(user_id: str, track_id: str, *, feedback: FeedbackStore) -> None:
    """Also of a track that is gone: an opinion may always be taken back."""
    feedback.remove(user_id, track_id)
