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
OPINION_FIELDS: Document = {"_id": 0, "track_id": 1, "opinion": 1, "expires_at": 1}  # what the index holds: no document is looked at


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
        newest = self._feedback.find({"user_id": user_id}, OPINION_FIELDS).sort([("updated_at", -1), ("track_id", -1)])
        return tell_opinions(newest.limit(MAX_OPINIONS).batch_size(MAX_OPINIONS + 1).to_list(), now)

    @translate_errors("feedback")
    def find(self, user_id: str, track_id: str, *, now: datetime | None = None) -> Opinion | None:
        both = {"_id": {"$in": [_make_id(user_id, track_id), _make_passing_id(user_id, track_id)]}}
        return tell_opinions(self._feedback.find(both, OPINION_FIELDS).to_list(), now).get(track_id)


def tell_opinions(found: Sequence[Document], now: datetime | None) -> dict[str, Opinion]:
    """Of one listener's documents: what holds at this time covers what lasts. An index says None of what a document lacks."""
    lasting = {one["track_id"]: one["opinion"] for one in found if one.get("expires_at") is None}
    passing = {one["track_id"]: one["opinion"] for one in found if now is not None and (one.get("expires_at") or now) > now}
    return {**lasting, **passing}


def _make_id(user_id: str, track_id: str) -> str:
    return f"{user_id}:{track_id}"


def _make_passing_id(user_id: str, track_id: str) -> str:
    return f"{user_id}:{track_id}:passing"
