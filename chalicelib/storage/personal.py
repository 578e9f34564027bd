"""One user's opinions, recommendations and receipts in MongoDB, as export and erasure go through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from chalicelib.account_model import Feedback
from chalicelib.storage.mongo import MongoDatabase, translate_errors
from chalicelib.storage.statistics import erase_some


class MongoPersonalStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._feedback = database["feedback"]
        self._recommendations = database["recommendations"]
        self._uploads = database["uploads"]
        self._queries = database["sound_queries"]

    def stream_feedback(self, user_id: str) -> Iterator[Feedback]:
        with translate_errors("feedback"):
            for one in self._feedback.find({"user_id": user_id}).sort([("updated_at", -1), ("track_id", -1)]):
                yield msgspec.convert(one, Feedback)

    @translate_errors("feedback")
    def erase_feedback(self, user_id: str, *, limit: int) -> int:
        return erase_some(self._feedback, {"user_id": user_id}, limit)

    @translate_errors("recommendations")
    def erase_recommendations(self, user_id: str) -> None:
        self._recommendations.delete_one({"_id": user_id})

    @translate_errors("queries")
    def erase_queries(self, user_id: str) -> None:
        self._queries.delete_many({"user_id": user_id})

    @translate_errors("uploads")
    def list_upload_keys(self, user_id: str, *, limit: int) -> list[tuple[str, str]]:
        return [(one["_id"], one["key"]) for one in self._uploads.find({"user_id": user_id}, {"key": 1}).limit(limit)]

    @translate_errors("uploads")
    def forget_uploader(self, upload_ids: Sequence[str]) -> None:
        self._uploads.update_many({"_id": {"$in": list(upload_ids)}}, {"$set": {"user_id": None}})
