"""The poller against real broker processes (librdkafka's in memory and Apache Kafka) and a stub that speaks Lambda and SQS over HTTP."""

from __future__ import annotations

import base64
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from localstack.poller import PlaysMapping, Poller, open_consumer
from tests.fakes.stub_aws import StubAws, StubCrashedError, StubDownError, values_of
from tests.integration.brokers import Broker, MemoryBroker, send, sum_committed, wait_until

pytestmark = pytest.mark.integration


@dataclass(frozen=True, slots=True)
class Place:
    """A broker, and a topic and a group of the test's own there."""

    broker: Broker
    topic: str
    group: str

    def send(self, *values: str, headers: list[tuple[str, bytes]] | None = None) -> None:
        send(self.broker.address, self.topic, *values, headers=headers)

    def sum_committed(self) -> int:
        return sum_committed(self.broker.address, self.topic, self.group)


@pytest.fixture(params=["memory", "apache"])
def at(request: pytest.FixtureRequest) -> Iterator[Place]:
    broker: Broker = MemoryBroker() if request.param == "memory" else request.getfixturevalue("apache_kafka")
    topic = f"plays-{uuid.uuid4().hex[:8]}"
    broker.make_topic(topic)
    yield Place(broker, topic, f"group-of-{topic}")
    if request.param == "memory":
        broker.kill()


@pytest.fixture
def aws() -> Iterator[StubAws]:
    stub = StubAws()
    yield stub
    stub.close()


@pytest.fixture
def log() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def polling(aws: StubAws, at: Place, log: list[dict[str, Any]]) -> Iterator[Poller]:
    mapping = PlaysMapping(
        function_name="recommend",
        topic=at.topic,
        consumer_group=at.group,
        bootstrap_servers=at.broker.address,
        on_failure_queue_url=aws.queue_url,
        maximum_batching_window_s=0.2,
        maximum_retry_attempts=2,
    )
    target = aws.make_target(bootstrap_servers=at.broker.address)
    poller = Poller(mapping, target=target, open_consumer=open_consumer, log=lambda event, **fields: log.append({"event": event, **fields}))
    thread = threading.Thread(target=poller.run)
    thread.start()
    yield poller
    poller.stop()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.usefixtures("polling")
def test_messages_arrive_in_the_shape_of_aws(aws: StubAws, at: Place) -> None:
    at.send("one", headers=[("name", b"\xffA")])
    wait_until(lambda: aws.values() == ["one"], what="the message")
    event = aws.events[0]
    assert event["eventSource"] == "SelfManagedKafka"
    assert event["bootstrapServers"] == at.broker.address
    ((label, (record,)),) = event["records"].items()
    assert label == f"{at.topic}-{record['partition']}"
    assert base64.b64decode(record["key"]) == b"user"
    assert record["headers"] == [{"name": [-1, 65]}]
    assert record["timestampType"] == "CREATE_TIME"
    assert record["offset"] == 0


@pytest.mark.usefixtures("polling")
def test_messages_of_one_moment_travel_together_and_are_committed(aws: StubAws, at: Place) -> None:
    at.send("warm-up")
    wait_until(lambda: aws.values() == ["warm-up"], what="the first message")
    at.send(*[str(number) for number in range(20)])
    wait_until(lambda: len(aws.values()) == 21, what="all messages")
    assert len(aws.events) < 21
    wait_until(lambda: at.sum_committed() == 21, what="the commit")


@pytest.mark.usefixtures("polling")
def test_a_partial_failure_is_tried_again_from_the_failing_message(aws: StubAws, at: Place) -> None:
    refused: list[str] = []

    def refuse_two_once(event: dict[str, Any]) -> Any:
        for label, records in event["records"].items():
            for record in records:
                if base64.b64decode(record["value"]) == b"two" and not refused:
                    refused.append("two")
                    return {"batchItemFailures": [{"itemIdentifier": {"partition": label, "offset": record["offset"]}}]}
        return {"batchItemFailures": []}

    aws.answer = refuse_two_once
    at.send("one", "two", "three")
    wait_until(lambda: at.sum_committed() == 3, what="the commit of all")
    assert aws.values().count("one") == 1
    assert aws.values().count("two") == 2
    assert aws.buried == []


@pytest.mark.usefixtures("polling")
def test_a_message_that_always_crashes_the_function_is_buried_alone(aws: StubAws, at: Place) -> None:
    succeeded: list[str] = []

    def crash_on_poison(event: dict[str, Any]) -> Any:
        if "poison" in values_of(event):
            raise StubCrashedError
        succeeded.extend(values_of(event))
        return None

    aws.answer = crash_on_poison
    at.send("one", "poison", "three", "four")
    wait_until(lambda: sorted(succeeded) == ["four", "one", "three"], what="the healthy messages")
    wait_until(lambda: at.sum_committed() == 4, what="the commit of all")
    (letter,) = aws.buried
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["requestContext"]["approximateInvokeCount"] == 3
    assert letter["responseContext"]["functionError"] == "Unhandled"
    ((label, span),) = letter["KafkaBatchInfo"]["recordsInfo"].items()
    assert label.startswith(f"{at.topic}-")
    assert span["firstRecordOffset"] == span["lastRecordOffset"] == "1"
    assert "payload" not in letter, "a queue is told where the message lies; its content is for S3 and Kafka destinations"


@pytest.mark.usefixtures("polling")
def test_nothing_is_committed_or_given_up_while_lambda_is_away(aws: StubAws, at: Place, log: list[dict[str, Any]]) -> None:
    def be_down(_event: dict[str, Any]) -> Any:
        raise StubDownError

    aws.answer = be_down
    at.send("patience")
    wait_until(lambda: sum(entry["event"] == "target_unavailable" for entry in log) >= 4, what="four vain attempts")
    assert at.sum_committed() == 0
    aws.answer = lambda _event: None
    wait_until(lambda: at.sum_committed() == 1, what="the commit after Lambda came back")
    assert aws.buried == []


@pytest.mark.usefixtures("polling")
@pytest.mark.parametrize("at", ["memory"], indirect=True)
def test_polling_goes_on_after_the_broker_was_killed_and_lost_its_memory(aws: StubAws, at: Place) -> None:
    at.send(*[f"before-{number}" for number in range(5)])
    wait_until(lambda: len(aws.values()) == 5, what="the messages before")
    at.broker.kill()
    at.broker.start()
    at.send("after")
    wait_until(lambda: "after" in aws.values(), what="the message after the restart")
    wait_until(lambda: at.sum_committed() == 1, what="the commit after the restart")
