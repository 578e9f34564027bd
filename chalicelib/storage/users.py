"""Accounts in MongoDB. A name is unique without regard to case."""

from __future__ import annotations

import msgspec
from pymongo.errors import DuplicateKeyError

from chalicelib.errors import ConflictError
from chalicelib.model import User
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.search_words import fold_username
from chalicelib.storage.times import truncate_time


class MongoUserStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._users = database["users"]
        self._erasures = database["erasures"]

    @translate_errors("users")
    def add(self, user: User) -> None:
        try:
            self._users.insert_one(to_document(user))
        except DuplicateKeyError as exc:
            raise ConflictError(f"The name {user.username} is taken.", code="username_taken") from exc

    @translate_errors("users")
    def find(self, user_id: str) -> User | None:
        return to_user(self._users.find_one({"_id": user_id}))

    @translate_errors("users")
    def find_by_username(self, username: str) -> User | None:
        return to_user(self._users.find_one({"username_folded": fold_username(username)}))

    @translate_errors("users")
    def was_erased(self, user_id: str) -> bool:
        return self._erasures.find_one({"_id": user_id}, {"_id": 1}) is not None


def to_document(user: User) -> Document:
    document = msgspec.structs.asdict(user)
    document["_id"] = document.pop("user_id")
    return {**document, "created_at": truncate_time(user.created_at), "username_folded": fold_username(user.username)}


def to_user(document: Document | None) -> User | None:
    return msgspec.convert({**document, "user_id": document["_id"]}, User) if document is not None else None
