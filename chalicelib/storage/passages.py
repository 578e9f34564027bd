"""Songs' passages in MongoDB, read. They are written and removed with their tracks (`track_transactions.py`)."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.model import PassageRows
from chalicelib.storage.mongo import MongoDatabase, translate_errors

READ_BATCH = 1_000  # of at most 3.3 kB each


class MongoPassageStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._passages = database["passages"]

    def sample(self, *, feature_version: int, limit: int) -> Iterator[PassageRows]:
        """The first so many by their draw, a number that an id's hash fixes: a run of the index."""
        if limit <= 0:  # MongoDB would take it for no limit
            return
        order = [("draw", 1), ("_id", 1)]
        with translate_errors("passages"):
            found = self._passages.find({"feature_version": feature_version}, {"rows": 1, "artist": 1}).sort(order).limit(limit)
            for document in found.batch_size(READ_BATCH):
                yield PassageRows(document["_id"], document["artist"], document["rows"])
