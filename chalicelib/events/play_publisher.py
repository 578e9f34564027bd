"""Plays to Kafka by kafka-python. Owns the producer's life: made when first needed, given up when the broker is away, and how long
anybody may wait for it. What was not acknowledged is the caller's to send again; the effect is once, by event_id.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from chalicelib.config import Settings
from chalicelib.events.kafka_connection import choose_connection
from chalicelib.events.kafka_events import encode_headers, encode_play, encode_renewal_headers
from chalicelib.log import log
from chalicelib.model import Play

PAUSE_AFTER_FAILURE_S = 3.0  # how long nobody waits for a broker that has just failed
_STEP_MS = 100  # the producer blocks no longer than this at a time, so that the caller's deadline holds
_REQUEST_TIMEOUT_MS = 3_000
_DELIVERY_TIMEOUT_MS = 5_000
_Record = tuple[str, bytes | None, list[tuple[str, bytes]]]  # of which user, value, headers


class KafkaPlayPublisher:
    """Thread-safe: the API publishes from many requests at once."""

    def __init__(
        self,
        settings: Settings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        on_failure: Callable[[], None] = lambda: None,  # the credentials may be old ones: nobody tells that from a broker that is away
    ) -> None:
        self._options = _choose_options(settings)
        self._on_failure = on_failure
        self._topic = settings.plays_topic
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._producer: Any = None  # kafka-python has no types
        self._has_met_broker = False
        self._paused_until = 0.0

    def publish(self, plays: Sequence[tuple[Play, str]], *, timeout_s: float) -> list[str]:
        """Event ids that all in-sync replicas acknowledged within `timeout_s`, metadata and all."""
        records = {play.event_id: (play.user_id, encode_play(play, title), encode_headers(play)) for play, title in plays}
        return self._send_all(records, timeout_s)

    def publish_renewals(self, user_ids: Sequence[str], *, timeout_s: float) -> list[str]:
        """Users, likewise. On the partition of their plays."""
        return self._send_all({user_id: (user_id, None, encode_renewal_headers(user_id)) for user_id in user_ids}, timeout_s)

    def _send_all(self, records: Mapping[str, _Record], timeout_s: float) -> list[str]:
        """The names of those that were acknowledged."""
        deadline = self._monotonic() + timeout_s
        producer = self._take_producer()
        if producer is None or not records:
            return []
        acknowledged: list[str] = []
        try:
            self._await_metadata(producer, deadline)
            sent = [(name, self._send(producer, record)) for name, record in records.items()]
            for name, future in sent:
                future.get(timeout=max(0.0, deadline - self._monotonic()))
                acknowledged.append(name)
        except (KafkaError, AssertionError) as exc:  # an assertion: another request has just let go of this producer
            log.warning("kafka_away", reason=f"{type(exc).__name__}: {exc}", acknowledged=len(acknowledged), play_count=len(records))
            self._give_up(producer)
            self._on_failure()
        return acknowledged

    def close(self) -> None:
        """Lets go of the broker; the next `publish` makes a new producer."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            _close_quietly(producer, timeout_s=1.0)

    def _take_producer(self) -> Any:
        """The producer, a new one where there is none, or None during the pause after a failure."""
        with self._lock:
            if not self._options["bootstrap_servers"] or self._monotonic() < self._paused_until:
                return None
            if self._producer is None:
                self._producer = KafkaProducer(**self._options)  # does not connect yet: its api_version is given
                self._has_met_broker = False
            return self._producer

    def _await_metadata(self, producer: Any, deadline: float) -> None:
        while True:
            try:
                producer.partitions_for(self._topic)
            except KafkaTimeoutError:
                if self._monotonic() >= deadline:
                    raise
            else:
                self._has_met_broker = True
                return

    def _send(self, producer: Any, record: _Record) -> Any:
        user_id, value, headers = record
        return producer.send(self._topic, key=user_id.encode(), value=value, headers=headers)

    def _give_up(self, producer: Any) -> None:
        """Pauses. A producer that knew its brokers is dropped as well: it would never ask the bootstrap address again by itself.

        One that has met none yet goes on asking the bootstrap address in the background (a cold start with TLS takes its time), and
        must be kept: kafka-python's network thread does not end before an idempotent producer got its id from a broker.
        """
        with self._lock:
            if self._producer is not producer:
                return
            self._paused_until = self._monotonic() + PAUSE_AFTER_FAILURE_S
            if not self._has_met_broker:
                return
            self._producer = None
        closing = (producer, _DELIVERY_TIMEOUT_MS / 1000 + 1)
        threading.Thread(target=_close_quietly, args=closing, name="close-producer", daemon=True).start()


def _choose_options(settings: Settings) -> dict[str, Any]:
    return choose_connection(settings) | {
        "acks": "all",
        "enable_idempotence": True,
        "max_in_flight_requests_per_connection": 1,  # what kafka-python wants of an idempotent producer
        "max_block_ms": _STEP_MS,
        "request_timeout_ms": _REQUEST_TIMEOUT_MS,
        "delivery_timeout_ms": _DELIVERY_TIMEOUT_MS,
        "reconnect_backoff_max_ms": 1_000,
    }


def _close_quietly(producer: Any, timeout_s: float) -> None:
    """Undelivered records expire first: given as long as a delivery may take, nothing of the producer stays behind."""
    try:
        producer.close(timeout=timeout_s)
    except KafkaError as exc:
        log.info("kafka_producer_not_closed", reason=str(exc))
