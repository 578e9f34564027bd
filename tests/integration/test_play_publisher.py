"""The Kafka publisher against a broker that speaks the real protocol (librdkafka's own, in memory)."""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer
from kafka import KafkaConsumer

from chalicelib.config import Settings
from chalicelib.events.play_publisher import PAUSE_AFTER_FAILURE_S, KafkaPlayPublisher
from chalicelib.model import Play

pytestmark = pytest.mark.integration


class MockBroker:
    """librdkafka's broker on a random loopback port, for as long as this object lives."""

    def __init__(self) -> None:
        self._producer: Producer | None = Producer({"bootstrap.servers": "x", "test.mock.num.brokers": 1, "log_level": 0})
        broker = next(iter(self._producer.list_topics(timeout=10).brokers.values()))
        self.port: int = broker.port

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._producer = None
        gc.collect()


class Forwarder:
    """A fixed address in front of a broker that comes back on another port, as a load balancer's would be."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.target: int | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                upstream = socket.create_connection(("127.0.0.1", self.target)) if self.target else None
            except OSError:
                if self._listener.fileno() < 0:
                    return
                client.close()
                continue
            if upstream is None:
                client.close()
                continue
            for source, sink in ((client, upstream), (upstream, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def broker() -> Iterator[MockBroker]:
    broker = MockBroker()
    yield broker
    broker.stop()


@pytest.fixture
def make_publisher() -> Iterator[Callable[[str], KafkaPlayPublisher]]:
    made: list[KafkaPlayPublisher] = []

    def make(address: str) -> KafkaPlayPublisher:
        settings = Settings(mongodb_uri="unused", music_bucket="unused", index_bucket="unused", kafka_bootstrap_servers=address)
        made.append(KafkaPlayPublisher(settings))
        return made[-1]

    yield make
    for publisher in made:
        publisher.close()


def make_play(event_id: str, user_id: str = "user-1") -> Play:
    return Play(
        event_id=event_id, user_id=user_id, track_id="a" * 24, kind="start", position_s=1.5, occurred_at=datetime(2026, 11, 1, tzinfo=UTC)
    )


def read_back(address: str, count: int) -> list[tuple[bytes, dict[str, object]]]:
    return [(record.key, msgspec.json.decode(record.value)) for record in read_records(address, count)]


def read_records(address: str, count: int) -> list[Any]:  # kafka-python has no types
    consumer = KafkaConsumer(
        "plays", bootstrap_servers=address, api_version=(2, 3), auto_offset_reset="earliest", consumer_timeout_ms=10_000, group_id=None
    )
    with closing(consumer):
        found = []
        for record in consumer:
            found.append(record)
            if len(found) == count:
                break
    return found


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def publish_until_acknowledged(publisher: KafkaPlayPublisher, play: Play, *, deadline_s: float) -> float:
    """Seconds until a publish succeeds."""
    start = time.monotonic()
    while time.monotonic() - start < deadline_s:
        if publisher.publish([(play, "song")], timeout_s=2.0) == [play.event_id]:
            return time.monotonic() - start
        time.sleep(0.1)
    pytest.fail(f"no publish was acknowledged within {deadline_s} s")


def test_published_plays_are_read_back_with_their_key_and_value(
    broker: MockBroker, make_publisher: Callable[[str], KafkaPlayPublisher]
) -> None:
    publisher = make_publisher(broker.address)
    plays = [(make_play("event-1"), "first song"), (make_play("event-2", "user-2"), "")]
    assert publisher.publish(plays, timeout_s=5.0) == ["event-1", "event-2"]
    found = sorted(read_back(broker.address, 2), key=lambda pair: str(pair[1]["event_id"]))
    assert found[0] == (
        b"user-1",
        {
            "schema": 1,
            "event_id": "event-1",
            "user_id": "user-1",
            "track_id": "a" * 24,
            "title": "first song",
            "kind": "start",
            "position_s": 1.5,
            "occurred_at": "2026-11-01T00:00:00Z",
        },
    )
    assert found[1][0] == b"user-2"
    assert found[1][1]["title"] is None


def test_the_request_that_brought_a_play_goes_along_as_a_header(
    broker: MockBroker, make_publisher: Callable[[str], KafkaPlayPublisher]
) -> None:
    play = msgspec.structs.replace(make_play("event-1"), request_id="gateway-1")
    publisher = make_publisher(broker.address)
    assert publisher.publish([(play, "song"), (make_play("event-2"), "song")], timeout_s=5.0) == ["event-1", "event-2"]
    found = {msgspec.json.decode(record.value)["event_id"]: list(record.headers) for record in read_records(broker.address, 2)}
    assert found == {"event-1": [("request_id", b"gateway-1")], "event-2": []}


def test_a_renewal_goes_to_its_users_partition_without_a_value(
    broker: MockBroker, make_publisher: Callable[[str], KafkaPlayPublisher]
) -> None:
    publisher = make_publisher(broker.address)
    assert publisher.publish_renewals(["user-1", "user-2"], timeout_s=5.0) == ["user-1", "user-2"]
    found = {record.key: (record.value, record.headers) for record in read_records(broker.address, 2)}
    assert found == {user: (None, [("renewal_of", user)]) for user in (b"user-1", b"user-2")}


def test_nobody_waits_longer_than_allowed_for_a_broker_that_is_away(make_publisher: Callable[[str], KafkaPlayPublisher]) -> None:
    publisher = make_publisher(f"127.0.0.1:{find_free_port()}")
    start = time.monotonic()
    assert publisher.publish([(make_play("event-1"), "song")], timeout_s=0.5) == []
    assert time.monotonic() - start < 1.5
    start = time.monotonic()
    assert publisher.publish([(make_play("event-2"), "song")], timeout_s=0.5) == []
    assert time.monotonic() - start < 0.1, "during the pause nobody waits at all"


def test_without_an_address_plays_wait_for_the_relay(make_publisher: Callable[[str], KafkaPlayPublisher]) -> None:
    assert make_publisher("").publish([(make_play("event-1"), "song")], timeout_s=5.0) == []


def test_a_broker_that_accepts_and_never_answers_is_given_up_in_time(make_publisher: Callable[[str], KafkaPlayPublisher]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        publisher = make_publisher(f"127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        assert publisher.publish([(make_play("event-1"), "song")], timeout_s=0.5) == []
        assert time.monotonic() - start < 1.5


def test_a_long_absence_of_the_broker_leaves_no_threads_behind() -> None:
    """Each attempt comes after the pause, by a clock that the test turns forward."""
    hours = iter(range(0, 3600 * 24, 60))
    settings = Settings(
        mongodb_uri="unused", music_bucket="unused", index_bucket="unused", kafka_bootstrap_servers=f"127.0.0.1:{find_free_port()}"
    )
    before = threading.active_count()
    publisher = KafkaPlayPublisher(settings, monotonic=lambda: float(next(hours)))
    for number in range(10):
        assert publisher.publish([(make_play(f"event-{number}"), "song")], timeout_s=0.1) == []
    assert threading.active_count() <= before + 1
    publisher.close()


def test_a_broker_that_was_away_at_the_first_play_is_met_when_it_comes(make_publisher: Callable[[str], KafkaPlayPublisher]) -> None:
    forwarder = Forwarder()
    publisher = make_publisher(f"127.0.0.1:{forwarder.port}")
    assert publisher.publish([(make_play("event-1"), "song")], timeout_s=0.3) == []
    broker = MockBroker()
    forwarder.target = broker.port
    waited_s = publish_until_acknowledged(publisher, make_play("event-1"), deadline_s=20)
    assert waited_s < PAUSE_AFTER_FAILURE_S * 3
    forwarder.close()
    broker.stop()


def test_a_broker_that_comes_back_on_another_port_behind_the_same_address_is_found(
    make_publisher: Callable[[str], KafkaPlayPublisher],
) -> None:
    forwarder, first = Forwarder(), MockBroker()
    forwarder.target = first.port
    publisher = make_publisher(f"127.0.0.1:{forwarder.port}")
    assert publisher.publish([(make_play("event-1"), "song")], timeout_s=5.0) == ["event-1"]
    first.stop()
    forwarder.target = None
    start = time.monotonic()
    assert publisher.publish([(make_play("event-2"), "song")], timeout_s=0.5) == []
    assert time.monotonic() - start < 1.5
    second = MockBroker()
    forwarder.target = second.port
    publish_until_acknowledged(publisher, make_play("event-2"), deadline_s=20)
    assert {value["event_id"] for _, value in read_back(second.address, 1)} == {"event-2"}
    forwarder.close()
    second.stop()
