"""Recommendation lists in MongoDB, one per user, and the effect of plays on them: each play counts once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import msgspec
from pymongo.client_session import ClientSession

from chalicelib.model import RecommendationList
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.times import truncate_time


class MongoRecommendationStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    @translate_errors("recommendations")
    def find(self, user_id: str) -> RecommendationList | None:
        document = self._database["recommendations"].find_one({"_id": user_id})
        return msgspec.convert({**document, "user_id": user_id}, RecommendationList) if document is not None else None

    @translate_errors("recommendations")
    def save_with_effect(self, recommendations: RecommendationList, event_ids: Sequence[str], *, now: datetime) -> int:
        """Plays of other users among the events are left alone."""
        save = partial(_save, self._database, recommendations, list(event_ids), truncate_time(now))
        return run_transaction(self._database, save)


def _save(database: MongoDatabase, recommendations: RecommendationList, event_ids: list[str], now: datetime, session: ClientSession) -> int:
    user_id = recommendations.user_id
    fresh = {"_id": {"$in": event_ids}, "user_id": user_id, "is_processed": False}
    took_effect = {"processed_at": now, "is_processed": True}
    count = database["plays"].update_many(fresh, {"$set": took_effect}, session=session).modified_count
    document = _to_document(recommendations)
    known = database["recommendations"].find_one({"_id": user_id}, {"generated_at": 1}, session=session)
    is_outdated = known is not None and known["generated_at"] > document["generated_at"]
    change: Document = {"$inc": {"plays_processed": count}}
    if not is_outdated:
        change["$set"] = document
    database["recommendations"].update_one({"_id": user_id}, change, upsert=True, session=session)
    return count


def _to_document(recommendations: RecommendationList) -> Document:
    document: Document = msgspec.to_builtins(recommendations, builtin_types=(datetime,))
    del document["user_id"], document["plays_processed"]
    document["generated_at"] = truncate_time(recommendations.generated_at)
    return document
