"""A large file goes to the bucket in parts, so that it goes on where it stopped: which parts are there, the permission for more, the end.
Every act may be repeated: S3 keeps the last of each part, and what is completed or called off already is left so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from chalicelib.errors import ConflictError, InvalidInputError
from chalicelib.model import Upload
from chalicelib.way_model import Parts, StoredPart
from chalicelib.workflows.ports import MusicBucket, UploadStore

_PERMISSION_S = 3600
CANCELLED = "cancelled"


class PartPermission(msgspec.Struct, frozen=True):
    number: int
    size_bytes: int
    url: str


def count_parts(parts: Parts) -> int:
    return -(-parts.size_bytes // parts.part_bytes)


def list_stored(upload: Upload, *, bucket: MusicBucket) -> list[StoredPart]:
    """Those that are there whole. ConflictError `parts_expired` where S3 has let go of them."""
    parts = require_parts(upload)
    stored = bucket.list_parts(upload.key, parts.multipart_id)
    if stored is None:
        if bucket.head(upload.key) is not None:  # completed
            return [StoredPart(number, "", _size_of(parts, number)) for number in range(1, count_parts(parts) + 1)]
        raise _expired()
    return [part for part in stored if part.number <= count_parts(parts) and part.size_bytes == _size_of(parts, part.number)]


def permit_parts(upload: Upload, numbers: Sequence[int], *, bucket: MusicBucket) -> list[PartPermission]:
    parts = require_parts(upload)
    most = count_parts(parts)
    if any(not 1 <= number <= most for number in numbers):
        raise InvalidInputError(f"The parts are numbered from 1 to {most}.")
    return [
        PartPermission(
            number,
            _size_of(parts, number),
            bucket.presign_part(upload.key, parts.multipart_id, number=number, size_bytes=_size_of(parts, number), expires_s=_PERMISSION_S),
        )
        for number in dict.fromkeys(numbers)
    ]


def complete_upload(upload: Upload, *, bucket: MusicBucket) -> None:
    """ConflictError `parts_missing` where not all are there."""
    parts = require_parts(upload)
    stored = list_stored(upload, bucket=bucket)
    missing = count_parts(parts) - len(stored)
    if missing:
        raise ConflictError(f"{missing} of {count_parts(parts)} parts are missing.", code="parts_missing")
    if not bucket.complete_parts(upload.key, parts.multipart_id, stored) and bucket.head(upload.key) is None:
        raise _expired()


def cancel_upload(upload: Upload, *, uploads: UploadStore, bucket: MusicBucket, now: datetime) -> None:
    """ConflictError `upload_arrived` where the file is here already: then the song is what can be deleted."""
    if upload.error_code == CANCELLED:
        return
    if upload.attempts or upload.status != "queued" or bucket.head(upload.key) is not None:
        raise ConflictError("The file has arrived already.", code="upload_arrived")
    if upload.parts is not None:
        bucket.abort_parts(upload.key, upload.parts.multipart_id)
    message = "This upload was called off before the file was sent."
    uploads.mark_failed(upload.upload_id, key=upload.key, error_code=CANCELLED, message=message, now=now)


def require_parts(upload: Upload) -> Parts:
    if upload.parts is None:
        raise ConflictError("This upload was not begun in parts.", code="not_in_parts")
    return upload.parts


def _size_of(parts: Parts, number: int) -> int:
    return min(parts.part_bytes, parts.size_bytes - (number - 1) * parts.part_bytes)


def _expired() -> ConflictError:
    return ConflictError("The parts that were sent are gone; please begin anew.", code="parts_expired")
