"""How far backfills have come, in MongoDB: one document a source."""

from __future__ import annotations

import msgspec

from chalicelib.model import Backfill
from chalicelib.storage.mongo import MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time


class MongoBackfillStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._backfills = database["backfills"]

    @translate_errors("backfills")
    def find(self, source: str) -> Backfill | None:
        document = self._backfills.find_one({"_id": source})
        return None if document is None else msgspec.convert({**document, "source": source}, Backfill)

    @translate_errors("backfills")
    def save(self, backfill: Backfill) -> None:
        document = msgspec.structs.asdict(backfill)
        del document["source"]
        document |= {"started_at": truncate_time(backfill.started_at), "updated_at": truncate_time(backfill.updated_at)}
        self._backfills.replace_one({"_id": backfill.source}, document, upsert=True)
