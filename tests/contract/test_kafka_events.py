"""What our poller sends, against what AWS documents that its event source mapping sends; and that `functions/recommend` reads both alike.

`aws_documented_*.json` are the examples of AWS's developer guide (the pages on self-managed Kafka, on MSK, and on discarded batches).
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.events.dead_messages import parse_dead_messages
from chalicelib.events.kafka_events import encode_renewal_headers, name_failures, parse_play_records
from localstack.backlog import Discard
from localstack.kafka_event import Partition, build_event, read_failures
from localstack.lambda_target import describe_discard
from tests.fakes.kafka_records import FakeRecord

EVENTS = Path(__file__).parents[1] / "events"
DOCUMENTED = ["aws_documented_kafka_self_managed", "aws_documented_kafka_msk"]
RECORDED = ["kafka_self_managed", "kafka_aws_self_managed", "kafka_msk", "kafka_bad_beside_good", "kafka_title_only"]


def load(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def to_messages(event: dict[str, Any]) -> list[FakeRecord]:
    """The messages as they lay in Kafka when they became this event."""
    return [
        FakeRecord(
            topic=raw["topic"],
            partition=raw["partition"],
            offset=raw["offset"],
            timestamp=raw["timestamp"],
            timestamp_type=0 if raw["timestampType"] == "CREATE_TIME" else 1,
            key=decode(raw.get("key")),
            value=decode(raw.get("value")),
            headers=[(name, bytes(byte % 256 for byte in value)) for header in raw["headers"] for name, value in header.items()],
        )
        for raws in event["records"].values()
        for raw in raws
    ]


def decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def describe_shape(value: object) -> object:
    """Names and types, without the values."""
    if isinstance(value, dict):
        return {name: describe_shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [describe_shape(inner) for inner in value[:1]]
    return type(value).__name__


def test_the_poller_builds_the_event_that_aws_documents() -> None:
    documented = load("aws_documented_kafka_self_managed")
    built = build_event(to_messages(documented), bootstrap_servers=documented["bootstrapServers"])
    assert describe_shape(built) == describe_shape(documented)
    for event in (built, documented):
        event["records"]["mytopic-0"][0].pop("key")  # the documented one is no base64 that an encoder would write
    assert json.loads(json.dumps(built)) == documented


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_function_reads_the_documented_events_and_finds_no_play_in_them(name: str) -> None:
    (record,) = parse_play_records(load(name))
    assert (record.topic, record.partition, record.offset) == ("mytopic", 0, 15)
    assert record.payload == "Hello, this is a test."
    assert record.fault is not None


@pytest.mark.parametrize("name", [*DOCUMENTED, *[name for name in RECORDED if name != "kafka_bad_beside_good"]])
def test_the_function_reads_the_same_from_aws_and_from_our_poller(name: str) -> None:
    recorded = load(name)
    built = build_event(to_messages(recorded), bootstrap_servers="127.0.0.1:9092")
    assert parse_play_records(json.loads(json.dumps(built))) == parse_play_records(recorded)


def test_a_message_without_key_or_value_is_read_as_a_tombstone() -> None:
    (record,) = parse_play_records(build_event([FakeRecord("plays", 2, 9, key=None, value=None)], bootstrap_servers="127.0.0.1:9092"))
    assert (record.message, record.fault, record.partition, record.offset) == (None, None, 2, 9)


def test_a_renewal_is_a_record_without_a_value_whose_header_names_the_user() -> None:
    sent = FakeRecord("plays", 2, 9, key=b"ann", value=None, headers=list(encode_renewal_headers("änn")))
    (record,) = parse_play_records(json.loads(json.dumps(build_event([sent], bootstrap_servers="127.0.0.1:9092"))))
    assert (record.renewal_of, record.message, record.fault) == ("änn", None, None)


@pytest.mark.parametrize("name", RECORDED)
def test_the_functions_answer_names_to_the_poller_the_lowest_offset_of_each_partition(name: str) -> None:
    event = load(name)
    if name == "kafka_bad_beside_good":
        event["records"]["plays-0"] = event["records"]["plays-0"][1:]  # the first one's base64 cannot be of a real message
    answer = json.loads(json.dumps(name_failures(parse_play_records(event))))
    sent = to_messages(event)
    lowest = {Partition(each.topic, each.partition): each.offset for each in reversed(sent)}
    assert read_failures(answer, sent) == lowest


def test_the_documented_answer_is_understood() -> None:
    """From AWS's page on error handling of Kafka sources: an object with partition and offset, unlike that of any other source."""
    answer = {"batchItemFailures": [{"itemIdentifier": {"partition": "mytopic-0", "offset": 15}}]}
    assert read_failures(answer, to_messages(load(DOCUMENTED[0]))) == {Partition("mytopic", 0): 15}


def test_what_goes_to_the_on_failure_queue_is_what_aws_documents_for_queues() -> None:
    documented = load("aws_documented_kafka_on_failure")
    discard = Discard(FakeRecord("Topic", 0, 7, timestamp=1573691884835), "RetryAttemptsExhausted", 1)
    told = describe_discard(discard, function_arn=documented["requestContext"]["functionArn"], bootstrap_servers="...")
    documented["KafkaBatchInfo"].pop("eventSourceArn")  # a self-managed cluster has none
    assert describe_shape(told) == describe_shape(documented)
    assert told["KafkaBatchInfo"]["recordsInfo"]["Topic-0"]["firstRecordTimestamp"] == "2019-11-14T00:38:04.835Z"


@pytest.mark.parametrize("record", ["documented", "ours"])
def test_the_dead_letter_function_reads_the_documented_record_and_ours(record: str) -> None:
    discard = Discard(FakeRecord("plays", 3, 40), "RecordAgeExceeded", 0)
    ours = describe_discard(discard, function_arn="arn:aws:lambda:us-east-1:000000000000:function:recommend", bootstrap_servers="b:9092")
    body = load("aws_documented_kafka_on_failure") if record == "documented" else ours
    ((message_id, letter),) = parse_dead_messages({"Records": [{"messageId": "m-1", "body": json.dumps(body)}]})
    assert (message_id, letter.source) == ("m-1", "plays")
    assert body["requestContext"]["condition"] in letter.reason
