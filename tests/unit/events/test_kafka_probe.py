"""The hand-written question to a broker: a real broker answers it, everything else is away in time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Producer

from chalicelib.events.kafka_probe import is_kafka_there


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    producer = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1})
    [metadata] = producer.list_topics(timeout=10).brokers.values()
    yield f"{metadata.host}:{metadata.port}"
    producer.flush(1)


@pytest.fixture
def server() -> Iterator[Callable[[bytes | None], str]]:
    """Starts a server that answers so to whatever it is sent; None: it stays silent."""
    listeners: list[socket.socket] = []
    kept: list[socket.socket] = []

    def start(answer: bytes | None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            connection, _ = listener.accept()
            kept.append(connection)
            connection.recv(1000)
            if answer is not None:
                connection.sendall(answer)
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for each in listeners + kept:
        each.close()


def find_closed() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_a_real_broker_answers(broker: str) -> None:
    assert is_kafka_there(broker, "PLAINTEXT", timeout_s=5)
    assert is_kafka_there(f"{find_closed()}, {broker}", "SASL_PLAINTEXT", timeout_s=5)


@pytest.mark.parametrize("servers", ["", "nonsense", "127.0.0.1:x", "kafka.invalid:9092"])
def test_an_address_that_is_none_is_away(servers: str) -> None:
    with pytest.raises(OSError, match=r".+"):
        is_kafka_there(servers, "PLAINTEXT", timeout_s=1)


def test_a_closed_port_is_away() -> None:
    with pytest.raises(OSError, match=r".+"):
        is_kafka_there(find_closed(), "PLAINTEXT", timeout_s=1)


def test_a_server_that_stays_silent_is_away_in_time(server: Callable[[bytes | None], str]) -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        is_kafka_there(server(None), "PLAINTEXT", timeout_s=0.2)
    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("answer", [b"", b"HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_speaks_something_else_is_away(server: Callable[[bytes | None], str], answer: bytes) -> None:
    with pytest.raises(OSError, match=r".+"):
        is_kafka_there(server(answer), "PLAINTEXT", timeout_s=1)


def test_a_broker_without_tls_is_away_for_who_wants_tls(broker: str) -> None:
    with pytest.raises(OSError, match=r".+"):
        is_kafka_there(broker, "SASL_SSL", timeout_s=1)
