"""Receipts in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from msgspec.structs import replace

from chalicelib.model import Page, Upload, UploadStatus
from chalicelib.storage.cursors import decode_time_cursor, encode_time_cursor
from chalicelib.storage.times import truncate_time, truncate_times
from chalicelib.way_model import Arrival, UploadWay
from tests.fakes.switchable import Switchable, answering


class FakeUploadStore(Switchable):
    store = "uploads"

    def __init__(self) -> None:
        super().__init__()
        self.uploads: dict[str, Upload] = {}

    @answering
    def create(self, upload: Upload) -> Upload:
        return self.uploads.setdefault(upload.upload_id, truncate_times(upload))

    @answering
    def find(self, upload_id: str) -> Upload | None:
        return self.uploads.get(upload_id)

    @answering
    def find_by_key(self, key: str) -> Upload | None:
        return next((upload for upload in self._newest_first() if upload.key == key), None)

    @answering
    def begin_attempt(self, upload_id: str, *, key: str, now: datetime, arrival: Arrival | None = None) -> Upload:
        upload = self._find_or_make(upload_id, key=key, now=now)
        noted = truncate_times(arrival) if arrival is not None else None
        self.uploads[upload_id] = replace(upload, attempts=upload.attempts + 1, updated_at=truncate_time(now), arrival=noted)
        return self.uploads[upload_id]

    @answering
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
        upload = self.uploads.get(upload_id)
        if upload is None or (upload.status, upload.track_id, upload.seq) == ("indexed", track_id, seq):
            return
        self.uploads[upload_id] = replace(
            upload,
            status="analysed",
            track_id=track_id,
            seq=seq,
            warnings=warnings,
            error_code=None,
            message=None,
            updated_at=truncate_time(now),
            way=truncate_times(way) if way is not None else None,
            is_duplicate=is_duplicate,
            indexed_at=None,
        )

    @answering
    def mark_indexed(self, upload_ids: Sequence[str], *, now: datetime) -> None:
        self._index([upload for upload in self.uploads.values() if upload.upload_id in set(upload_ids)], now)

    @answering
    def mark_indexed_up_to(self, max_seq: int, *, now: datetime) -> int:
        return self._index([upload for upload in self.uploads.values() if upload.seq is not None and upload.seq <= max_seq], now)

    @answering
    def mark_failed(self, upload_id: str, *, key: str, error_code: str, message: str, now: datetime) -> None:
        upload = self._find_or_make(upload_id, key=key, now=now)
        self.uploads[upload_id] = replace(upload, status="failed", error_code=error_code, message=message, updated_at=truncate_time(now))

    @answering
    def list_for_user(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Upload]:
        before = decode_time_cursor(cursor) if cursor is not None else None
        rest = [
            upload
            for upload in self._newest_first()
            if upload.user_id == user_id and (before is None or (upload.created_at, upload.upload_id) < before)
        ]
        page = tuple(rest[:limit])
        return Page(page, encode_time_cursor(page[-1].created_at, page[-1].upload_id) if len(rest) > limit else None)

    @answering
    def count_by_status(self) -> dict[str, int]:
        statuses = [upload.status for upload in self.uploads.values()]
        return {status: statuses.count(status) for status in get_args(UploadStatus)}

    @answering
    def queued_before(self, before: datetime, *, limit: int) -> list[Upload]:
        waiting = [upload for upload in self.uploads.values() if upload.status == "queued" and upload.updated_at < truncate_time(before)]
        return sorted(waiting, key=lambda upload: (upload.updated_at, upload.upload_id))[:limit]

    @answering
    def analysed_up_to(self, max_seq: int, *, limit: int) -> list[str]:
        covered = [each for each in self.uploads.values() if each.status == "analysed" and each.seq is not None and each.seq <= max_seq]
        return [each.upload_id for each in sorted(covered, key=lambda each: each.seq or 0)][:limit]

    @answering
    def list_failed(self, *, limit: int) -> list[Upload]:
        failed = [upload for upload in self.uploads.values() if upload.status == "failed"]
        return sorted(failed, key=lambda upload: (upload.updated_at, upload.upload_id), reverse=True)[:limit]

    @answering
    def mark_queued(self, upload_id: str, *, now: datetime) -> None:
        upload = self.uploads.get(upload_id)
        if upload is not None and upload.status == "failed":
            self.uploads[upload_id] = replace(upload, status="queued", error_code=None, message=None, updated_at=truncate_time(now))

    @answering
    def find_many(self, upload_ids: Sequence[str]) -> dict[str, Upload]:
        return {upload_id: self.uploads[upload_id] for upload_id in upload_ids if upload_id in self.uploads}

    @answering
    def count_outstanding(self, user_id: str, *, since: datetime, limit: int) -> int:
        mine = [upload for upload in self.uploads.values() if upload.user_id == user_id and upload.created_at > truncate_time(since)]
        return len([upload for upload in mine if upload.status == "queued" and upload.attempts == 0][:limit])

    def _newest_first(self) -> list[Upload]:
        return sorted(self.uploads.values(), key=lambda upload: (upload.created_at, upload.upload_id), reverse=True)

    def _find_or_make(self, upload_id: str, *, key: str, now: datetime) -> Upload:
        time = truncate_time(now)
        fresh = Upload(upload_id=upload_id, key=key, user_id=None, status="queued", created_at=time, updated_at=time)
        return self.uploads.setdefault(upload_id, fresh)

    def _index(self, uploads: list[Upload], now: datetime) -> int:
        analysed = [upload for upload in uploads if upload.status == "analysed"]
        for upload in analysed:
            self.uploads[upload.upload_id] = replace(upload, status="indexed", updated_at=truncate_time(now), indexed_at=truncate_time(now))
        return len(analysed)
