"""Re-analysis in MongoDB: one document for each song that is asked for or given up, and one that says how far it has come. The first go
with their tracks, and when the track is brought to the version (`track_transactions.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from pymongo.errors import DuplicateKeyError

from chalicelib.reanalysis_model import Reanalysis, ReanalysisRequest
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time

PROGRESS_ID = "reanalysis"


class MongoReanalysisStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._requests = database["reanalyses"]
        self._counters = database["counters"]

    @translate_errors("re-analyses")
    def progress(self) -> Reanalysis | None:
        document = self._counters.find_one({"_id": PROGRESS_ID})
        return None if document is None else msgspec.convert(document, Reanalysis)

    @translate_errors("re-analyses")
    def save_progress(self, progress: Reanalysis) -> None:
        document: Document = msgspec.to_builtins(progress, builtin_types=(datetime,))
        self._counters.replace_one({"_id": PROGRESS_ID}, document, upsert=True)

    @translate_errors("re-analyses")
    def advance(self, version: int, walk: int, *, place: str, asked: int) -> None:
        change: Document = {"$max": {"place": place}, "$inc": {"asked": asked}}
        if asked:
            change["$set"] = {"has_news": True}
        self._counters.update_one({"_id": PROGRESS_ID, "version": version, "walk": walk}, change)

    @translate_errors("re-analyses")
    def note_done(self, version: int) -> None:
        self._counters.update_one({"_id": PROGRESS_ID, "version": version}, {"$inc": {"done": 1}, "$set": {"has_news": True}})

    @translate_errors("re-analyses")
    def request(self, track_id: str, version: int, *, due_at: datetime) -> bool:
        fresh = {"version": version, "attempts": 1, "due_at": truncate_time(due_at), "is_failed": False, "reason": None}
        try:
            self._requests.update_one({"_id": track_id, "version": {"$lt": version}}, {"$set": fresh}, upsert=True)
        except DuplicateKeyError:  # asked for already
            return False
        return True

    @translate_errors("re-analyses")
    def request_again(self, track_id: str, version: int, *, due_at: datetime) -> None:
        change = {"$inc": {"attempts": 1}, "$set": {"due_at": truncate_time(due_at)}}
        self._requests.update_one({"_id": track_id, "version": version, "is_failed": False}, change)

    @translate_errors("re-analyses")
    def known(self, track_ids: Sequence[str], version: int) -> set[str]:
        found = self._requests.find({"_id": {"$in": list(track_ids)}}, {"version": 1})
        return {one["_id"] for one in found if one["version"] >= version}

    @translate_errors("re-analyses")
    def overdue(self, version: int, *, now: datetime, limit: int) -> list[ReanalysisRequest]:
        wanted = {"version": version, "is_failed": False, "due_at": {"$lte": truncate_time(now)}}
        return list(_read(self._requests.find(wanted).sort([("due_at", 1), ("_id", 1)]).limit(limit)))

    @translate_errors("re-analyses")
    def give_up(self, track_id: str, version: int, *, reason: str) -> bool:
        change = {"$set": {"is_failed": True, "reason": reason}}
        return self._requests.update_one({"_id": track_id, "version": version}, change).matched_count > 0

    @translate_errors("re-analyses")
    def forget(self, track_id: str) -> None:
        self._requests.delete_one({"_id": track_id})

    @translate_errors("re-analyses")
    def count_waiting(self, version: int, *, limit: int) -> int:
        return self._requests.count_documents({"version": version, "is_failed": False}, limit=limit) if limit > 0 else 0

    @translate_errors("re-analyses")
    def count_failed(self, version: int) -> int:
        return self._requests.count_documents({"version": version, "is_failed": True})


def _read(documents: Iterable[Document]) -> Iterable[ReanalysisRequest]:
    for document in documents:
        yield ReanalysisRequest(document["_id"], document["version"], document["attempts"], document["due_at"])
