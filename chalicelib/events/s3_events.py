"""Parses S3's notifications: wrapped in the uploads queue's messages, or delivered by S3 itself. Judges no object and reads no bucket.

Keys arrive form-encoded (a space as `+`, from some as `%20`), so they are unquoted here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from chalicelib.way_model import Arrival
from chalicelib.workflows.records import ObjectEvent, ObjectMessage

PAYLOAD_LIMIT = 20_000  # characters kept of what could not be read
FOUND_BY_US = "timbre:reconcile"  # the eventSource of what `SqsUploadQueue` announces
OUTDATED = "Track:Outdated"  # an eventName that older versions of the function pass over


class _ObjectPart(msgspec.Struct):
    key: str
    sequencer: str = ""
    e_tag: str = msgspec.field(name="eTag", default="")
    track_id: str = msgspec.field(name="trackId", default="")  # ours, of an outdated track


class _S3Part(msgspec.Struct):
    object: _ObjectPart


class _Notification(msgspec.Struct):
    event_name: str = msgspec.field(name="eventName")
    s3: _S3Part
    source: str = msgspec.field(name="eventSource", default="aws:s3")
    time: Any = msgspec.field(name="eventTime", default=None)  # what is malformed in it must not cost the upload


class _Body(msgspec.Struct):
    records: list[_Notification] = msgspec.field(name="Records")


class _TestEvent(msgspec.Struct):
    event: str = msgspec.field(name="Event")


class _SqsAttributes(msgspec.Struct):
    receive_count: str = msgspec.field(name="ApproximateReceiveCount", default="1")
    sent: Any = msgspec.field(name="SentTimestamp", default=None)  # milliseconds since 1970, as text
    first_received: Any = msgspec.field(name="ApproximateFirstReceiveTimestamp", default=None)


class _SqsRecord(msgspec.Struct):
    message_id: str = msgspec.field(name="messageId")
    body: str
    receipt_handle: str | None = msgspec.field(name="receiptHandle", default=None)
    attributes: _SqsAttributes = msgspec.field(default_factory=_SqsAttributes)


def parse_object_messages(event: Mapping[str, Any]) -> list[ObjectMessage]:
    """One per SQS message, or one for a direct event. What cannot be read becomes a message with a `fault`, beside the others."""
    records = event.get("Records")
    if not isinstance(records, list):
        return [] if _is_test_event(event) else [_faulty(None, event, "it has no list of Records")]
    if records and isinstance(records[0], dict) and "messageId" in records[0]:
        return [_parse_sqs_record(record) for record in records]
    return [_parse_direct(event)]


def parse_object_events(body: str, arrival: Arrival = Arrival()) -> tuple[ObjectEvent, ...]:  # noqa: B008  # frozen
    """The notifications in one message's body, none for S3's test event. ValueError when it is not what S3 sends."""
    if _is_test_event(_decode_object(body)):
        return ()
    return _to_events(msgspec.json.decode(body, type=_Body), arrival)


def _parse_sqs_record(record: object) -> ObjectMessage:
    try:
        message = msgspec.convert(record, _SqsRecord)
    except msgspec.ValidationError as exc:
        message_id = record.get("messageId") if isinstance(record, dict) else None
        return _faulty(message_id if isinstance(message_id, str) else None, record, str(exc))
    count = message.attributes.receive_count
    try:
        events, fault = parse_object_events(message.body, _read_arrival(message.attributes)), None
    except ValueError as exc:
        events, fault = (), str(exc)
    return ObjectMessage(
        message_id=message.message_id,
        receipt_handle=message.receipt_handle,
        receive_count=int(count) if count.isdecimal() else 1,
        events=events,
        fault=fault,
        payload=message.body if fault is None else message.body[:PAYLOAD_LIMIT],  # whole, so that it can be sent again
    )


def _parse_direct(event: Mapping[str, Any]) -> ObjectMessage:
    try:
        return ObjectMessage(message_id=None, events=_to_events(msgspec.convert(event, _Body), Arrival()))
    except msgspec.ValidationError as exc:
        return _faulty(None, event, str(exc))


def _read_arrival(attributes: _SqsAttributes) -> Arrival:
    return Arrival(queued_at=_read_milliseconds(attributes.sent), first_received_at=_read_milliseconds(attributes.first_received))


def _read_milliseconds(text: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(str(text)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _read_time(text: object) -> datetime | None:
    try:
        return msgspec.convert(text, datetime).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def _to_events(body: _Body, arrival: Arrival) -> tuple[ObjectEvent, ...]:
    return tuple(event for record in body.records if (event := _to_event(record, arrival)) is not None)


def _to_event(record: _Notification, arrival: Arrival) -> ObjectEvent | None:
    """None for what says nothing about an object's presence (a restore, a tag, an ACL)."""
    name = record.event_name.removeprefix("s3:")
    part = record.s3.object
    key = unquote_plus(part.key)
    if name.startswith("ObjectCreated:"):
        is_found = record.source == FOUND_BY_US
        return ObjectEvent(
            key=key,
            kind="found" if is_found else "created",
            sequencer=part.sequencer or part.e_tag,
            arrival=arrival if is_found else msgspec.structs.replace(arrival, object_created_at=_read_time(record.time)),
        )
    if name == OUTDATED and record.source == FOUND_BY_US and part.track_id:
        return ObjectEvent(key=key, kind="outdated", sequencer=part.sequencer, track_id=part.track_id, arrival=arrival)
    if name.startswith(("ObjectRemoved:", "LifecycleExpiration:")):
        return ObjectEvent(key=key, kind="removed", sequencer=part.sequencer or part.e_tag)
    return None


def _is_test_event(content: object) -> bool:
    return isinstance(content, Mapping) and content.get("Event") == "s3:TestEvent"


def _decode_object(body: str) -> object:
    return msgspec.json.decode(body)


def _faulty(message_id: str | None, raw: object, fault: str) -> ObjectMessage:
    return ObjectMessage(message_id=message_id, fault=fault, payload=repr(raw)[:PAYLOAD_LIMIT])
