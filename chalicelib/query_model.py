"""A question by sound: a clip that is analysed, answered and not kept. Beside `model.py`, which knows what is kept."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

import msgspec

QUERIES_PREFIX = "queries/"
QueryStatus = Literal["queued", "ready", "failed"]

_QUERY_KEY = re.compile(r"queries/([0-9a-f]{24})/.+", re.DOTALL)


class SoundQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Never part of the library, and its listener's alone. Gone by itself at `expires_at`."""

    query_id: str  # 24 hex digits
    user_id: str
    key: str  # of the clip, until it was analysed
    status: QueryStatus = "queued"
    mfcc: tuple[float, ...] = ()  # what was heard: its nearest songs are looked for whenever they are asked for
    features: bytes | None = None  # FEATURE_COUNT float32, little-endian
    duration_s: float | None = None
    error_code: str | None = None
    message: str | None = None  # for people
    created_at: datetime
    expires_at: datetime


def find_query_id(key: str) -> str | None:
    """None for what is no clip of a query."""
    found = _QUERY_KEY.fullmatch(key)
    return found.group(1) if found else None


def is_query_key(key: str) -> bool:
    return key.startswith(QUERIES_PREFIX)
