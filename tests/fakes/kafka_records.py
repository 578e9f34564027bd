"""A message as kafka-python hands it out."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FakeRecord:
    topic: str
    partition: int
    offset: int
    timestamp: int = 0
    timestamp_type: int = 0
    key: bytes | None = b"user"
    value: bytes | None = b"{}"
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
