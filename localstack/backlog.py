"""The messages that were read and are not yet done with: which go into the next batch, what counts as done, what is tried again from
where, and what has been tried often enough. Pure: knows no Kafka and no Lambda.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from localstack.kafka_event import KafkaRecord, Partition, partition_of


class Backlog:
    """Not thread-safe. A batch that fails as a whole is halved until the failing message stands alone (AWS: bisecting), so that it alone
    is given up and those behind it go through.
    """

    def __init__(self, *, batch_size: int, maximum_retry_attempts: int) -> None:
        self._batch_size = batch_size
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
        batch: list[KafkaRecord] = []
        for queue in self._queues.values():
            batch += list(queue)[: self._limit - len(batch)]
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

    def exhausted(self) -> list[tuple[KafkaRecord, int]]:
        """Messages at the head of their partition that have failed too often, with their attempts."""
        if self._maximum_retry_attempts < 0:
            return []
        heads = [queue[0] for queue in self._queues.values() if queue]
        counted = [(head, self._attempts.get((partition_of(head), head.offset), 0)) for head in heads]
        return [(head, attempts) for head, attempts in counted if attempts > self._maximum_retry_attempts]

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
