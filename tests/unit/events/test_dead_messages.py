from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chalicelib.events.build_events import parse_build_request
from chalicelib.events.dead_messages import parse_dead_messages

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
