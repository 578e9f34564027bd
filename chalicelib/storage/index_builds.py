"""The record of every index build in MongoDB, which one is current, and who may still touch its files: `held_at` and `collected_at` are
fields of one document, so that of a rollback and a collection that meet one comes first.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import msgspec
from pymongo.client_session import ClientSession

from chalicelib.errors import NotFoundError
from chalicelib.model import IndexBuild
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.times import truncate_time

_NOT_OF_ITS_MAKING = ("is_pinned", "held_at", "collected_at")


class MongoIndexBuildStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._builds = database["index_builds"]

    @translate_errors("index_builds")
    def add(self, build: IndexBuild) -> None:
        document = msgspec.structs.asdict(build)
        for name in ("build_id", "is_current", *_NOT_OF_ITS_MAKING):
            del document[name]
        document["created_at"] = truncate_time(build.created_at)
        self._builds.update_one({"_id": build.build_id}, {"$set": document, "$setOnInsert": {"is_current": False}}, upsert=True)
        if build.is_current:
            run_transaction(self._database, partial(_make_current, self._database, build.build_id, False))

    @translate_errors("index_builds")
    def find(self, build_id: str) -> IndexBuild | None:
        document = self._builds.find_one({"_id": build_id})
        return _to_build(document) if document is not None else None

    @translate_errors("index_builds")
    def set_current(self, build_id: str, *, is_pinned: bool = False) -> None:
        if not run_transaction(self._database, partial(_make_current, self._database, build_id, is_pinned)):
            raise NotFoundError(f"There is no index build {build_id}.", code="build_not_found")

    @translate_errors("index_builds")
    def current(self) -> IndexBuild | None:
        document = self._builds.find_one({"is_current": True})
        return _to_build(document) if document is not None else None

    @translate_errors("index_builds")
    def list_newest(self, *, limit: int) -> list[IndexBuild]:
        return [_to_build(one) for one in self._builds.find().sort([("created_at", -1), ("_id", -1)]).limit(limit)]

    @translate_errors("index_builds")
    def hold(self, build_id: str, *, now: datetime) -> bool:
        wanted = {"_id": build_id, "collected_at": None}
        return self._builds.update_one(wanted, {"$set": {"held_at": truncate_time(now)}}).matched_count == 1

    @translate_errors("index_builds")
    def begin_collection(self, build_id: str, *, held_before: datetime, now: datetime) -> bool:
        wanted = {"_id": build_id, "is_current": False, "held_at": {"$not": {"$gte": truncate_time(held_before)}}}
        return self._builds.update_one(wanted, {"$set": {"collected_at": truncate_time(now)}}).matched_count == 1


def _make_current(database: MongoDatabase, build_id: str, is_pinned: bool, session: ClientSession) -> bool:  # by partial
    builds = database["index_builds"]
    if builds.find_one({"_id": build_id}, {"_id": 1}, session=session) is None:
        return False
    builds.update_many({"is_current": True, "_id": {"$ne": build_id}}, {"$set": {"is_current": False, "is_pinned": False}}, session=session)
    builds.update_one({"_id": build_id}, {"$set": {"is_current": True, "is_pinned": is_pinned}}, session=session)
    return True


def _to_build(document: Document) -> IndexBuild:
    return msgspec.convert({**document, "build_id": document["_id"]}, IndexBuild)
