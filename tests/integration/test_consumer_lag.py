"""The lag of the plays' consumer group, and records read again by their places: on librdkafka's broker and on Apache Kafka."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata
from msgspec.structs import replace

from chalicelib.config import Settings
from chalicelib.errors import NotFoundError, StoreUnavailableError
from chalicelib.events.kafka_events import encode_play
from chalicelib.events.kafka_lag import KafkaLagWatch
from chalicelib.events.kafka_records import KafkaRecordReader
from chalicelib.workflows.records import ConsumerLag, RecordSpan
from tests.fakes.samples import make_play
from tests.integration.brokers import Broker, MemoryBroker, find_free_port, send, wait_until

pytestmark = pytest.mark.integration

TIMEOUT_S = 20.0  # of a busy machine: how long it may take is another test's


@pytest.fixture(params=["librdkafka", "apache"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    if request.param == "apache":
        yield request.getfixturevalue("apache_kafka")
        return
    memory = MemoryBroker()
    yield memory
    memory.kill()


@pytest.fixture
def topic(broker: Broker) -> str:
    name = f"plays-{uuid.uuid4().hex[:8]}"
    broker.make_topic(name)
    return name


def make_settings(address: str, topic: str = "plays") -> Settings:
    return Settings(
        mongodb_uri="unused",
        music_bucket="unused",
        index_bucket="unused",
        kafka_bootstrap_servers=address,
        plays_topic=topic,
        plays_consumer_group=f"group-of-{topic}",
    )


def measure(broker: Broker, topic: str) -> ConsumerLag:
    return KafkaLagWatch(make_settings(broker.address, topic), timeout_s=TIMEOUT_S, max_age_s=0).measure()


def commit(broker: Broker, topic: str, partition: int, offset: int) -> None:
    group = make_settings(broker.address, topic).consumer_group
    consumer = KafkaConsumer(bootstrap_servers=[broker.address], group_id=group, enable_auto_commit=False)
    with closing(consumer):
        consumer.commit({TopicPartition(topic, partition): OffsetAndMetadata(offset, "", -1)})


def read_all(broker: Broker, topic: str, *, count: int) -> list[Any]:
    """As kafka-python has them, oldest first."""
    with closing(KafkaConsumer(topic, bootstrap_servers=[broker.address], auto_offset_reset="earliest", group_id=None)) as consumer:
        deadline = time.monotonic() + TIMEOUT_S
        found: list[Any] = []
        while len(found) < count and time.monotonic() < deadline:
            found += [record for records in consumer.poll(timeout_ms=500).values() for record in records]
    return found


def test_what_the_group_has_not_committed_waits_partition_by_partition(broker: Broker, topic: str) -> None:
    send(broker.address, topic, *"abcde")
    before = measure(broker, topic)
    assert before.unknown_because is None
    assert (before.waiting, before.consumer_group, len(before.partitions)) == (5, f"group-of-{topic}", 4)
    [full] = [each for each in before.partitions if each.waiting]
    assert (full.committed, full.end) == (None, 5)
    commit(broker, topic, full.partition, 3)
    after = measure(broker, topic)
    assert (after.waiting, after.partitions[full.partition].committed) == (2, 3)


def test_asking_takes_no_part_in_the_group(broker: Broker, topic: str) -> None:
    send(broker.address, topic, "a")
    assert [measure(broker, topic).waiting for _ in range(3)] == [1, 1, 1]


def test_an_answer_is_kept_for_a_while(broker: Broker, topic: str) -> None:
    now = [0.0]
    watch = KafkaLagWatch(make_settings(broker.address, topic), timeout_s=TIMEOUT_S, max_age_s=5, monotonic=lambda: now[0])
    send(broker.address, topic, "a")
    assert watch.measure().waiting == 1
    send(broker.address, topic, "b")
    assert watch.measure().waiting == 1
    now[0] = 5.0
    assert watch.measure().waiting == 2


def test_a_topic_that_is_not_there_is_unknown(apache_kafka: Broker) -> None:
    lag = measure(apache_kafka, "no-such-topic")
    assert lag.waiting is None
    assert "no topic 'no-such-topic'" in str(lag.unknown_because)


def test_a_broker_that_is_away_is_unknown_at_once() -> None:
    lag = KafkaLagWatch(make_settings(f"127.0.0.1:{find_free_port()}"), timeout_s=TIMEOUT_S).measure()
    assert lag.waiting is None
    assert "ConnectionRefusedError" in str(lag.unknown_because)


def test_what_is_left_of_the_time_is_never_too_little_for_the_client(broker: Broker, topic: str) -> None:
    for timeout_s in (0.02, 0.1, 0.4):
        reason = KafkaLagWatch(make_settings(broker.address, topic), timeout_s=timeout_s).measure().unknown_because
        assert reason is None or "Configuration" not in reason


def test_a_broker_that_accepts_and_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        lag = KafkaLagWatch(make_settings(f"127.0.0.1:{silent.getsockname()[1]}"), timeout_s=0.3).measure()
        assert time.monotonic() - started < 5
    assert lag.waiting is None
    assert lag.unknown_because is not None


def answer_once(server: socket.socket, opened: list[socket.socket]) -> None:
    """A broker that hangs after its first word: the first connection's first request is answered, nothing else ever is."""
    with contextlib.suppress(OSError):
        connection, _ = server.accept()
        opened.append(connection)
        connection.recv(1024)
        connection.sendall(struct.pack(">ii", 4, 7))
        while True:
            opened.append(server.accept()[0])


