"""Parses the event by which Lambda hands over a batch of Kafka records, and the JSON of the topic `plays`. Resolves and stores nothing.

The header `request_id` names the HTTP request that brought the play; its bytes may be signed, as Java's are.

AWS names the source `aws:kafka` (MSK), `aws:SelfManagedKafka` or `SelfManagedKafka`, depending on the page one reads and the mapping
one has: the name is not looked at, the shape is. Other headers are ignored.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from chalicelib.model import Play, PlayKind
from chalicelib.workflows.records import PlayMessage, PlayRecord

PAYLOAD_LIMIT = 20_000
REQUEST_ID = "request_id"
_REQUEST_ID_MAX = 128

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class _WirePlay(msgspec.Struct, kw_only=True):
    """Schema 1. Fields that are not known are ignored, so that producers may be ahead of us."""

    schema: Literal[1]
    event_id: _Id
    user_id: _Id
    track_id: _Id | None = None
    title: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    kind: PlayKind = "start"
    position_s: Annotated[float, msgspec.Meta(ge=0, le=1e7)] = 0.0
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]


class _WireRecord(msgspec.Struct):
    topic: str
    partition: int
    offset: int
    value: str | None = None
    headers: Any = None  # a list of {name: [bytes]}; what is malformed in them must not cost the play


def parse_play_records(event: Mapping[str, Any]) -> list[PlayRecord]:
    """All records, partition by partition. One that cannot be read has a `fault`; ValueError when even its place is unknown."""
    batches = event.get("records")
    if not isinstance(batches, Mapping):
        raise ValueError("the event has no records by partition")  # noqa: TRY004  # it is the event's content that is wrong
    return [_parse_record(raw) for raws in batches.values() for raw in raws]


def encode_play(play: Play, title: str) -> bytes:
    """The JSON value of schema 1."""
    wire = _WirePlay(
        schema=1,
        event_id=play.event_id,
        user_id=play.user_id,
        track_id=play.track_id,
        title=title or None,
        kind=play.kind,
        position_s=play.position_s,
        occurred_at=play.occurred_at,
    )
    return msgspec.json.encode(wire)


def encode_headers(play: Play) -> list[tuple[str, bytes]]:
    return [] if play.request_id is None else [(REQUEST_ID, play.request_id.encode("utf-8", "replace"))]


def parse_play_payload(payload: str) -> PlayMessage:
    """A dead letter's payload as a play. ValueError where it is none."""
    return _to_message(msgspec.json.decode(payload.encode("utf-8", "replace"), type=_WirePlay), None)


def name_failures(failed: Iterable[PlayRecord]) -> dict[str, list[dict[str, Any]]]:
    """Lambda's answer: from which offset on each partition must come again. `Any`: AWS's JSON."""
    first: dict[str, int] = {}
    for record in failed:
        partition = f"{record.topic}-{record.partition}"
        first[partition] = min(record.offset, first.get(partition, record.offset))
    return {"batchItemFailures": [{"itemIdentifier": {"partition": name, "offset": offset}} for name, offset in sorted(first.items())]}


def _parse_record(raw: object) -> PlayRecord:
    record = msgspec.convert(raw, _WireRecord)
    if record.value is None:
        return PlayRecord(topic=record.topic, partition=record.partition, offset=record.offset)
    message: PlayMessage | None = None
    fault: str | None = None
    payload = record.value
    try:
        content = base64.b64decode(record.value, validate=True)
        payload = content.decode("utf-8", "backslashreplace")
        message = _to_message(msgspec.json.decode(content, type=_WirePlay), _read_request_id(record.headers))
    except (ValueError, binascii.Error) as exc:
        fault = str(exc)
    return PlayRecord(
        topic=record.topic, partition=record.partition, offset=record.offset, payload=payload[:PAYLOAD_LIMIT], message=message, fault=fault
    )


def _read_request_id(headers: Any) -> str | None:
    """None for whatever is not a short printable text."""
    named = [each[REQUEST_ID] for each in headers if isinstance(each, Mapping) and REQUEST_ID in each] if isinstance(headers, list) else []
    if not named or not isinstance(named[-1], list) or len(named[-1]) > _REQUEST_ID_MAX:
        return None
    try:
        text = bytes(byte & 0xFF for byte in named[-1]).decode()
    except (TypeError, UnicodeDecodeError):
        return None
    return text if text and text.isprintable() else None


def _to_message(wire: _WirePlay, request_id: str | None) -> PlayMessage:
    if not wire.track_id and not (wire.title and wire.title.strip()):
        raise ValueError("it names neither a track_id nor a title")
    return PlayMessage(
        event_id=wire.event_id,
        user_id=wire.user_id,
        track_id=wire.track_id,
        title=wire.title.strip().lower() if wire.title else None,
        kind=wire.kind,
        position_s=wire.position_s,
        occurred_at=wire.occurred_at,
        request_id=request_id,
    )
