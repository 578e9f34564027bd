"""Turns a caller away who tries something too often. Counts every attempt, the successful ones too: a guess that succeeds is a guess."""

from __future__ import annotations

import hashlib
from datetime import datetime

from chalicelib.errors import TooManyRequestsError
from chalicelib.workflows.ports import ThrottleStore


def limit_rate(*, act: str, by: str, limit: int, window_s: int, throttles: ThrottleStore, now: datetime) -> None:
    """Counts one attempt at `act` (a word) by someone (an address, a username: hashed, so that any text makes a short key).
    TooManyRequestsError once the window has seen more than `limit`."""
    key = f"{act}:{hashlib.sha256(by.casefold().encode()).hexdigest()[:32]}"
    if throttles.count(key, window_s=window_s, now=now) <= limit:
        return
    retry_after_s = window_s - int(now.timestamp()) % window_s
    raise TooManyRequestsError(f"That was too many attempts; please try again in {_say(retry_after_s)}.", retry_after_s=retry_after_s)


def _say(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} seconds" if seconds != 1 else "a second"
    return f"{-(-seconds // 60)} minutes"
