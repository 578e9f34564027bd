"""Questions by sound, as a protocol under the rules of `ports.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.query_model import SoundQuery


class QueryStore(Protocol):
    def create(self, query: SoundQuery) -> None: ...

    def find(self, query_id: str, *, now: datetime) -> SoundQuery | None:
        """None once expired, whether or not it was swept."""

    def answer(self, query_id: str, *, mfcc: tuple[float, ...], features: bytes | None, duration_s: float) -> bool:
        """A `queued` query becomes `ready`. False where it is none: the same again changes nothing."""

    def fail(self, query_id: str, *, error_code: str, message: str) -> bool:
        """A `queued` query becomes `failed`. False where it is none."""
