"""The queues and the play publisher in memory: they record what they were asked, and fail when told to."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.errors import NotFoundError
from chalicelib.events.queue_watch import NAMES
from chalicelib.model import Play, StoredObject
from chalicelib.workflows.records import ConsumerLag, HeldMessage, PartitionLag, PlayRecord, QueueDepth, RecordSpan
from tests.fakes.switchable import Switchable, answering


class FakeBuildQueue(Switchable):
    store = "the build queue"

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[int] = []  # the delays asked for

    @answering
    def request_build(self, *, delay_s: int) -> None:
        self.requests.append(delay_s)


class FakeUploadQueue(Switchable):
    store = "the uploads queue"

    def __init__(self) -> None:
        super().__init__()
        self.queued: list[StoredObject] = []
        self.outdated: list[tuple[str, StoredObject]] = []

    @answering
    def queue_object(self, stored: StoredObject) -> None:
        self.queued.append(stored)

    @answering
    def queue_reanalysis(self, track_id: str, stored: StoredObject) -> None:
        self.outdated.append((track_id, stored))


class FakeQueueWatch:
    """`waiting`: what is known of each queue; a queue that is not in it is not known."""

    def __init__(self) -> None:
        self.waiting: dict[str, int] = {"uploads": 0, "builds": 0}

    def depths(self) -> list[QueueDepth]:
        return [
            QueueDepth(name=name, waiting=self.waiting[name], in_flight=0, delayed=0) if name in self.waiting else QueueDepth(name=name)
            for name in NAMES
        ]


class FakeLagWatch:
    """`waiting`: in each partition; None where the broker is away."""

    def __init__(self) -> None:
        self.waiting: list[int] | None = [0, 0, 0, 0]

    def measure(self) -> ConsumerLag:
        name = {"topic": "plays", "consumer_group": "timbre-dev-recommend"}
        if self.waiting is None:
            return ConsumerLag(**name, unknown_because="ConnectionRefusedError: the broker is away")
        partitions = tuple(PartitionLag(partition=at, committed=0, end=count, waiting=count) for at, count in enumerate(self.waiting))
        return ConsumerLag(**name, waiting=sum(self.waiting), partitions=partitions)


class FakeRecordReader(Switchable):
    """What Kafka still holds, by topic, partition and offset. A span that is not there in full is gone."""

    store = "Kafka"

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[tuple[str, int, int], PlayRecord] = {}

    @answering
    def read(self, span: RecordSpan) -> tuple[PlayRecord, ...]:
        places = [(span.topic, span.partition, offset) for offset in range(span.first_offset, span.last_offset + 1)]
        if any(place not in self.records for place in places):
            raise NotFoundError("Kafka no longer holds these records.")
        return tuple(self.records[place] for place in places)

    def close(self) -> None:
        self.calls.append("close")


class FakeDeadLetterQueue(Switchable):
    store = "the dead-letter queue"

    def __init__(self) -> None:
        super().__init__()
        self.bodies: dict[str, str] = {}  # receipt handle → body
        self.held: set[str] = set()

    @answering
    def receive(self) -> list[HeldMessage]:
        free = [handle for handle in self.bodies if handle not in self.held][:2]
        self.held.update(free)
        return [HeldMessage(handle, self.bodies[handle]) for handle in free]

    @answering
    def delete(self, receipt_handle: str) -> None:
        del self.bodies[receipt_handle]
        self.held.discard(receipt_handle)

    @answering
    def let_go(self, receipt_handle: str) -> None:
        self.held.discard(receipt_handle)


class FakePlayPublisher(Switchable):
    """`is_down`: acknowledges nothing, raises nothing. `refused`: event ids that are never acknowledged."""

    store = "Kafka"

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[Play, str]] = []
        self.renewals: list[str] = []  # users
        self.refused: set[str] = set()

    def publish_renewals(self, user_ids: Sequence[str], *, timeout_s: float) -> list[str]:
        with self.lock:
            self.calls.append("publish_renewals")
            sent = [] if self.is_down else [user_id for user_id in user_ids if user_id not in self.refused]
            self.renewals.extend(sent)
            return sent

    def publish(self, plays: Sequence[tuple[Play, str]], *, timeout_s: float) -> list[str]:
        with self.lock:
            self.calls.append("publish")
            if self.is_down:
                return []
            sent = [(play, title) for play, title in plays if play.event_id not in self.refused]
            self.published.extend(sent)
            return [play.event_id for play, _ in sent]
