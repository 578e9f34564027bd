"""Receipts of uploads in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

import msgspec
from pymongo.errors import DuplicateKeyError

from chalicelib.model import Page, Upload, UploadStatus
from chalicelib.storage.cursors import decode_time_cursor, encode_time_cursor
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors, upsert_one
from chalicelib.storage.times import truncate_time
from chalicelib.way_model import Arrival, UploadWay


class MongoUploadStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._uploads = database["uploads"]

    @translate_errors("uploads")
    def create(self, upload: Upload) -> Upload:
        document = _to_document(upload)
        try:
            self._uploads.insert_one(document)
        except DuplicateKeyError:
            document = self._uploads.find_one({"_id": upload.upload_id}) or document
        return _to_upload(document)

    @translate_errors("uploads")
    def find(self, upload_id: str) -> Upload | None:
        return _to_upload_or_none(self._uploads.find_one({"_id": upload_id}))

    @translate_errors("uploads")
    def find_by_key(self, key: str) -> Upload | None:
        return _to_upload_or_none(self._uploads.find_one({"key": key}, sort=[("created_at", -1), ("_id", -1)]))

    @translate_errors("uploads")
    def begin_attempt(self, upload_id: str, *, key: str, now: datetime, arrival: Arrival | None = None) -> Upload:
        fresh = _to_document(_make_queued(upload_id, key, now))
        change = {
            "$setOnInsert": _without(fresh, "attempts", "updated_at", "arrival"),
            "$inc": {"attempts": 1},
            "$set": {"updated_at": truncate_time(now), "arrival": _to_times(arrival)},
        }
        return _to_upload(upsert_one(self._uploads, {"_id": upload_id}, change))

    @translate_errors("uploads")
    def mark_analysed(
        self,
        upload_id: str,
        *,
        track_id: str,
        seq: int,
        warnings: tuple[str, ...],
        now: datetime,
        way: UploadWay | None = None,
        is_duplicate: bool = False,
    ) -> None:
        """The same event delivered again does not take an `indexed` receipt back: no build would come to mark it again."""
        is_indexed_already = {"status": "indexed", "track_id": track_id, "seq": seq}
        change = {
            "status": "analysed",
            "track_id": track_id,
            "seq": seq,
            "warnings": warnings,
            "error_code": None,
            "message": None,
            "updated_at": truncate_time(now),
            "is_duplicate": is_duplicate,
            "way": _to_times(way),
            "indexed_at": None,
        }
        self._uploads.update_one({"_id": upload_id, "$nor": [is_indexed_already]}, {"$set": change})

    @translate_errors("uploads")
    def mark_indexed(self, upload_ids: Sequence[str], *, now: datetime) -> None:
        self._index({"_id": {"$in": list(upload_ids)}}, now)

    @translate_errors("uploads")
    def mark_indexed_up_to(self, max_seq: int, *, now: datetime) -> int:
        return self._index({"seq": {"$lte": max_seq}}, now)

    @translate_errors("uploads")
    def analysed_up_to(self, max_seq: int, *, limit: int) -> list[str]:
        found = self._uploads.find({"status": "analysed", "seq": {"$lte": max_seq}}, {"_id": 1}).sort([("seq", 1)]).limit(limit)
        return [one["_id"] for one in found]

    @translate_errors("uploads")
    def mark_queued(self, upload_id: str, *, now: datetime) -> None:
        again = {"status": "queued", "error_code": None, "message": None, "updated_at": truncate_time(now)}
        self._uploads.update_one({"_id": upload_id, "status": "failed"}, {"$set": again})

    @translate_errors("uploads")
    def list_failed(self, *, limit: int) -> list[Upload]:
        failed = self._uploads.find({"status": "failed"}).sort([("updated_at", -1), ("_id", -1)]).limit(limit)
        return [_to_upload(one) for one in failed]

    @translate_errors("uploads")
    def mark_failed(self, upload_id: str, *, key: str, error_code: str, message: str, now: datetime) -> None:
        fresh = _to_document(_make_queued(upload_id, key, now))
        change = {"status": "failed", "error_code": error_code, "message": message, "updated_at": truncate_time(now)}
        self._uploads.update_one({"_id": upload_id}, {"$setOnInsert": _without(fresh, *change), "$set": change}, upsert=True)

    @translate_errors("uploads")
    def find_many(self, upload_ids: Sequence[str]) -> dict[str, Upload]:
        return {one["_id"]: _to_upload(one) for one in self._uploads.find({"_id": {"$in": list(upload_ids)}})}

    @translate_errors("uploads")
    def count_outstanding(self, user_id: str, *, since: datetime, limit: int) -> int:
        wanted = {"user_id": user_id, "status": "queued", "attempts": 0, "created_at": {"$gt": truncate_time(since)}}
        return self._uploads.count_documents(wanted, limit=limit, hint="outstanding")

    @translate_errors("uploads")
    def list_for_user(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Upload]:
        wanted: Document = {"user_id": user_id}
        if cursor is not None:
            time, upload_id = decode_time_cursor(cursor)
            wanted["$or"] = [{"created_at": {"$lt": time}}, {"created_at": time, "_id": {"$lt": upload_id}}]
        found = [_to_upload(one) for one in self._uploads.find(wanted).sort([("created_at", -1), ("_id", -1)]).limit(limit + 1)]
        page = tuple(found[:limit])
        return Page(page, encode_time_cursor(page[-1].created_at, page[-1].upload_id) if len(found) > limit else None)

    @translate_errors("uploads")
    def count_by_status(self) -> dict[str, int]:
        """Almost all are `indexed`, as many as the library has songs: what the others leave of the collection's own count."""
        others = {status: self._uploads.count_documents({"status": status}) for status in get_args(UploadStatus) if status != "indexed"}
        return {**others, "indexed": max(0, self._uploads.estimated_document_count() - sum(others.values()))}

    @translate_errors("uploads")
    def queued_before(self, before: datetime, *, limit: int) -> list[Upload]:
        waiting = {"status": "queued", "updated_at": {"$lt": truncate_time(before)}}
        return [_to_upload(one) for one in self._uploads.find(waiting).sort([("updated_at", 1), ("_id", 1)]).limit(limit)]

    def _index(self, wanted: Document, now: datetime) -> int:
        change = {"status": "indexed", "updated_at": truncate_time(now), "indexed_at": truncate_time(now)}
        return self._uploads.update_many({"status": "analysed", **wanted}, {"$set": change}).modified_count


def _make_queued(upload_id: str, key: str, now: datetime) -> Upload:
    return Upload(upload_id=upload_id, key=key, user_id=None, status="queued", created_at=now, updated_at=now)


def _to_document(upload: Upload) -> Document:
    document: Document = msgspec.to_builtins(upload, builtin_types=(datetime,))
    document["_id"] = document.pop("upload_id")
    return {**document, "created_at": truncate_time(upload.created_at), "updated_at": truncate_time(upload.updated_at)}


def _to_times(noted: Arrival | UploadWay | None) -> Document | None:
    """MongoDB cuts the times within to the millisecond by itself."""
    document: Document | None = msgspec.to_builtins(noted, builtin_types=(datetime,))
    return document


def _to_upload(document: Document) -> Upload:
    return msgspec.convert({**document, "upload_id": document["_id"]}, Upload)


def _to_upload_or_none(document: Document | None) -> Upload | None:
    return _to_upload(document) if document is not None else None


def _without(document: Document, *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in names and name != "_id"}
