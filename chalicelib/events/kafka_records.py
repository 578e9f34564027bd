"""Reads records of the plays' topic by their places, as long as Kafka keeps them: for who has only been told where they lie."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from chalicelib.config import Settings
from chalicelib.errors import NotFoundError, StoreUnavailableError
from chalicelib.events.kafka_connection import choose_connection
from chalicelib.events.kafka_events import read_play_record
from chalicelib.events.kafka_probe import is_kafka_there
from chalicelib.workflows.records import PlayRecord, RecordSpan

TIMEOUT_S = 10.0
_FETCH_WAIT_MS = 50  # librdkafka's broker holds an empty fetch for all of it


class KafkaRecordReader:
    """One consumer for all spans, made at the first; for one thread. `close` lets go of the broker."""

    def __init__(self, settings: Settings, *, timeout_s: float = TIMEOUT_S) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._consumer: Any = None  # kafka-python has no types

    def read(self, span: RecordSpan) -> tuple[PlayRecord, ...]:
        """NotFoundError where Kafka does not hold all of it any more; StoreUnavailableError where it does not answer in time."""
        try:
            found = self._fetch(span, time.monotonic() + self._timeout_s)
        except (KafkaError, OSError) as exc:
            raise StoreUnavailableError("Kafka") from exc
        if not _is_the_same(found, span):
            raise NotFoundError("Kafka holds other records in these places now.")
        return tuple(read_play_record(each.topic, each.partition, each.offset, each.value, each.headers) for each in found)

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close(autocommit=False)
            self._consumer = None

    def _fetch(self, span: RecordSpan, deadline: float) -> list[Any]:
        consumer = self._open()
        place = TopicPartition(span.topic, span.partition)
        consumer.assign([place])
        start, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
        if span.first_offset < start or span.last_offset >= end:
            raise NotFoundError("Kafka no longer holds these records.")
        consumer.seek(place, span.first_offset)
        found: list[Any] = []
        while consumer.position(place) <= span.last_offset:
            if time.monotonic() > deadline:
                raise TimeoutError("the records did not come in time")
            found += consumer.poll(timeout_ms=_FETCH_WAIT_MS * 4, max_records=500).get(place, [])
        return [each for each in found if each.offset <= span.last_offset]

    def _open(self) -> Any:
        if self._consumer is None:
            settings = self._settings
            is_kafka_there(settings.kafka_bootstrap_servers, settings.kafka_security_protocol, timeout_s=self._timeout_s)
            self._consumer = KafkaConsumer(**_choose_options(settings, self._timeout_s))
        return self._consumer


def _is_the_same(found: Sequence[Any], span: RecordSpan) -> bool:
    """By the times at both ends: a broker that lost its memory gives the same places to others. A span without times is believed in
    nothing."""
    if not found or span.first_at is None or span.last_at is None:
        return False
    ends = [(found[0], span.first_offset, span.first_at), (found[-1], span.last_offset, span.last_at)]
    return all(record.offset == offset and record.timestamp == _to_ms(at) for record, offset, at in ends)


def _to_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _choose_options(settings: Settings, timeout_s: float) -> dict[str, Any]:
    request_ms = int(timeout_s * 1000)
    return choose_connection(settings) | {
        "group_id": None,
        "enable_auto_commit": False,
        "allow_auto_create_topics": False,
        "fetch_max_wait_ms": _FETCH_WAIT_MS,
        "receive_message_max_bytes": 64_000_000,
        "request_timeout_ms": request_ms,
        "session_timeout_ms": request_ms // 2,
        "heartbeat_interval_ms": request_ms // 8,
    }
