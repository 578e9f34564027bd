"""The poller against a real broker process and a stub that speaks Lambda's Invoke and SQS's SendMessage over HTTP."""

from __future__ import annotations

import base64
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from localstack.lambda_target import LambdaTarget
from localstack.poller import PlaysMapping, Poller, open_consumer

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
TOPIC, GROUP = "plays", "timbre-test-recommend"


class StubAws:
    """Lambda and SQS for one function: `answer` decides what an invocation returns; raises StubDownError to answer 503."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.buried: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], Any] = lambda _event: {"batchItemFailures": []}
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, answer = stub.respond(self.path, json.loads(body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def respond(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        if not path.startswith("/2015-03-31/functions/"):
            self.buried.append(json.loads(body["MessageBody"]))
            return 200, {"Content-Type": "application/x-amz-json-1.0"}, b'{"MessageId":"1"}'
        self.events.append(body)
        try:
            return 200, {}, json.dumps(self.answer(body)).encode()
        except StubCrashedError:
            return 200, {"X-Amz-Function-Error": "Unhandled"}, b'{"errorMessage":"boom"}'
        except StubDownError:
            return 503, {}, b"{}"

    def values(self) -> list[str]:
        """Every value that was delivered, in order of delivery."""
        return [text for event in self.events for text in values_of(event)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class StubCrashedError(Exception):
    pass


class StubDownError(Exception):
    pass


def values_of(event: dict[str, Any]) -> list[str]:
    return [base64.b64decode(record["value"]).decode() for records in event["records"].values() for record in records]


class BrokerProcess:
    def __init__(self) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "localstack.broker", "--port", str(self.port)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self.is_up, what="the broker")

    def is_up(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def wait_until(look: Callable[[], Any], *, what: str, deadline_s: float = 30) -> None:
    deadline = time.monotonic() + deadline_s
    while not look():
        assert time.monotonic() < deadline, f"{what} did not come within {deadline_s} s"
        time.sleep(0.02)


@pytest.fixture
def aws() -> Iterator[StubAws]:
    stub = StubAws()
    yield stub
    stub.close()


@pytest.fixture
def broker() -> Iterator[BrokerProcess]:
    broker = BrokerProcess()
    yield broker
    broker.kill()


@pytest.fixture
def log() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def polling(aws: StubAws, broker: BrokerProcess, log: list[dict[str, Any]]) -> Iterator[Poller]:
    mapping = PlaysMapping(
        function_name="recommend",
        topic=TOPIC,
        consumer_group=GROUP,
        bootstrap_servers=broker.address,
        on_failure_queue_url=f"{aws.url}/000000000000/plays-dead",
        maximum_batching_window_s=0.2,
        maximum_retry_attempts=2,
    )

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=aws.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    target = LambdaTarget(
        function_name=mapping.function_name,
        bootstrap_servers=mapping.bootstrap_servers,
        on_failure_queue_url=mapping.on_failure_queue_url,
        lambda_client=client("lambda"),
        sqs_client=client("sqs"),
    )
    poller = Poller(mapping, target=target, open_consumer=open_consumer, log=lambda event, **fields: log.append({"event": event, **fields}))
    thread = threading.Thread(target=poller.run)
    thread.start()
    yield poller
    poller.stop()
    thread.join(20)
    assert not thread.is_alive()


def send(broker: BrokerProcess, *values: str, key: bytes = b"user", headers: list[tuple[str, bytes]] | None = None) -> None:
    producer = KafkaProducer(bootstrap_servers=[broker.address], acks="all", enable_idempotence=True)
    try:
        for value in values:
            producer.send(TOPIC, key=key, value=value.encode(), headers=headers or []).get(timeout=15)
    finally:
        producer.close(timeout=2)


def committed_total(broker: BrokerProcess) -> int:
    consumer = KafkaConsumer(bootstrap_servers=[broker.address], group_id=GROUP, enable_auto_commit=False)
    try:
        return sum(consumer.committed(TopicPartition(TOPIC, number)) or 0 for number in range(4))
    finally:
        consumer.close(autocommit=False)


@pytest.mark.usefixtures("polling")
def test_messages_arrive_in_the_shape_of_aws(aws: StubAws, broker: BrokerProcess) -> None:
    send(broker, "one", headers=[("name", b"\xffA")])
    wait_until(lambda: aws.values() == ["one"], what="the message")
    event = aws.events[0]
    assert event["eventSource"] == "SelfManagedKafka"
    assert event["bootstrapServers"] == broker.address
    ((label, (record,)),) = event["records"].items()
    assert label == f"plays-{record['partition']}"
    assert base64.b64decode(record["key"]) == b"user"
    assert record["headers"] == [{"name": [-1, 65]}]
    assert record["timestampType"] == "CREATE_TIME"
    assert record["offset"] == 0


@pytest.mark.usefixtures("polling")
def test_messages_of_one_moment_travel_together_and_are_committed(aws: StubAws, broker: BrokerProcess) -> None:
    send(broker, "warm-up")
    wait_until(lambda: aws.values() == ["warm-up"], what="the first message")
    send(broker, *[str(number) for number in range(20)])
    wait_until(lambda: len(aws.values()) == 21, what="all messages")
    assert len(aws.events) < 21
    wait_until(lambda: committed_total(broker) == 21, what="the commit")


@pytest.mark.usefixtures("polling")
def test_a_partial_failure_is_tried_again_from_the_failing_message(aws: StubAws, broker: BrokerProcess) -> None:
    refused: list[str] = []

    def refuse_two_once(event: dict[str, Any]) -> Any:
        for label, records in event["records"].items():
            for record in records:
                if base64.b64decode(record["value"]) == b"two" and not refused:
                    refused.append("two")
                    return {"batchItemFailures": [{"itemIdentifier": {"partition": label, "offset": record["offset"]}}]}
        return {"batchItemFailures": []}

    aws.answer = refuse_two_once
    send(broker, "one", "two", "three")
    wait_until(lambda: committed_total(broker) == 3, what="the commit of all")
    assert aws.values().count("one") == 1
    assert aws.values().count("two") == 2
    assert aws.buried == []


@pytest.mark.usefixtures("polling")
def test_a_message_that_always_crashes_the_function_is_buried_alone(aws: StubAws, broker: BrokerProcess) -> None:
    succeeded: list[str] = []

    def crash_on_poison(event: dict[str, Any]) -> Any:
        if "poison" in values_of(event):
            raise StubCrashedError
        succeeded.extend(values_of(event))
        return None

    aws.answer = crash_on_poison
    send(broker, "one", "poison", "three", "four")
    wait_until(lambda: sorted(succeeded) == ["four", "one", "three"], what="the healthy messages")
    wait_until(lambda: committed_total(broker) == 4, what="the commit of all")
    (letter,) = aws.buried
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["requestContext"]["approximateInvokeCount"] == 3
    assert values_of(letter["payload"]) == ["poison"]


@pytest.mark.usefixtures("polling")
def test_nothing_is_committed_or_given_up_while_lambda_is_away(aws: StubAws, broker: BrokerProcess, log: list[dict[str, Any]]) -> None:
    def be_down(_event: dict[str, Any]) -> Any:
        raise StubDownError

    aws.answer = be_down
    send(broker, "patience")
    wait_until(lambda: sum(entry["event"] == "target_unavailable" for entry in log) >= 4, what="four vain attempts")
    assert committed_total(broker) == 0
    aws.answer = lambda _event: None
    wait_until(lambda: committed_total(broker) == 1, what="the commit after Lambda came back")
    assert aws.buried == []


@pytest.mark.usefixtures("polling")
def test_polling_goes_on_after_the_broker_was_killed_and_lost_its_memory(aws: StubAws, broker: BrokerProcess) -> None:
    send(broker, *[f"before-{number}" for number in range(5)])
    wait_until(lambda: len(aws.values()) == 5, what="the messages before")
    broker.kill()
    broker.start()
    send(broker, "after")
    wait_until(lambda: "after" in aws.values(), what="the message after the restart")
    wait_until(lambda: committed_total(broker) == 1, what="the commit after the restart")
