"""Opaque cursors of paged lists: the sort key of the last item seen, as URL-safe base64 of JSON."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

import msgspec

from chalicelib.errors import InvalidInputError

MAX_CURSOR_CHARS = 8_000


def encode_cursor(sort_value: str, item_id: str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([sort_value, item_id])).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, str]:
    """(sort value, id). InvalidInputError for anything that `encode_cursor` did not make."""
    if len(cursor) > MAX_CURSOR_CHARS:
        raise _make_error()
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(packed, type=tuple[str, str])
    except (binascii.Error, ValueError, msgspec.DecodeError) as exc:
        raise _make_error() from exc


def encode_time_cursor(time: datetime, item_id: str) -> str:
    return encode_cursor(time.astimezone(UTC).isoformat(), item_id)


def decode_time_cursor(cursor: str) -> tuple[datetime, str]:
    sort_value, item_id = decode_cursor(cursor)
    try:
        return datetime.fromisoformat(sort_value).astimezone(UTC), item_id
    except (ValueError, OverflowError) as exc:
        raise _make_error() from exc


def _make_error() -> InvalidInputError:
    return InvalidInputError("The cursor is not one that this list gave out.", code="invalid_cursor")
