"""Likes and dislikes in MongoDB, one opinion per user and track."""

from __future__ import annotations

from datetime import datetime

from chalicelib.model import Opinion
from chalicelib.storage.mongo import MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time

MAX_OPINIONS = 1_000


class MongoFeedbackStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._feedback = database["feedback"]

    @translate_errors("feedback")
    def put(self, user_id: str, track_id: str, opinion: Opinion, *, now: datetime) -> None:
        change = {"user_id": user_id, "track_id": track_id, "opinion": opinion, "updated_at": truncate_time(now)}
        self._feedback.update_one({"_id": _make_id(user_id, track_id)}, {"$set": change}, upsert=True)

    @translate_errors("feedback")
    def remove(self, user_id: str, track_id: str) -> None:
        self._feedback.delete_one({"_id": _make_id(user_id, track_id)})

    @translate_errors("feedback")
    def for_user(self, user_id: str) -> dict[str, Opinion]:
        found = self._feedback.find({"user_id": user_id}).sort([("updated_at", -1), ("track_id", -1)]).limit(MAX_OPINIONS)
        return {document["track_id"]: document["opinion"] for document in found}


def _make_id(user_id: str, track_id: str) -> str:
    return f"{user_id}:{track_id}"
