"""Questions by sound in MongoDB, each found by its id alone; a TTL index sweeps them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.query_model import SoundQuery
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time


class MongoQueryStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._queries = database["sound_queries"]

    @translate_errors("queries")
    def create(self, query: SoundQuery) -> None:
        document: Document = msgspec.to_builtins(query, builtin_types=(datetime, bytes))
        document["_id"] = document.pop("query_id")
        document["created_at"], document["expires_at"] = truncate_time(query.created_at), truncate_time(query.expires_at)
        self._queries.insert_one(document)

    @translate_errors("queries")
    def find(self, query_id: str, *, now: datetime) -> SoundQuery | None:
        document = self._queries.find_one({"_id": query_id})
        if document is None or document["expires_at"] <= now:
            return None
        return msgspec.convert({**document, "query_id": query_id}, SoundQuery)

    @translate_errors("queries")
    def answer(self, query_id: str, *, mfcc: tuple[float, ...], features: bytes | None, duration_s: float) -> bool:
        change = {"status": "ready", "mfcc": list(mfcc), "features": features, "duration_s": duration_s}
        return self._finish(query_id, change)

    @translate_errors("queries")
    def fail(self, query_id: str, *, error_code: str, message: str) -> bool:
        return self._finish(query_id, {"status": "failed", "error_code": error_code, "message": message})

    def _finish(self, query_id: str, change: Document) -> bool:
        return self._queries.update_one({"_id": query_id, "status": "queued"}, {"$set": change}).modified_count == 1
