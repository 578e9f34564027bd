"""How far the consumer group of the plays is behind: its committed offsets against the ends of the partitions, asked of the broker.

An answer is kept for some seconds, an "unknown" too, so that a page may ask each time it is shown and a broker that is away is asked
once. Nothing here joins the group or commits to it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from chalicelib.config import Settings
from chalicelib.events.kafka_connection import choose_connection
from chalicelib.events.kafka_probe import is_kafka_there
from chalicelib.log import log
from chalicelib.workflows.records import ConsumerLag, PartitionLag

MAX_AGE_S = 5.0
_BACKOFF_MS = 20
_SURELY_LATER_MS = 500


class KafkaLagWatch:
    """Thread-safe: one asks, the others wait for the same answer."""

    def __init__(
        self, settings: Settings, *, timeout_s: float, max_age_s: float = MAX_AGE_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._max_age_s = max_age_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: ConsumerLag | None = None
        self._known_until = 0.0

    def measure(self) -> ConsumerLag:
        with self._lock:
            if self._known is None or self._monotonic() >= self._known_until:
                self._known = self._ask_in_time()
                self._known_until = self._monotonic() + self._max_age_s
            return self._known

    def _ask_in_time(self) -> ConsumerLag:
        if not self._settings.kafka_bootstrap_servers:
            return self._unknown("no Kafka is set (KAFKA_BOOTSTRAP_SERVERS)")
        question = _Question(self._settings, self._timeout_s)
        try:
            partitions = question.ask()
        except TimeoutError:
            reason = f"no answer within {self._timeout_s:.1f} s"
        except Exception as exc:  # noqa: BLE001  # the boundary of one look: whatever a broker or its client does, the rest is shown
            reason = _describe(exc)
        else:
            if partitions:
                return self._name(waiting=sum(each.waiting for each in partitions), partitions=partitions)
            reason = f"there is no topic {self._settings.plays_topic!r}, or it is hidden from us"
        log.info("consumer_lag_unknown", reason=reason)
        return self._unknown(reason)

    def _unknown(self, reason: str) -> ConsumerLag:
        return self._name(unknown_because=reason)

    def _name(self, **found: Any) -> ConsumerLag:
        return ConsumerLag(topic=self._settings.plays_topic, consumer_group=self._settings.consumer_group, **found)


class _Question:
    """Asked in a thread of its own: kafka-python waits without end for the metadata of a broker that went away in the middle. Its loop
    ends when the consumer is closed, which is done from outside when time is up.
    """

    def __init__(self, settings: Settings, timeout_s: float) -> None:
        import kafka  # a page that shows no lag does not load it; its loading is not the broker's time

        self._kafka: Any = kafka  # it has no types
        self._settings = settings
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s
        self._consumer: Any = None

    def ask(self) -> tuple[PartitionLag, ...]:
        """TimeoutError, and whatever kafka-python raises. Empty where there is no such topic."""
        answer: Future[tuple[PartitionLag, ...]] = Future()
        threading.Thread(target=self._answer, args=(answer,), name="consumer-lag", daemon=True).start()
        try:
            return answer.result(timeout=self._timeout_s)
        finally:
            if self._consumer is not None:
                self._consumer.close(autocommit=False)

    def _answer(self, answer: Future[tuple[PartitionLag, ...]]) -> None:
        try:
            answer.set_result(self._read())
        except Exception as exc:  # noqa: BLE001  # carried to who asked
            answer.set_exception(exc)

    def _read(self) -> tuple[PartitionLag, ...]:
        is_kafka_there(self._settings.kafka_bootstrap_servers, self._settings.kafka_security_protocol, timeout_s=self._left_s())
        self._consumer = consumer = self._kafka.KafkaConsumer(**_choose_options(self._settings, self._left_s()))
        self._left_s()  # else nobody is left to close it
        topic = self._settings.plays_topic
        places = [self._kafka.TopicPartition(topic, each) for each in sorted(consumer.partitions_for_topic(topic))]
        committed = {place: consumer.committed(place, timeout_ms=self._left_s() * 1000) for place in places}
        ends = consumer.end_offsets(places) if places else {}
        fresh = [place for place in places if committed[place] is None]
        starts = consumer.beginning_offsets(fresh) if fresh else {}
        return tuple(_compare(place.partition, committed[place], starts.get(place, 0), ends[place]) for place in places)

    def _left_s(self) -> float:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


def _compare(partition: int, committed: int | None, start: int, end: int) -> PartitionLag:
    """Nothing committed: the mapping begins at what is there (TRIM_HORIZON). A commit beyond the end is of a broker's former life."""
    since = start if committed is None else committed
    return PartitionLag(partition=partition, committed=committed, end=end, waiting=max(0, end - since))


def _choose_options(settings: Settings, left_s: float) -> dict[str, Any]:
    """kafka-python wants fetch < session < request time-outs even of a consumer that never joins. They end after ours: a request that it
    gave up first would look like a topic that is not there."""
    request_ms = max(100, int(left_s * 1000)) + _SURELY_LATER_MS
    return choose_connection(settings) | {
        "group_id": settings.consumer_group,
        "enable_auto_commit": False,
        "allow_auto_create_topics": False,
        "session_timeout_ms": request_ms // 2,
        "heartbeat_interval_ms": request_ms // 8,
        "max_poll_interval_ms": request_ms,
        "request_timeout_ms": request_ms + 1,
        "fetch_max_wait_ms": 1,
        "retry_backoff_ms": _BACKOFF_MS,
        "reconnect_backoff_ms": _BACKOFF_MS,
    }


def _describe(exc: Exception) -> str:
    """An error of the protocol by its name, which is what one looks up; the broker's text comes after it."""
    return f"{type(exc).__name__}: {exc}".rstrip(": ")
