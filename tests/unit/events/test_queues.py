"""The SQS adapters against moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.errors import ConfigError, StoreUnavailableError
from chalicelib.events.queues import SqsBuildQueue, SqsRedelivery, SqsUploadQueue
from chalicelib.events.s3_events import parse_object_events
from chalicelib.model import StoredObject
from chalicelib.workflows.records import ObjectEvent


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sqs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def url(client: Any) -> str:
    created: str = client.create_queue(QueueName="queue", Attributes={"VisibilityTimeout": "300"})["QueueUrl"]
    return created


def receive(client: Any, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return found


def test_a_build_request_without_delay_is_there_at_once(client: Any, url: str) -> None:
    SqsBuildQueue(client, url).request_build(delay_s=0)
    assert json.loads(receive(client, url)[0]["Body"]) == {"reason": "catalogue_changed"}


def test_a_delayed_build_request_is_not_yet_visible(client: Any, url: str) -> None:
    SqsBuildQueue(client, url).request_build(delay_s=5000)
    assert receive(client, url) == []
    delayed = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessagesDelayed"]
    assert delayed == "1"


def test_a_queued_object_reads_as_s3_would_announce_it(client: Any, url: str) -> None:
    SqsUploadQueue(client, url, "music").queue_object(StoredObject(key="uploads/a b+ü.mp3", etag="e", size_bytes=1))
    (message,) = receive(client, url)
    assert [event.key for event in parse_object_events(message["Body"])] == ["uploads/a b+ü.mp3"]


def test_an_outdated_track_is_announced_with_its_object(client: Any, url: str) -> None:
    stored = StoredObject(key="uploads/a b+ü.mp3", etag="e", size_bytes=1)
    SqsUploadQueue(client, url, "music").queue_reanalysis("t1", stored)
    (message,) = receive(client, url)
    (event,) = parse_object_events(message["Body"])
    assert event == ObjectEvent(key="uploads/a b+ü.mp3", kind="outdated", sequencer="e", track_id="t1")


def test_a_message_put_off_for_no_time_comes_again_at_once(client: Any, url: str) -> None:
    SqsBuildQueue(client, url).request_build(delay_s=0)
    (first,) = receive(client, url)
    assert receive(client, url) == []
    SqsRedelivery(client, url).retry_after(first["ReceiptHandle"], delay_s=0)
    (second,) = receive(client, url)
    assert second["MessageId"] == first["MessageId"]


def test_a_message_sent_again_is_counted_anew(client: Any, url: str) -> None:
    SqsRedelivery(client, url).send_again("body", delay_s=0)
    (message,) = client.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    assert (message["Body"], message["Attributes"]["ApproximateReceiveCount"]) == ("body", "1")


def test_a_queue_that_does_not_answer_is_a_store_that_is_away(client: Any) -> None:
    missing = "https://sqs.us-east-1.amazonaws.com/000000000000/missing"
    with pytest.raises(StoreUnavailableError):
        SqsBuildQueue(client, missing).request_build(delay_s=0)
    with pytest.raises(StoreUnavailableError):
        SqsRedelivery(client, missing).retry_after("handle", delay_s=1)


def test_a_queue_without_address_names_the_variable(client: Any) -> None:
    with pytest.raises(ConfigError, match="BUILD_QUEUE_URL"):
        SqsBuildQueue(client, "")
    with pytest.raises(ConfigError, match="UPLOADS_QUEUE_URL"):
        SqsUploadQueue(client, "", "music")
