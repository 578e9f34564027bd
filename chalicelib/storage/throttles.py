"""Counters of fixed time windows in MongoDB. Keys are hashed, since they hold names and addresses; a TTL index sweeps old windows."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from pymongo.write_concern import WriteConcern

from chalicelib.storage.mongo import MongoDatabase, translate_errors, upsert_one


class MongoThrottleStore:
    def __init__(self, database: MongoDatabase) -> None:
        # Not waited for until it is on disks: who could make a server forget its last counts needs no guessing.
        self._throttles = database["throttles"].with_options(write_concern=WriteConcern(w=1))

    @translate_errors("throttles")
    def count(self, key: str, *, window_s: int, now: datetime) -> int:
        window = int(now.timestamp()) // window_s
        window_id = hashlib.sha256(f"{window_s}:{window}:{key}".encode(errors="backslashreplace")).hexdigest()
        ends_at = datetime.fromtimestamp((window + 1) * window_s, UTC)
        change = {"$inc": {"count": 1}, "$setOnInsert": {"expires_at": ends_at + timedelta(seconds=60)}}
        return int(upsert_one(self._throttles, {"_id": window_id}, change)["count"])