def test_a_broker_that_hangs_after_its_first_word_is_given_up_and_leaves_no_thread_behind() -> None:
    opened: list[socket.socket] = []
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=answer_once, args=(server, opened), daemon=True).start()
        started = time.monotonic()
        lag = KafkaLagWatch(make_settings(f"127.0.0.1:{server.getsockname()[1]}"), timeout_s=0.5).measure()
        assert time.monotonic() - started < 5
        assert lag.unknown_because == "no answer within 0.5 s"
        wait_until(lambda: "consumer-lag" not in {each.name for each in threading.enumerate()}, what="the end of the thread")
        server.shutdown(socket.SHUT_RDWR)
        for connection in opened:
            stack.enter_context(connection)
    assert len(opened) > 1, "kafka-python was there"


def test_without_kafka_the_lag_is_unknown_and_says_so() -> None:
    assert "KAFKA_BOOTSTRAP_SERVERS" in str(KafkaLagWatch(make_settings(""), timeout_s=1).measure().unknown_because)


def make_span(records: list[Any], topic: str) -> RecordSpan:
    first, last = records[0], records[-1]
    return RecordSpan(
        topic=topic,
        partition=first.partition,
        first_offset=first.offset,
        last_offset=last.offset,
        first_at=datetime.fromtimestamp(first.timestamp / 1000, UTC),
        last_at=datetime.fromtimestamp(last.timestamp / 1000, UTC),
    )


def test_records_are_read_again_by_their_places_with_the_id_of_their_request(broker: Broker, topic: str) -> None:
    for name in ("e1", "e2", "e3"):
        send(broker.address, topic, encode_play(make_play(name), "song").decode(), headers=[("request_id", f"r-{name}".encode())])
    records = read_all(broker, topic, count=3)
    with closing(KafkaRecordReader(make_settings(broker.address, topic))) as reader:
        read = reader.read(make_span(records[:2], topic))
        assert [(each.message.event_id, each.message.request_id) for each in read if each.message] == [("e1", "r-e1"), ("e2", "r-e2")]
        assert [each.offset for each in reader.read(make_span(records[2:], topic))] == [2], "one reader reads many spans"


def test_places_that_kafka_has_not_or_gave_to_others_are_not_found(broker: Broker, topic: str) -> None:
    send(broker.address, topic, "a", "b")
    span = make_span(read_all(broker, topic, count=2), topic)
    beyond = replace(span, last_offset=2)
    moved = replace(span, first_at=datetime(2020, 1, 1, tzinfo=UTC))
    with closing(KafkaRecordReader(make_settings(broker.address, topic))) as reader:
        for gone in (beyond, moved):
            with pytest.raises(NotFoundError):
                reader.read(gone)


def test_reading_from_a_broker_that_is_away_is_a_store_that_is_away() -> None:
    reader = KafkaRecordReader(make_settings(f"127.0.0.1:{find_free_port()}"))
    span = RecordSpan(topic="plays", partition=0, first_offset=0, last_offset=0, first_at=None, last_at=None)
    with pytest.raises(StoreUnavailableError):
        reader.read(span)
