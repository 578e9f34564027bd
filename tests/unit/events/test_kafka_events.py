from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.events.kafka_events import encode_headers, encode_play, name_failures, parse_play_payload, parse_play_records
from chalicelib.model import Play
from chalicelib.workflows.records import PlayRecord

EVENTS = Path(__file__).parents[2] / "events"


def load(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


@pytest.mark.parametrize("name", ["kafka_self_managed", "kafka_aws_self_managed", "kafka_msk"])
def test_every_name_that_aws_gives_the_source_is_read(name: str) -> None:
    record = parse_play_records(load(name))[0]
    assert record.message is not None
    assert record.message.event_id == "event-1"
    assert record.message.occurred_at == datetime(2026, 11, 20, 9, 12, 33, 123000, tzinfo=UTC)


def test_signed_header_bytes_and_tombstones_do_no_harm() -> None:
    first, tombstone, other = parse_play_records(load("kafka_self_managed"))
    assert (first.topic, first.partition, first.offset, first.record_id) == ("plays", 0, 15, "plays-0-15")
    assert tombstone.message is None
    assert tombstone.fault is None
    assert other.message is not None
    assert (other.message.kind, other.message.position_s, other.partition) == ("complete", 211.5, 3)


def test_a_title_alone_is_enough_and_is_looked_up_in_lower_case() -> None:
    (record,) = parse_play_records(load("kafka_title_only"))
    assert record.message is not None
    assert (record.message.track_id, record.message.title) == (None, "blue in green")


def test_each_bad_record_has_a_fault_and_the_good_one_behind_them_is_read() -> None:
    *bad, good = parse_play_records(load("kafka_bad_beside_good"))
    assert [record.offset for record in bad if not record.fault] == []
    assert len(bad) == 9
    assert good.message is not None
    assert all(record.payload for record in bad)


def test_an_event_without_records_is_refused() -> None:
    with pytest.raises(ValueError, match="no records"):
        parse_play_records({"eventSource": "aws:kafka"})


def test_the_first_failure_of_each_partition_is_named() -> None:
    failed = [PlayRecord(topic="plays", partition=partition, offset=offset) for partition, offset in [(0, 9), (0, 4), (2, 1), (0, 12)]]
    assert name_failures(failed) == {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": "plays-0", "offset": 4}},
            {"itemIdentifier": {"partition": "plays-2", "offset": 1}},
        ]
    }
    assert name_failures([]) == {"batchItemFailures": []}


@given(
    title=st.text(max_size=50),
    position_s=st.floats(min_value=0, max_value=1e6),
    occurred_at=st.datetimes(timezones=st.just(UTC)),
)
def test_what_is_encoded_is_read_back(title: str, position_s: float, occurred_at: datetime) -> None:
    play = Play(event_id="e", user_id="u", track_id="a" * 24, kind="skip", position_s=position_s, occurred_at=occurred_at)
    value = base64.b64encode(encode_play(play, title)).decode()
    event = {"records": {"plays-0": [{"topic": "plays", "partition": 0, "offset": 1, "value": value}]}}
    (record,) = parse_play_records(event)
    assert record.message is not None, record.fault
    assert (record.message.track_id, record.message.kind) == ("a" * 24, "skip")
    assert (record.message.position_s, record.message.occurred_at) == (position_s, occurred_at)


def with_headers(headers: Any) -> dict[str, Any]:
    event = load("kafka_msk")
    batch = next(iter(event["records"].values()))
    batch[0]["headers"] = headers
    event["records"] = {"plays-0": batch[:1]}
    return event


def read_request_id(headers: Any) -> str | None:
    (record,) = parse_play_records(with_headers(headers))
    assert record.message is not None, record.fault
    return record.message.request_id


def test_the_request_that_brought_a_play_is_read_from_its_header_signed_bytes_or_not() -> None:
    play = Play(
        event_id="e", user_id="u", track_id="t", kind="start", position_s=0.0, occurred_at=datetime.now(UTC), request_id="gateway-1-ü"
    )
    [(name, value)] = encode_headers(play)
    unsigned = list(value)
    signed = [byte - 256 if byte > 127 else byte for byte in value]
    assert signed != unsigned
    for content in (signed, unsigned):
        assert read_request_id([{"other": [1, -1]}, {name: content}]) == "gateway-1-ü"
    assert encode_headers(Play(event_id="e", user_id="u", track_id="t", kind="start", position_s=0.0, occurred_at=play.occurred_at)) == []


@pytest.mark.parametrize(
    "headers",
    [None, [], {}, "x", 7, [7], [{"request_id": None}], [{"request_id": "x"}], [{"request_id": ["x"]}], [{"request_id": [-1, -2]}],
     [{"request_id": [10, 13]}], [{"request_id": [65] * 200}], [{"request_id": []}], [{"request_id": [1e400]}]],
)  # fmt: skip
def test_a_header_that_is_no_request_id_costs_the_play_nothing(headers: Any) -> None:
    assert read_request_id(headers) is None


def test_a_dead_letters_payload_is_read_as_a_play_or_refused() -> None:
    play = Play(event_id="e", user_id="u", track_id="t", kind="skip", position_s=2.0, occurred_at=datetime.now(UTC))
    assert parse_play_payload(encode_play(play, "Song").decode()).event_id == "e"
    for payload in ("", "{", "[]", "{}", "\ud800"):
        with pytest.raises(ValueError, match=r".+"):
            parse_play_payload(payload)


@pytest.mark.parametrize(
    ("timestamp", "kind", "known"),
    [(1763629953123, "CREATE_TIME", "producer"), (1763629953123, "LOG_APPEND_TIME", "broker"), (-1, None, None), ("soon", 7, None)],
)
def test_the_records_own_time_comes_along_where_it_has_one(timestamp: object, kind: object, known: str | None) -> None:
    event = load("kafka_aws_self_managed")
    event["records"]["plays-0"][0] |= {"timestamp": timestamp, "timestampType": kind}
    record = parse_play_records(event)[0]
    assert record.fault is None
    assert record.arrival.stamped_by == known
    assert (record.arrival.kafka_at is None) == (known is None)
