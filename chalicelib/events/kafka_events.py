"""Parses the event by which Lambda hands over a batch of Kafka records, and the JSON of the topic `plays`. Resolves and stores nothing.

A renewal (`renew_recommendations`) is a record without a value whose header `renewal_of` names the user: consumers that know nothing of it
pass it over as the tombstone that it is to them.

The header `request_id` names the HTTP request that brought the play; its bytes may be signed, as Java's are.

AWS names the source `aws:kafka` (MSK), `aws:SelfManagedKafka` or `SelfManagedKafka`, depending on the page one reads and the mapping
one has: the name is not looked at, the shape is. Other headers are ignored.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import replace

from chalicelib.model import Play, PlayKind
from chalicelib.way_model import PlayArrival
from chalicelib.workflows.records import PlayMessage, PlayRecord

PAYLOAD_LIMIT = 20_000
REQUEST_ID = "request_id"
RENEWAL_OF = "renewal_of"
_HEADER_MAX = 128

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
    arrived_at: Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType | None = msgspec.UNSET  # of plays that came late alone


class _WireRecord(msgspec.Struct):
    topic: str
    partition: int
    offset: int
    value: str | None = None
    timestamp: Any = None  # milliseconds since 1970; as the next, nothing that a play may fail by
    stamped: Any = msgspec.field(name="timestampType", default=None)
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
        arrived_at=msgspec.UNSET if play.heard_of_at == play.occurred_at else play.heard_of_at,
    )
    return msgspec.json.encode(wire)


def encode_headers(play: Play) -> list[tuple[str, bytes]]:
    return [] if play.request_id is None else [(REQUEST_ID, play.request_id.encode("utf-8", "replace"))]


def encode_renewal_headers(user_id: str) -> list[tuple[str, bytes]]:
    """All that a renewal says."""
    return [(RENEWAL_OF, user_id.encode())]


def parse_play_payload(payload: str) -> PlayMessage:
    """A dead letter's payload as a play. ValueError where it is none."""
    return _to_message(msgspec.json.decode(payload.encode("utf-8", "replace"), type=_WirePlay), None)


def read_play_record(topic: str, partition: int, offset: int, content: bytes | None, headers: Sequence[tuple[str, bytes]]) -> PlayRecord:
    """A record as a Kafka client hands it over."""
    spelled = [{name: list(value or b"")} for name, value in headers]
    return _read_content(PlayRecord(topic=topic, partition=partition, offset=offset), content, spelled)


def name_failures(failed: Iterable[PlayRecord]) -> dict[str, list[dict[str, Any]]]:
    """Lambda's answer: from which offset on each partition must come again. `Any`: AWS's JSON."""
    first: dict[str, int] = {}
    for record in failed:
        partition = f"{record.topic}-{record.partition}"
        first[partition] = min(record.offset, first.get(partition, record.offset))
    return {"batchItemFailures": [{"itemIdentifier": {"partition": name, "offset": offset}} for name, offset in sorted(first.items())]}


def _parse_record(raw: object) -> PlayRecord:
    record = msgspec.convert(raw, _WireRecord)
    arrival = _read_arrival(record)
    placed = PlayRecord(topic=record.topic, partition=record.partition, offset=record.offset, arrival=arrival)
    if record.value is None:
        return _read_content(placed, None, record.headers)
    try:
        content = base64.b64decode(record.value, validate=True)
    except (ValueError, binascii.Error) as exc:
        return replace(placed, payload=record.value[:PAYLOAD_LIMIT], fault=str(exc))
    return _read_content(placed, content, record.headers)


def _read_arrival(record: _WireRecord) -> PlayArrival:
    """Kafka's own word for a record without a time is -1."""
    if not isinstance(record.timestamp, int) or record.timestamp < 0:
        return PlayArrival()
    try:
        kafka_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return PlayArrival()
    return PlayArrival(kafka_at=kafka_at, stamped_by="broker" if record.stamped == "LOG_APPEND_TIME" else "producer")


def _read_content(placed: PlayRecord, content: bytes | None, headers: Any) -> PlayRecord:
    """A tombstone's is None, and a renewal's."""
    if content is None:
        return replace(placed, renewal_of=_read_header(headers, RENEWAL_OF))
    payload = content.decode("utf-8", "backslashreplace")[:PAYLOAD_LIMIT]
    try:
        message = _to_message(msgspec.json.decode(content, type=_WirePlay), _read_header(headers, REQUEST_ID))
    except ValueError as exc:
        return replace(placed, payload=payload, fault=str(exc))
    return replace(placed, payload=payload, message=message)


def _read_header(headers: Any, name: str) -> str | None:
    """None for whatever is not a short printable text."""
    named = [each[name] for each in headers if isinstance(each, Mapping) and name in each] if isinstance(headers, list) else []
    if not named or not isinstance(named[-1], list) or len(named[-1]) > _HEADER_MAX:
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
        arrived_at=wire.arrived_at or None,
        request_id=request_id,
    )
