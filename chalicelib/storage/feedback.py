"""Likes and dislikes in MongoDB, one per user and track; beside it, in a document of its own that MongoDB sweeps away, what holds for
a time only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.model import Opinion
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time

MAX_OPINIONS = 1_000


class MongoFeedbackStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._feedback = database["feedback"]

    @translate_errors("feedback")
    def put(self, user_id: str, track_id: str, opinion: Opinion, *, now: datetime, until: datetime | None = None) -> None:
        change: Document = {"user_id": user_id, "track_id": track_id, "opinion": opinion, "updated_at": truncate_time(now)}
        if until is not None:
            change["expires_at"] = truncate_time(until)
            self._feedback.update_one({"_id": _make_passing_id(user_id, track_id)}, {"$set": change}, upsert=True)
            return
        self._feedback.update_one({"_id": _make_id(user_id, track_id)}, {"$set": change}, upsert=True)
        self._feedback.delete_one({"_id": _make_passing_id(user_id, track_id)})

    @translate_errors("feedback")
    def remove(self, user_id: str, track_id: str) -> None:
        self._feedback.delete_many({"_id": {"$in": [_make_id(user_id, track_id), _make_passing_id(user_id, track_id)]}})

    @translate_errors("feedback")
    def for_user(self, user_id: str, *, now: datetime | None = None) -> dict[str, Opinion]:
        found = list(self._feedback.find({"user_id": user_id}).sort([("updated_at", -1), ("track_id", -1)]).limit(MAX_OPINIONS))
        return tell_opinions(found, now)


def tell_opinions(found: Sequence[Document], now: datetime | None) -> dict[str, Opinion]:
    """Of one listener's documents: what holds at this time covers what lasts."""
    lasting = {one["track_id"]: one["opinion"] for one in found if "expires_at" not in one}
    passing = {one["track_id"]: one["opinion"] for one in found if "expires_at" in one and now is not None and one["expires_at"] > now}
    return {**lasting, **passing}


def _make_id(user_id: str, track_id: str) -> str:
    return f"{user_id}:{track_id}"


def _make_passing_id(user_id: str, track_id: str) -> str:
    return f"{user_id}:{track_id}:passing"
