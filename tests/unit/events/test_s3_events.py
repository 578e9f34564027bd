from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.events.queues import encode_notification
from chalicelib.events.s3_events import parse_object_events, parse_object_messages
from chalicelib.model import StoredObject
from chalicelib.workflows.records import ObjectEvent

EVENTS = Path(__file__).parents[2] / "events"


def load(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def test_space_plus_and_accents_in_a_key_are_read_back() -> None:
    (message,) = parse_object_messages(load("s3_by_sqs_space_and_plus"))
    (event,) = message.events
    assert (event.key, event.kind, event.sequencer) == ("uploads/Café del Mar + Friends.mp3", "created", "0055AED6DCD90281E5")
    assert (message.message_id, message.receipt_handle, message.receive_count, message.fault) == ("m-1", "handle-m-1", 1, None)


def test_percent_encoded_keys_mean_the_same() -> None:
    (message,) = parse_object_messages(load("s3_by_sqs_percent_encoded"))
    assert message.events[0].key == "uploads/a b+c.mp3"
    assert message.receive_count == 3


def test_one_message_can_hold_several_events() -> None:
    (message,) = parse_object_messages(load("s3_by_sqs_two_records"))
    assert [(event.key, event.kind) for event in message.events] == [("uploads/one.mp3", "created"), ("uploads/two.mp3", "removed")]


@pytest.mark.parametrize("name", ["s3_by_sqs_test_event", "s3_restored"])
def test_what_says_nothing_about_an_object_is_consumed_silently(name: str) -> None:
    (message,) = parse_object_messages(load(name))
    assert message.events == ()
    assert message.fault is None


def test_garbage_is_a_fault_of_its_own_message_only() -> None:
    bad, odd, good = parse_object_messages(load("s3_by_sqs_garbage_beside_good"))
    assert bad.fault
    assert odd.fault
    assert good.fault is None
    assert good.events[0].upload_id == "0123456789abcdef01234567"


def test_s3_may_call_the_function_itself() -> None:
    (message,) = parse_object_messages(load("s3_direct"))
    assert message.message_id is None
    assert message.events[0].key == "uploads/Café del Mar + Friends.mp3"


def test_delete_markers_are_removals() -> None:
    (message,) = parse_object_messages(load("s3_removed"))
    assert message.events[0].kind == "removed"


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": [1, 2]}, {"Records": [{"messageId": 7, "body": None}]}])
def test_an_event_of_no_known_shape_is_a_fault_not_a_crash(event: dict[str, Any]) -> None:
    assert all(message.fault for message in parse_object_messages(event))


def test_a_direct_test_event_is_nothing() -> None:
    assert parse_object_messages({"Event": "s3:TestEvent", "Bucket": "b"}) == []


def test_what_we_announce_ourselves_reads_as_a_finding() -> None:
    stored = StoredObject(key="uploads/ä ö+ü/100%.mp3", etag="e1", size_bytes=5)
    (event,) = parse_object_events(encode_notification("bucket", stored))
    assert event == ObjectEvent(key="uploads/ä ö+ü/100%.mp3", kind="found", sequencer="e1")


def test_the_times_of_s3_and_sqs_come_along() -> None:
    (message,) = parse_object_messages(load("s3_by_sqs_two_records"))
    arrival = message.events[0].arrival
    assert arrival.object_created_at == datetime(2026, 11, 20, 9, 12, 33, 123000, tzinfo=UTC)
    assert (arrival.queued_at, arrival.first_received_at) == (
        datetime.fromtimestamp(1763629953.123, UTC),
        datetime.fromtimestamp(1763629953.130, UTC),
    )


@pytest.mark.parametrize("garbage", ["soon", None, "9" * 40, [1]])
def test_times_that_cannot_be_read_do_not_cost_the_upload(garbage: object) -> None:
    event = load("s3_by_sqs_two_records")
    event["Records"][0]["attributes"]["SentTimestamp"] = garbage
    body = json.loads(event["Records"][0]["body"])
    body["Records"][0]["eventTime"] = garbage
    event["Records"][0]["body"] = json.dumps(body)
    (message,) = parse_object_messages(event)
    assert message.fault is None
    assert (message.events[0].arrival.object_created_at, message.events[0].arrival.queued_at) == (None, None)
