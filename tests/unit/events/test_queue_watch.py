"""Queue depths and the dead-letter queue against moto."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.errors import StoreUnavailableError
from chalicelib.events.queue_watch import NAMES, SqsDeadLetterQueue, SqsQueueWatch, name_queue_url


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sqs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def uploads_url(client: Any) -> str:
    for name in NAMES:
        client.create_queue(QueueName=f"timbre-dev-{name}")
    url: str = client.get_queue_url(QueueName="timbre-dev-uploads")["QueueUrl"]
    return url


def test_the_depth_of_every_queue_of_the_stage(client: Any, uploads_url: str) -> None:
    dead = name_queue_url(uploads_url, "plays-dead-letters")
    for number in range(3):
        client.send_message(QueueUrl=uploads_url, MessageBody=str(number))
    client.send_message(QueueUrl=dead, MessageBody="dead")
    client.send_message(QueueUrl=uploads_url, MessageBody="later", DelaySeconds=600)
    client.receive_message(QueueUrl=uploads_url, MaxNumberOfMessages=1)
    depths = {each.name: each for each in SqsQueueWatch(client, uploads_url, timeout_s=5).depths()}
    assert list(depths) == list(NAMES)
    assert (depths["uploads"].waiting, depths["uploads"].in_flight, depths["uploads"].delayed) == (2, 1, 1)
    assert depths["plays-dead-letters"].waiting == 1
    assert depths["builds"].waiting == 0


@pytest.mark.parametrize("url", ["", "https://sqs.us-east-1.amazonaws.com/000000000000/missing-uploads", "https://else.invalid/other"])
def test_a_queue_that_cannot_be_asked_is_unknown_and_nothing_fails(client: Any, url: str) -> None:
    assert [each.waiting for each in SqsQueueWatch(client, url, timeout_s=5).depths()] == [None] * len(NAMES)


def test_a_queue_that_does_not_answer_is_unknown_in_time() -> None:
    class Hanging:
        def get_queue_attributes(self, **_asked: Any) -> dict[str, Any]:
            time.sleep(1.0)
            return {"Attributes": {}}

    hanging: Any = Hanging()
    started = time.monotonic()
    depths = SqsQueueWatch(hanging, "https://x.invalid/timbre-dev-uploads", timeout_s=0.1).depths()
    assert time.monotonic() - started < 0.8
    assert [each.waiting for each in depths] == [None] * len(NAMES)


def test_a_dead_letter_is_held_let_go_and_deleted(client: Any, uploads_url: str) -> None:
    url = name_queue_url(uploads_url, "uploads-dead-letters")
    queue = SqsDeadLetterQueue(client, url)
    client.send_message(QueueUrl=url, MessageBody="body")
    [held] = queue.receive()
    assert (held.body, queue.receive()) == ("body", [])
    queue.let_go(held.receipt_handle)
    [again] = queue.receive()
    queue.delete(again.receipt_handle)
    assert client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_without_an_address_there_are_no_messages_and_an_absent_queue_is_a_store_that_is_away(client: Any) -> None:
    assert SqsDeadLetterQueue(client, "").receive() == []
    missing = SqsDeadLetterQueue(client, "https://sqs.us-east-1.amazonaws.com/000000000000/missing")
    for act in (missing.receive, lambda: missing.delete("handle"), lambda: missing.let_go("handle")):
        with pytest.raises(StoreUnavailableError):
            act()
