"""A listener wants to upload a file: a receipt first, then the permission to send exactly that file straight to the bucket, whole or
(a large one, where it is asked for) in parts. What makes a repetition harmless: the request key, from which the receipt's id is made.
What becomes of the file is told by the receipt (`ingest_track`); the parts are `send_parts`'s.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from chalicelib.errors import InvalidInputError, TooManyRequestsError
from chalicelib.model import Upload, User
from chalicelib.way_model import Parts
from chalicelib.workflows.permissions import require
from chalicelib.workflows.ports import MusicBucket, UploadStore

_PERMISSION_S = 3600
_RETRY_S = 5
_NAME_MAX = 120
_PARTS_MAX = 10_000  # S3's
_AUDIO_TYPE = re.compile(r"audio/[\w.+-]{1,60}")


class WantedUpload(msgspec.Struct, frozen=True, kw_only=True):
    filename: str
    size_bytes: int
    content_type: str
    request_key: str | None = None  # drawn by the client: the same one again is the same upload
    in_parts: bool = False  # if it is large enough for that


class Limits(Protocol):
    """Of `Settings`."""

    @property
    def max_upload_bytes(self) -> int: ...

    @property
    def parts_from_bytes(self) -> int: ...

    @property
    def part_bytes(self) -> int: ...

    @property
    def outstanding_uploads(self) -> int: ...


class UploadPermission(msgspec.Struct, frozen=True, kw_only=True):
    """Send `fields`, then the file as `file`, as a multipart form to `url`; or the parts of `upload.parts`, where there are any."""

    upload: Upload
    url: str
    fields: dict[str, str]


def request_upload(
    user: User,
    wanted: WantedUpload,
    *,
    drawn_id: str,
    uploads: UploadStore,
    bucket: MusicBucket,
    limits: Limits,
    now: datetime,
) -> UploadPermission:
    """TooManyRequestsError while too many of the user's permissions wait for their files: the next comes when some have arrived."""
    _check_wish(user, wanted, limits.max_upload_bytes)
    upload_id = drawn_id if wanted.request_key is None else _derive_id(user.user_id, wanted.request_key)
    known = None if wanted.request_key is None else uploads.find(upload_id)
    upload = known or _open_receipt(user, wanted, upload_id, uploads=uploads, bucket=bucket, limits=limits, now=now)
    url, fields = bucket.presign_post(upload.key, max_bytes=limits.max_upload_bytes, expires_s=_PERMISSION_S)
    return UploadPermission(upload=upload, url=url, fields={**fields, "Content-Type": wanted.content_type})


def _check_wish(user: User, wanted: WantedUpload, max_bytes: int) -> None:
    require(user, "upload")
    if not _AUDIO_TYPE.fullmatch(wanted.content_type):
        raise InvalidInputError(f"Only audio can be uploaded, got {wanted.content_type!r}.", code="not_audio")
    size = wanted.size_bytes
    if not 1 <= size <= max_bytes:
        raise InvalidInputError(f"A song has 1 to {max_bytes} bytes, got {size}.", code="empty" if size < 1 else "too_large")


def _derive_id(user_id: str, request_key: str) -> str:
    """Nobody finds another's upload by guessing: the user is part of it."""
    return hashlib.sha256(f"{user_id}\n{request_key}".encode()).hexdigest()[:24]


def _open_receipt(
    user: User, wanted: WantedUpload, upload_id: str, *, uploads: UploadStore, bucket: MusicBucket, limits: Limits, now: datetime
) -> Upload:
    most = limits.outstanding_uploads
    if uploads.count_outstanding(user.user_id, since=now - timedelta(seconds=_PERMISSION_S), limit=most) >= most:
        raise TooManyRequestsError(f"{most} of your songs are on their way; please go on when some have arrived.", retry_after_s=_RETRY_S)
    key = f"uploads/{upload_id}/{clean_filename(wanted.filename)}"
    parts = _begin_parts(key, wanted, bucket, limits)
    fresh = Upload(upload_id=upload_id, key=key, user_id=user.user_id, status="queued", created_at=now, updated_at=now, parts=parts)
    stored = uploads.create(fresh)
    if parts is not None and stored.parts != parts:  # the same request was here at the same time, and first
        bucket.abort_parts(key, parts.multipart_id)
    return stored


def _begin_parts(key: str, wanted: WantedUpload, bucket: MusicBucket, limits: Limits) -> Parts | None:
    if not wanted.in_parts or wanted.size_bytes <= limits.parts_from_bytes:
        return None
    multipart_id = bucket.begin_parts(key, mime=wanted.content_type)
    part_bytes = max(limits.part_bytes, -(-wanted.size_bytes // _PARTS_MAX))
    return Parts(multipart_id=multipart_id, size_bytes=wanted.size_bytes, part_bytes=part_bytes)


def clean_filename(filename: str) -> str:
    """The last part of a path, without control characters, bounded; what a browser or a phone calls a file is kept otherwise."""
    last = unicodedata.normalize("NFC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(char for char in last if char.isprintable()).strip(" .")
    if len(printable) <= _NAME_MAX:
        return printable or "song"
    stem, dot, suffix = printable.rpartition(".")
    return f"{stem[: _NAME_MAX - 8]}{dot}{suffix}" if 1 <= len(suffix) <= 5 else printable[:_NAME_MAX]
