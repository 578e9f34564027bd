"""What watching, redriving and backfilling need from the world besides `ports.py`: protocols, under the same rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from chalicelib.model import Backfill, StoredObject
from chalicelib.workflows.records import ConsumerLag, HeldMessage, PlayRecord, QueueDepth, RecordSpan


class QueueWatch(Protocol):
    def depths(self) -> list[QueueDepth]:
        """Of every queue there is; the numbers are None where they cannot be had. Bounded, and raises nothing."""


class LagWatch(Protocol):
    def measure(self) -> ConsumerLag:
        """Not older than some seconds. Bounded, and raises nothing."""


class RecordReader(Protocol):
    """Reads the topic by places, in no consumer group."""

    def read(self, span: RecordSpan) -> tuple[PlayRecord, ...]:
        """All of the span. NotFoundError where Kafka holds them no more, or others in their places; StoreUnavailableError."""

    def close(self) -> None: ...


class DeadLetterQueue(Protocol):
    """A queue of messages that were given up."""

    def receive(self) -> list[HeldMessage]:
        """Some that nobody else holds at the moment; none where there are none."""

    def delete(self, receipt_handle: str) -> None: ...

    def let_go(self, receipt_handle: str) -> None:
        """Others may have it at once."""


class SourceBucket(Protocol):
    """A bucket of somebody's, that is read from."""

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        """By key, from the first one after `after`."""


class BackfillStore(Protocol):
    def find(self, source: str) -> Backfill | None: ...

    def save(self, backfill: Backfill) -> None: ...


class ListenerSample(Protocol):
    def sample_listeners(self, limit: int) -> list[str]:
        """Ids of users with plays, the same each time while there are no others."""
