"""A listener wants to upload a file: a receipt first, then the permission to send exactly that file straight to the bucket.
What becomes of the file is told by the receipt (`ingest_track`).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

import msgspec

from chalicelib.errors import InvalidInputError, NotAllowedError
from chalicelib.model import Upload, User
from chalicelib.workflows.ports import MusicBucket, UploadStore

_PERMISSION_S = 3600
_NAME_MAX = 120
_AUDIO_TYPE = re.compile(r"audio/[\w.+-]{1,60}")


class UploadPermission(msgspec.Struct, frozen=True, kw_only=True):
    """Send `fields`, then the file as `file`, as a multipart form to `url`."""

    upload: Upload
    url: str
    fields: dict[str, str]


def request_upload(
    user: User,
    *,
    upload_id: str,
    filename: str,
    size_bytes: int,
    content_type: str,
    uploads: UploadStore,
    bucket: MusicBucket,
    max_bytes: int,
    now: datetime,
) -> UploadPermission:
    if "uploader" not in user.roles:
        raise NotAllowedError("This account may not upload songs.")
    if not 1 <= size_bytes <= max_bytes:
        raise InvalidInputError(f"A song has 1 to {max_bytes} bytes, got {size_bytes}.", code="too_large" if size_bytes else "empty")
    if not _AUDIO_TYPE.fullmatch(content_type):
        raise InvalidInputError(f"Only audio can be uploaded, got {content_type!r}.", code="not_audio")
    key = f"uploads/{upload_id}/{clean_filename(filename)}"
    upload = uploads.create(Upload(upload_id=upload_id, key=key, user_id=user.user_id, status="queued", created_at=now, updated_at=now))
    url, fields = bucket.presign_post(key, max_bytes=max_bytes, expires_s=_PERMISSION_S)
    return UploadPermission(upload=upload, url=url, fields={**fields, "Content-Type": content_type})


def clean_filename(filename: str) -> str:
    """The last part of a path, without control characters, bounded; what a browser or a phone calls a file is kept otherwise."""
    last = unicodedata.normalize("NFC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(char for char in last if char.isprintable()).strip(" .")
    if len(printable) <= _NAME_MAX:
        return printable or "song"
    stem, dot, suffix = printable.rpartition(".")
    return f"{stem[: _NAME_MAX - 8]}{dot}{suffix}" if 1 <= len(suffix) <= 5 else printable[:_NAME_MAX]
