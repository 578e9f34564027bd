"""The messages that were read and are not yet done with: which go into the next batch, what counts as done, what is tried again from
where, and what has been tried often enough. Pure: knows no Kafka and no Lambda.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from localstack.kafka_event import KafkaRecord, Partition, measure_bytes, partition_of

PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024  # of a synchronous invocation
ENVELOPE_BYTES = 4096  # what the event holds beside its records
Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded", "MaximumPayloadSizeExceeded"]


class Discard(NamedTuple):
    """A message that the function will not get (again), and why, in AWS's words."""

    record: KafkaRecord
    condition: Condition
    attempts: int


class Backlog:
    """Not thread-safe. A batch that fails as a whole is halved until the failing message stands alone (AWS: bisecting), so that it alone
    is given up and those behind it go through.
    """

    def __init__(self, *, batch_size: int, maximum_retry_attempts: int, maximum_record_age_s: int = -1) -> None:
        self._batch_size = batch_size
        self._maximum_record_age_s = maximum_record_age_s  # -1: any
        self._maximum_retry_attempts = maximum_retry_attempts  # -1: without end
        self._limit = batch_size
        self._queues: dict[Partition, deque[KafkaRecord]] = {}
        self._attempts: dict[tuple[Partition, int], int] = {}

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def add(self, records: Iterable[KafkaRecord]) -> None:
        for record in records:
            self._queues.setdefault(partition_of(record), deque()).append(record)

    def forget(self, partitions: Iterable[Partition]) -> None:
        """These belong to another consumer now, which begins where was committed."""
        for partition in partitions:
            self._queues.pop(partition, None)
            self._attempts = {key: count for key, count in self._attempts.items() if key[0] != partition}

    def next_batch(self) -> list[KafkaRecord]:
        """In the order of each partition, up to the batch size or the size of an invocation, whatever is reached first."""
        batch: list[KafkaRecord] = []
        left = PAYLOAD_LIMIT_BYTES - ENVELOPE_BYTES
        for queue in self._queues.values():
            for record in list(queue)[: self._limit - len(batch)]:
                left -= measure_bytes(record)
                if left < 0 and batch:
                    return batch
                batch.append(record)
        return batch

    def settle(self, batch: Sequence[KafkaRecord], failures: Mapping[Partition, int]) -> dict[Partition, int]:
        """Takes out what succeeded: of each partition, all before its failed offset. The offsets to commit, where anything moved."""
        self._limit = self._batch_size
        commits: dict[Partition, int] = {}
        for record in batch:
            partition = partition_of(record)
            if record.offset < failures.get(partition, record.offset + 1):
                self._take(record)
                commits[partition] = record.offset + 1
        return commits

    def note_failed_batch(self, batch: Sequence[KafkaRecord]) -> None:
        """The function failed as a whole: the next batch is half of it; one that is alone has used an attempt."""
        if len(batch) == 1:
            self._count(batch[0])
        self._limit = max(1, len(batch) // 2)

    def note_failed_offsets(self, failures: Mapping[Partition, int]) -> None:
        for partition in failures:
            self._count(self._queues[partition][0])

    def discards(self, *, now_ms: int) -> list[Discard]:
        """Messages at the head of their partition that failed too often, are too old, or do not fit into an invocation."""
        judged = [self._judge(queue[0], now_ms) for queue in self._queues.values() if queue]
        return [discard for discard in judged if discard is not None]

    def _judge(self, head: KafkaRecord, now_ms: int) -> Discard | None:
        attempts = self._attempts.get((partition_of(head), head.offset), 0)
        if 0 <= self._maximum_retry_attempts < attempts:
            return Discard(head, "RetryAttemptsExhausted", attempts)
        if 0 <= self._maximum_record_age_s * 1000 < now_ms - head.timestamp:
            return Discard(head, "RecordAgeExceeded", attempts)
        if measure_bytes(head) > PAYLOAD_LIMIT_BYTES - ENVELOPE_BYTES:
            return Discard(head, "MaximumPayloadSizeExceeded", attempts)
        return None

    def give_up(self, record: KafkaRecord) -> dict[Partition, int]:
        """Takes out one message that has been sent to the on-failure queue. The offset to commit."""
        self._take(record)
        self._limit = self._batch_size
        return {partition_of(record): record.offset + 1}

    def _count(self, record: KafkaRecord) -> None:
        key = (partition_of(record), record.offset)
        self._attempts[key] = self._attempts.get(key, 0) + 1

    def _take(self, record: KafkaRecord) -> None:
        partition = partition_of(record)
        self._queues[partition].popleft()
        self._attempts.pop((partition, record.offset), None)
