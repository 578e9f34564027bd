"""Signed-in sessions in MongoDB, by the SHA-256 of their token. A TTL index sweeps them; expiry is checked on reading."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.model import Session
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time


class MongoSessionStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._sessions = database["sessions"]

    @translate_errors("sessions")
    def add(self, session: Session) -> None:
        document = msgspec.structs.asdict(session)
        del document["token_sha256"]
        times = {
            "created_at": truncate_time(session.created_at),
            "expires_at": truncate_time(session.expires_at),
            "last_seen_at": truncate_time(session.last_seen_at),
        }
        self._sessions.replace_one({"_id": session.token_sha256}, {**document, **times}, upsert=True)

    @translate_errors("sessions")
    def find(self, token_sha256: str, *, now: datetime) -> Session | None:
        document = self._sessions.find_one({"_id": token_sha256, "expires_at": {"$gt": truncate_time(now)}})
        return _to_session(document) if document is not None else None

    @translate_errors("sessions")
    def remove(self, token_sha256: str) -> None:
        self._sessions.delete_one({"_id": token_sha256})

    @translate_errors("sessions")
    def list_for_user(self, user_id: str, *, now: datetime, limit: int) -> list[Session]:
        alive = {"user_id": user_id, "expires_at": {"$gt": truncate_time(now)}}
        return [_to_session(one) for one in self._sessions.find(alive).sort([("created_at", -1), ("_id", -1)]).limit(limit)]

    @translate_errors("sessions")
    def touch(self, token_sha256: str, *, now: datetime, if_before: datetime) -> None:
        long_ago = {"$or": [{"last_seen_at": None}, {"last_seen_at": {"$lt": truncate_time(if_before)}}]}
        self._sessions.update_one({"_id": token_sha256, **long_ago}, {"$set": {"last_seen_at": truncate_time(now)}})

    @translate_errors("sessions")
    def remove_all(self, user_id: str, *, keep: str | None = None) -> int:
        return self._sessions.delete_many({"user_id": user_id, "_id": {"$ne": keep}}).deleted_count


def _to_session(document: Document) -> Session:
    return msgspec.convert({**document, "token_sha256": document["_id"]}, Session)
