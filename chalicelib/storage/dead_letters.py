"""Dead letters in MongoDB: what could not be processed, each failure once."""

from __future__ import annotations

import msgspec

from chalicelib.model import DeadLetter
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.storable_text import make_storable
from chalicelib.storage.times import truncate_time


class MongoDeadLetterStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._letters = database["dead_letters"]

    @translate_errors("dead_letters")
    def add(self, letter: DeadLetter) -> None:
        first = {
            "source": letter.source,
            "payload": make_storable(letter.payload),
            "created_at": truncate_time(letter.created_at),
            "request_id": letter.request_id,
        }
        again = {"$inc": {"attempts": max(letter.attempts, 1)}, "$set": {"reason": make_storable(letter.reason)}}
        self._letters.update_one({"_id": letter.letter_id}, {"$setOnInsert": first, **again}, upsert=True)

    @translate_errors("dead_letters")
    def list_newest(self, *, source: str | None = None, limit: int) -> list[DeadLetter]:
        wanted: Document = {} if source is None else {"source": source}
        return [_to_letter(one) for one in self._letters.find(wanted).sort([("created_at", -1), ("_id", -1)]).limit(limit)]

    @translate_errors("dead_letters")
    def remove(self, letter_id: str) -> None:
        self._letters.delete_one({"_id": letter_id})

    @translate_errors("dead_letters")
    def count(self) -> int:
        return self._letters.count_documents({}, hint="by_age")


def _to_letter(document: Document) -> DeadLetter:
    return msgspec.convert({**document, "letter_id": document["_id"]}, DeadLetter)
