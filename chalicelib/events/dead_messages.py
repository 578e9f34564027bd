"""Parses what arrives in the dead-letter queues: S3 notifications, build requests, and AWS's record of a Kafka batch it has given up.

Garbage is a dead message too: this is the last station, so nothing here raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from chalicelib.events.s3_events import parse_object_events
from chalicelib.workflows.records import DeadMessage, ObjectEvent, RecordSpan

PAYLOAD_LIMIT = 20_000

_AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]
Source = Literal["uploads", "builds", "plays", "unknown"]


class _Range(msgspec.Struct):
    first_offset: str | int = msgspec.field(name="firstRecordOffset", default="?")
    last_offset: str | int = msgspec.field(name="lastRecordOffset", default="?")
    first_at: Any = msgspec.field(name="firstRecordTimestamp", default=None)  # read when asked for: a letter is never refused for it
    last_at: Any = msgspec.field(name="lastRecordTimestamp", default=None)


class _KafkaBatch(msgspec.Struct):
    ranges: dict[str, _Range] = msgspec.field(name="recordsInfo")


class _RequestContext(msgspec.Struct):
    condition: str = "given up"
    attempts: int = msgspec.field(name="approximateInvokeCount", default=1)


class _OnFailureRecord(msgspec.Struct):
    """AWS's invocation record for a Kafka source; it names the places of the records and does not hold them."""

    batch: _KafkaBatch = msgspec.field(name="KafkaBatchInfo")
    context: _RequestContext = msgspec.field(name="requestContext", default_factory=_RequestContext)


def parse_dead_messages(event: Mapping[str, Any]) -> list[tuple[str, DeadMessage]]:
    """(SQS message id, what it was) for each message of the batch. `Any`: the event as Lambda gives it."""
    records = event.get("Records")
    return [_parse_record(record) for record in records] if isinstance(records, list) else []


def parse_record_spans(payload: str) -> tuple[RecordSpan, ...]:
    """Where the records of a batch lie that was given up, by the payload of its letter. ValueError for what names no places."""
    given_up = _read_on_failure(payload)
    if given_up is None or not given_up.batch.ranges:
        raise ValueError("it names no Kafka records")
    return tuple(_read_span(label, each) for label, each in sorted(given_up.batch.ranges.items()))


def _read_span(label: str, found: _Range) -> RecordSpan:
    topic, _, partition = label.rpartition("-")
    return RecordSpan(
        topic=topic,
        partition=int(partition),
        first_offset=int(found.first_offset),
        last_offset=int(found.last_offset),
        first_at=_read_time(found.first_at),
        last_at=_read_time(found.last_at),
    )


def _read_time(stamp: object) -> datetime | None:
    try:
        return msgspec.convert(stamp, _AwareTime)
    except ValueError:
        return None


def _parse_record(record: object) -> tuple[str, DeadMessage]:
    fields: Mapping[str, Any] = record if isinstance(record, Mapping) else {}
    message_id = str(fields.get("messageId") or "without-id")
    body = fields.get("body")
    text = body if isinstance(body, str) else repr(record)
    attributes = fields.get("attributes")
    count = attributes.get("ApproximateReceiveCount", "1") if isinstance(attributes, Mapping) else "1"
    attempts = int(count) if str(count).isdecimal() else 1
    return message_id, _read_body(text, message_id, _name_source(str(fields.get("eventSourceARN", ""))), attempts)


def _read_body(body: str, message_id: str, source: Source, attempts: int) -> DeadMessage:
    given_up = _read_on_failure(body)
    if given_up is not None:
        return _describe_batch(given_up, body)
    events = _read_object_events(body)
    return DeadMessage(
        letter_id=f"{source}-{message_id}",
        source="uploads" if events else source,
        payload=body[:PAYLOAD_LIMIT],
        reason="Every attempt to process this message failed.",
        attempts=attempts,
        events=events,
    )


def _describe_batch(given_up: _OnFailureRecord, body: str) -> DeadMessage:
    places = "_".join(f"{name}-{each.first_offset}" for name, each in sorted(given_up.batch.ranges.items()))
    spans = ", ".join(f"{name} {each.first_offset} to {each.last_offset}" for name, each in sorted(given_up.batch.ranges.items()))
    return DeadMessage(
        letter_id=f"batch-{places}"[:200],
        source="plays",
        payload=body[:PAYLOAD_LIMIT],
        reason=f"Kafka records {spans}: {given_up.context.condition}.",
        attempts=given_up.context.attempts,
    )


def _read_on_failure(body: str) -> _OnFailureRecord | None:
    try:
        return msgspec.json.decode(body, type=_OnFailureRecord)
    except ValueError:
        return None


def _read_object_events(body: str) -> tuple[ObjectEvent, ...]:
    try:
        return parse_object_events(body)
    except ValueError:
        return ()


def _name_source(queue_arn: str) -> Source:
    """By the queue's name, as the template gives it."""
    name = queue_arn.rsplit(":", 1)[-1].lower()
    for part, source in (("upload", "uploads"), ("build", "builds"), ("play", "plays")):
        if part in name:
            return source  # type: ignore[return-value]  # the tuple's second members are the literals
    return "unknown"
