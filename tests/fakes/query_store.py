"""Questions by sound, in memory."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.query_model import SoundQuery
from chalicelib.storage.times import truncate_time
from tests.fakes.switchable import Switchable, answering


class FakeQueryStore(Switchable):
    store = "queries"

    def __init__(self) -> None:
        super().__init__()
        self.queries: dict[str, SoundQuery] = {}

    @answering
    def create(self, query: SoundQuery) -> None:
        self.queries[query.query_id] = replace(
            query, created_at=truncate_time(query.created_at), expires_at=truncate_time(query.expires_at)
        )

    @answering
    def find(self, query_id: str, *, now: datetime) -> SoundQuery | None:
        query = self.queries.get(query_id)
        return query if query is not None and query.expires_at > now else None

    @answering
    def answer(self, query_id: str, *, mfcc: tuple[float, ...], features: bytes | None, duration_s: float) -> bool:
        return self._finish(query_id, status="ready", mfcc=mfcc, features=features, duration_s=duration_s)

    @answering
    def fail(self, query_id: str, *, error_code: str, message: str) -> bool:
        return self._finish(query_id, status="failed", error_code=error_code, message=message)

    def _finish(self, query_id: str, **changes: Any) -> bool:
        query = self.queries.get(query_id)
        if query is None or query.status != "queued":
            return False
        self.queries[query_id] = replace(query, **changes)
        return True
