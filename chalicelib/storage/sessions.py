"""Signed-in sessions in MongoDB, by the SHA-256 of their token. A TTL index sweeps them; expiry is checked on reading."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.model import Session
from chalicelib.storage.mongo import MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time


class MongoSessionStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._sessions = database["sessions"]

    @translate_errors("sessions")
    def add(self, session: Session) -> None:
        document = msgspec.structs.asdict(session)
        del document["token_sha256"]
        times = {"created_at": truncate_time(session.created_at), "expires_at": truncate_time(session.expires_at)}
        self._sessions.replace_one({"_id": session.token_sha256}, {**document, **times}, upsert=True)

    @translate_errors("sessions")
    def find(self, token_sha256: str, *, now: datetime) -> Session | None:
        document = self._sessions.find_one({"_id": token_sha256, "expires_at": {"$gt": truncate_time(now)}})
        return msgspec.convert({**document, "token_sha256": token_sha256}, Session) if document is not None else None

    @translate_errors("sessions")
    def remove(self, token_sha256: str) -> None:
        self._sessions.delete_one({"_id": token_sha256})
