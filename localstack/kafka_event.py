"""The event that AWS's Kafka event source mapping hands to a function, and the reading of the function's answer. Knows no Kafka client
and no Lambda client.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol


class KafkaRecord(Protocol):
    """What kafka-python's ConsumerRecord has of one message."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Partition(NamedTuple):
    topic: str
    partition: int

    @property
    def label(self) -> str:
        """As AWS writes it: `plays-0`."""
        return f"{self.topic}-{self.partition}"


def partition_of(record: KafkaRecord) -> Partition:
    return Partition(record.topic, record.partition)


def build_event(records: Sequence[KafkaRecord], *, bootstrap_servers: str) -> dict[str, Any]:
    """AWS's event of a self-managed Kafka cluster, records grouped by partition in their order."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        grouped.setdefault(partition_of(record).label, []).append(_build_record(record))
    return {"eventSource": "SelfManagedKafka", "bootstrapServers": bootstrap_servers, "records": grouped}


def measure_bytes(record: KafkaRecord) -> int:
    """What one message takes in the event's JSON, with the comma behind it."""
    return len(json.dumps(_build_record(record))) + 2


def _build_record(record: KafkaRecord) -> dict[str, Any]:
    built: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "timestampType": "LOG_APPEND_TIME" if record.timestamp_type == 1 else "CREATE_TIME",
        "headers": [{name: _signed_bytes(value or b"")} for name, value in record.headers],
    }
    for name, value in (("key", record.key), ("value", record.value)):
        if value is not None:
            built[name] = base64.b64encode(value).decode("ascii")
    return built


def _signed_bytes(value: bytes) -> list[int]:
    """Java's bytes: 255 is -1."""
    return [byte - 256 if byte > 127 else byte for byte in value]


def read_failures(answer: Any, sent: Sequence[KafkaRecord]) -> dict[Partition, int] | None:
    """The lowest failed offset of each partition; empty when all went well: an empty or null answer, an empty or null list. None when the
    answer is of another form, or names something that was not sent: AWS then takes the whole batch as failed.
    """
    if answer in (None, "", {}):
        return {}
    items = answer.get("batchItemFailures", []) if isinstance(answer, dict) else answer
    if items is None:
        return {}
    if not isinstance(answer, dict) or not isinstance(items, list):
        return None
    known = {(partition_of(record).label, record.offset): partition_of(record) for record in sent}
    failures: dict[Partition, int] = {}
    for item in items:
        named = _read_identifier(item)
        if named not in known:
            return None
        partition = known[named]
        failures[partition] = min(named[1], failures.get(partition, named[1]))
    return failures


def _read_identifier(item: Any) -> tuple[str, int]:
    identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
    if not isinstance(identifier, dict):
        return ("", -1)
    offset = identifier.get("offset")
    return (str(identifier.get("partition", "")), offset if isinstance(offset, int) else -1)
