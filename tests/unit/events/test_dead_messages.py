from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.events.build_events import parse_build_request
from chalicelib.events.dead_messages import parse_dead_messages, parse_record_spans

EVENTS = Path(__file__).parents[2] / "events"


def load(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def test_a_dead_upload_names_its_object() -> None:
    ((message_id, message),) = parse_dead_messages(load("dead_upload"))
    assert (message_id, message.letter_id, message.source, message.attempts) == ("d-1", "uploads-d-1", "uploads", 4)
    assert [event.key for event in message.events] == ["uploads/killer.mp3"]


def test_a_dead_build_request_has_its_queue_as_source() -> None:
    ((_, message),) = parse_dead_messages(load("dead_build"))
    assert (message.letter_id, message.source) == ("builds-d-2", "builds")


def test_a_batch_of_plays_that_was_given_up_is_named_by_its_place() -> None:
    ((message_id, message),) = parse_dead_messages(load("dead_plays"))
    assert message_id == "d-3"
    assert (message.letter_id, message.source, message.attempts) == ("batch-plays-0-40", "plays", 4)
    assert "plays-0 40 to 139: RetryAttemptsExhausted" in message.reason


def test_a_given_up_batch_says_where_its_records_lie() -> None:
    ((_, message),) = parse_dead_messages(load("dead_plays"))
    [span] = parse_record_spans(message.payload)
    assert (span.topic, span.partition, span.first_offset, span.last_offset) == ("plays", 0, 40, 139)


def test_a_topic_may_hold_dashes_and_its_times_are_aware() -> None:
    ranges = {"my-plays-12": {"firstRecordOffset": "7", "lastRecordOffset": 9, "firstRecordTimestamp": "2026-11-22T10:00:00.123Z"}}
    [span] = parse_record_spans(json.dumps({"KafkaBatchInfo": {"recordsInfo": ranges}}))
    assert (span.topic, span.partition, span.first_offset, span.last_offset) == ("my-plays", 12, 7, 9)
    assert span.first_at == datetime(2026, 11, 22, 10, 0, 0, 123_000, tzinfo=UTC)
    assert span.last_at is None


@pytest.mark.parametrize("stamp", [7, "yesterday", "2026-11-22T10:00:00", None, []])
def test_a_time_that_is_none_costs_neither_the_letter_nor_the_span(stamp: object) -> None:
    ranges = {"plays-0": {"firstRecordOffset": "7", "lastRecordOffset": "9", "firstRecordTimestamp": stamp}}
    body = json.dumps({"KafkaBatchInfo": {"recordsInfo": ranges}})
    ((_, message),) = parse_dead_messages({"Records": [{"messageId": "m", "body": body}]})
    assert message.letter_id == "batch-plays-0-7"
    assert parse_record_spans(message.payload)[0].first_at is None


@pytest.mark.parametrize(
    "payload", ["", "{", "{}", '{"KafkaBatchInfo":{"recordsInfo":{}}}', '{"KafkaBatchInfo":{"recordsInfo":{"plays":{}}}}']
)
def test_what_names_no_records_is_refused(payload: str) -> None:
    with pytest.raises(ValueError, match=r"names no Kafka records|invalid literal"):
        parse_record_spans(payload)


def test_garbage_is_a_dead_message_too() -> None:
    parsed = parse_dead_messages(load("dead_garbage"))
    assert [message.letter_id for _, message in parsed] == ["plays-d-4", "unknown-d-5", "unknown-without-id"]
    assert parse_dead_messages({}) == []


def test_a_batch_of_build_messages_is_one_request() -> None:
    request = parse_build_request(load("builds_by_sqs"))
    assert [message.message_id for message in request.messages] == ["b-1", "b-2"]
    assert [message.receive_count for message in request.messages] == [1, 4]
    assert not request.refit
    assert parse_build_request(load("builds_refit")).refit


def test_a_schedule_asks_for_a_build_without_messages() -> None:
    request = parse_build_request(load("schedule"))
    assert request.messages == ()
    assert not request.refit
