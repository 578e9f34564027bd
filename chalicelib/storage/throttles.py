"""Counters of fixed time windows in MongoDB. Keys are hashed, since they hold names and addresses; a TTL index sweeps old windows."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from chalicelib.storage.mongo import MongoDatabase, translate_errors, upsert_one


class MongoThrottleStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._throttles = database["throttles"]

    @translate_errors("throttles")
    def count(self, key: str, *, window_s: int, now: datetime) -> int:
        window = int(now.timestamp()) // window_s
        window_id = hashlib.sha256(f"{window_s}:{window}:{key}".encode(errors="backslashreplace")).hexdigest()
        ends_at = datetime.fromtimestamp((window + 1) * window_s, UTC)
        change = {"$inc": {"count": 1}, "$setOnInsert": {"expires_at": ends_at + timedelta(seconds=60)}}
        return int(upsert_one(self._throttles, {"_id": window_id}, change)["count"])
