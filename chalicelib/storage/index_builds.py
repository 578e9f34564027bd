"""The record of every index build in MongoDB, and which one is current."""

from __future__ import annotations

from functools import partial

import msgspec
from pymongo.client_session import ClientSession

from chalicelib.errors import NotFoundError
from chalicelib.model import IndexBuild
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.times import truncate_time


class MongoIndexBuildStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._builds = database["index_builds"]

    @translate_errors("index_builds")
    def add(self, build: IndexBuild) -> None:
        document = msgspec.structs.asdict(build)
        del document["build_id"], document["is_current"]
        document["created_at"] = truncate_time(build.created_at)
        self._builds.update_one({"_id": build.build_id}, {"$set": document, "$setOnInsert": {"is_current": False}}, upsert=True)
        if build.is_current:
            run_transaction(self._database, partial(_make_current, self._database, build.build_id))

    @translate_errors("index_builds")
    def set_current(self, build_id: str) -> None:
        if not run_transaction(self._database, partial(_make_current, self._database, build_id)):
            raise NotFoundError(f"There is no index build {build_id}.", code="build_not_found")

    @translate_errors("index_builds")
    def current(self) -> IndexBuild | None:
        document = self._builds.find_one({"is_current": True})
        return _to_build(document) if document is not None else None

    @translate_errors("index_builds")
    def list_newest(self, *, limit: int) -> list[IndexBuild]:
        return [_to_build(one) for one in self._builds.find().sort([("created_at", -1), ("_id", -1)]).limit(limit)]


def _make_current(database: MongoDatabase, build_id: str, session: ClientSession) -> bool:
    builds = database["index_builds"]
    if builds.find_one({"_id": build_id}, {"_id": 1}, session=session) is None:
        return False
    builds.update_many({"is_current": True, "_id": {"$ne": build_id}}, {"$set": {"is_current": False}}, session=session)
    builds.update_one({"_id": build_id}, {"$set": {"is_current": True}}, session=session)
    return True


def _to_build(document: Document) -> IndexBuild:
    return msgspec.convert({**document, "build_id": document["_id"]}, IndexBuild)
