"""Brokers for tests, each a process of its own on loopback: librdkafka's in memory, and real Apache Kafka with its data on disk."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from localstack.apache_kafka import describe_apache_kafka
from localstack.apache_kafka_jars import provide_jars
from localstack.processes import Child

ROOT = Path(__file__).parents[2]
PARTITIONS = 4


class Broker(Protocol):
    address: str

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def make_topic(self, name: str) -> None: ...


class MemoryBroker:
    """librdkafka's, behind its fixed address. It makes topics by itself and forgets them when it dies."""

    def __init__(self) -> None:
        port = find_free_port()
        self.address = f"127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "localstack.broker", "--port", str(port)]
        self._port = port
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._is_up, what="the broker")

    def _is_up(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def make_topic(self, name: str) -> None:
        """On first use."""


class ApacheBroker:
    """As `make run KAFKA=apache` starts it."""

    def __init__(self, home: Path) -> None:
        port = find_free_port()
        self.address = f"127.0.0.1:{port}"
        self._home = home
        jars = provide_jars(ROOT, lambda _: None)
        self._spec = describe_apache_kafka(jars, home, port=port, controller_port=find_free_port())
        self.start()

    def start(self) -> None:
        self._child = Child(self._spec, self._home)
        wait_until(self._is_up, what="Apache Kafka", deadline_s=90)

    def _is_up(self) -> bool:
        assert self._child.is_alive(), "\n".join(self._child.last_lines())
        return self._spec.is_ready()

    def kill(self) -> None:
        self._child.sweep()

    def stop(self) -> None:
        self._child.stop()

    def make_topic(self, name: str) -> None:
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        admin.create_topics([NewTopic(name, PARTITIONS, 1)])[name].result(30)

        def is_led() -> bool:
            topic = admin.list_topics(name, timeout=10).topics[name]
            return topic.error is None and all(each.leader >= 0 for each in topic.partitions.values())

        wait_until(is_led, what=f"leaders for {name}")


def find_free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(look: Callable[[], Any], *, what: str, deadline_s: float = 30) -> None:
    deadline = time.monotonic() + deadline_s
    while not look():
        assert time.monotonic() < deadline, f"{what} did not come within {deadline_s} s"
        time.sleep(0.02)


def send(address: str, topic: str, *values: str, key: bytes | None = b"user", headers: list[tuple[str, bytes]] | None = None) -> None:
    producer = KafkaProducer(bootstrap_servers=[address], acks="all", enable_idempotence=True)
    try:
        for value in values:
            producer.send(topic, key=key, value=value.encode(), headers=headers or []).get(timeout=15)
    finally:
        producer.close(timeout=2)


def sum_committed(address: str, topic: str, group: str) -> int:
    consumer = KafkaConsumer(bootstrap_servers=[address], group_id=group, enable_auto_commit=False)
    try:
        return sum(consumer.committed(TopicPartition(topic, number)) or 0 for number in range(PARTITIONS))
    finally:
        consumer.close(autocommit=False)


def sum_ends(address: str, topic: str) -> int:
    """How many messages the topic holds."""
    consumer = KafkaConsumer(bootstrap_servers=[address], group_id=None)
    try:
        return sum(consumer.end_offsets([TopicPartition(topic, number) for number in range(PARTITIONS)]).values())
    finally:
        consumer.close()
