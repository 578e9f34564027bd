"""Changes to accounts in MongoDB: each is one write to one document. Signing up and finding are in `users.py`."""

from __future__ import annotations

from datetime import datetime

from chalicelib.errors import NotFoundError
from chalicelib.model import Role, User
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time
from chalicelib.storage.users import to_user

PAUSES_KEPT = 50


class MongoAccountStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._users = database["users"]

    @translate_errors("users")
    def set_password(self, user_id: str, password_hash: str) -> None:
        self._change(user_id, {"$set": {"password_hash": password_hash}})

    @translate_errors("users")
    def grant(self, user_id: str, role: Role) -> User:
        return self._change(user_id, {"$addToSet": {"roles": role}})

    @translate_errors("users")
    def revoke(self, user_id: str, role: Role) -> User:
        return self._change(user_id, {"$pull": {"roles": role}})

    @translate_errors("users")
    def pause_history(self, user_id: str, *, since: datetime) -> User:
        self._users.update_one({"_id": user_id, "history_paused_at": None}, {"$set": {"history_paused_at": truncate_time(since)}})
        return self._require(self._users.find_one({"_id": user_id}))

    @translate_errors("users")
    def resume_history(self, user_id: str, *, at: datetime) -> User:
        paused = {"_id": user_id, "history_paused_at": {"$ne": None}}
        ended = {"since": "$history_paused_at", "until": truncate_time(at)}
        earlier = {"$ifNull": ["$history_pauses", []]}
        pauses = {"$slice": [{"$concatArrays": [earlier, [ended]]}, -PAUSES_KEPT]}
        self._users.update_one(paused, [{"$set": {"history_pauses": pauses, "history_paused_at": None}}])
        return self._require(self._users.find_one({"_id": user_id}))

    @translate_errors("users")
    def reset_taste(self, user_id: str, *, at: datetime) -> User:
        return self._change(user_id, {"$set": {"taste_reset_at": truncate_time(at)}})

    @translate_errors("users")
    def remove(self, user_id: str) -> None:
        self._users.delete_one({"_id": user_id})

    def _change(self, user_id: str, change: Document) -> User:
        return self._require(self._users.find_one_and_update({"_id": user_id}, change, return_document=True))

    def _require(self, document: Document | None) -> User:
        user = to_user(document)
        if user is None:
            raise NotFoundError("There is no such user.", code="user_not_found")
        return user
