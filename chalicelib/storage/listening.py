"""Where each listener stopped, in MongoDB: one document a user, found by its id alone."""

from __future__ import annotations

from datetime import datetime

import msgspec
from pymongo.errors import DuplicateKeyError

from chalicelib.model import Listening
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time


class MongoListeningStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._listening = database["listening"]

    @translate_errors("listening")
    def save(self, listening: Listening) -> bool:
        """A later change makes the filter find nothing, so that the upsert meets the id that is there."""
        document: Document = msgspec.to_builtins(listening, builtin_types=(datetime,))
        del document["user_id"]
        document["changed_at"] = truncate_time(listening.changed_at)
        earlier = {"_id": listening.user_id, "changed_at": {"$lte": document["changed_at"]}}
        try:
            self._listening.update_one(earlier, {"$set": document}, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    @translate_errors("listening")
    def find(self, user_id: str) -> Listening | None:
        document = self._listening.find_one({"_id": user_id})
        return msgspec.convert({**document, "user_id": user_id}, Listening) if document is not None else None

    @translate_errors("listening")
    def remove(self, user_id: str) -> None:
        self._listening.delete_one({"_id": user_id})
