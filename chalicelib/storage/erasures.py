"""Who wanted to be forgotten, and whether it is done, in MongoDB. One small document each, for good."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.account_model import Erasure
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors, upsert_one
from chalicelib.storage.times import truncate_time


class MongoErasureStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._erasures = database["erasures"]

    @translate_errors("erasures")
    def begin(self, erasure: Erasure) -> Erasure:
        known = {"requested_at": truncate_time(erasure.requested_at), "passes": 0}
        change: Document = {"$setOnInsert": known, "$set": {"due_at": truncate_time(erasure.due_at)}}
        if erasure.takes_uploads:
            change["$set"]["takes_uploads"] = True
        else:
            known["takes_uploads"] = False
        return _to_erasure(upsert_one(self._erasures, {"_id": erasure.user_id}, change))

    @translate_errors("erasures")
    def due(self, *, now: datetime, limit: int) -> list[Erasure]:
        found = self._erasures.find({"due_at": {"$lte": truncate_time(now)}}).sort([("due_at", 1)]).limit(limit)
        return [_to_erasure(one) for one in found]

    @translate_errors("erasures")
    def put_off(self, user_id: str, *, until: datetime | None, passes: int) -> None:
        self._erasures.update_one({"_id": user_id}, {"$set": {"due_at": truncate_time(until), "passes": passes}})


def _to_erasure(document: Document) -> Erasure:
    return msgspec.convert({**document, "user_id": document["_id"]}, Erasure)
