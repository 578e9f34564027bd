"""Leases in MongoDB: one holder at a time, until it releases or its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from chalicelib.errors import LeaseHeldError
from chalicelib.storage.mongo import MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time


class MongoLeaseStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._leases = database["leases"]

    @translate_errors("leases")
    def acquire(self, name: str, *, holder: str, ttl_s: float, now: datetime) -> None:
        """An upsert that matches only a lease that is free or ours: any other is there already, and its key is a duplicate."""
        is_free = {"$or": [{"holder": holder}, {"expires_at": {"$lte": truncate_time(now)}}]}
        lease = {"holder": holder, "expires_at": truncate_time(now + timedelta(seconds=ttl_s))}
        try:
            self._leases.update_one({"_id": name, **is_free}, {"$set": lease}, upsert=True)
        except DuplicateKeyError as exc:
            raise LeaseHeldError(f"The lease {name} is held by another.") from exc

    @translate_errors("leases")
    def release(self, name: str, *, holder: str) -> None:
        self._leases.delete_one({"_id": name, "holder": holder})
