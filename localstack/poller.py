"""The event source mapping from Kafka to a Lambda function, which emulators lack: reads the topic in a consumer group, invokes the
function with AWS's event, commits only what has succeeded (or lies in the on-failure queue). What is delivered twice after a crash is
the function's to recognise: each message carries an event id. What differs from AWS stands in `infrastructure/decisions.md`.

    MAPPING='{"function_name": …}' python -m localstack.poller
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import boto3
import msgspec
from botocore.config import Config
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaConfigurationError, KafkaError
from kafka.structs import OffsetAndMetadata

from localstack.backlog import Backlog
from localstack.kafka_event import Partition
from localstack.lambda_target import LambdaTarget, TargetUnavailableError

POLL_MS = 200
FETCH_WAIT_MS = 50  # librdkafka's broker holds an empty fetch for all of it, whatever arrives meanwhile
RETRIES_BEFORE_A_DESTINATION = 10  # AWS: "without end" means this many where there is an on-failure destination
FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.2, 5.0


class PlaysMapping(msgspec.Struct, frozen=True, kw_only=True):
    """The stack's output of the same name."""

    function_name: str
    topic: str
    consumer_group: str
    bootstrap_servers: str
    on_failure_queue_url: str = ""
    batch_size: int = 100
    maximum_batching_window_s: float = 0.0
    starting_position: str = "TRIM_HORIZON"
    maximum_retry_attempts: int = 3
    maximum_record_age_s: int = -1

    def limit_retries(self) -> int:
        has_end = self.maximum_retry_attempts >= 0 or not self.on_failure_queue_url
        return self.maximum_retry_attempts if has_end else RETRIES_BEFORE_A_DESTINATION


class Poller:
    """One mapping, one consumer, one thread."""

    def __init__(
        self,
        mapping: PlaysMapping,
        *,
        target: LambdaTarget,
        open_consumer: Callable[[PlaysMapping], KafkaConsumer],
        log: Callable[..., None],
    ) -> None:
        self._mapping = mapping
        self._target = target
        self._open_consumer = open_consumer
        self._log = log
        self._stopping = threading.Event()
        self._backoff_s = FIRST_BACKOFF_S

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Until stopped. A consumer that fails is replaced by a new one, which begins at what was committed."""
        while not self._stopping.is_set():
            try:
                self._consume()
            except KafkaConfigurationError:
                raise
            except KafkaError as exc:
                self._log("consumer_replaced", reason=f"{type(exc).__name__}: {exc}")
                self._stopping.wait(FIRST_BACKOFF_S)

    def _consume(self) -> None:
        mapping = self._mapping
        backlog = Backlog(
            batch_size=mapping.batch_size,
            maximum_retry_attempts=mapping.limit_retries(),
            maximum_record_age_s=mapping.maximum_record_age_s,
        )
        consumer = self._open_consumer(mapping)
        try:
            consumer.subscribe([mapping.topic], listener=ForgetRevoked(backlog, self._log))
            self._log("polling", topic=mapping.topic, function=mapping.function_name)
            while not self._stopping.is_set():
                self._fill(consumer, backlog)
                if len(backlog):
                    self._deliver(consumer, backlog)
        finally:
            consumer.close(autocommit=False)

    def _fill(self, consumer: KafkaConsumer, backlog: Backlog) -> None:
        """Reads until there is a message, then on until the batch is full or the batching window over."""
        self._poll(consumer, backlog, timeout_s=POLL_MS / 1000 if not len(backlog) else 0)
        deadline = time.monotonic() + self._mapping.maximum_batching_window_s
        while 0 < len(backlog) < self._mapping.batch_size and (left := deadline - time.monotonic()) > 0:
            self._poll(consumer, backlog, timeout_s=left)

    def _poll(self, consumer: KafkaConsumer, backlog: Backlog, *, timeout_s: float) -> None:
        room = self._mapping.batch_size - len(backlog)
        if room <= 0:
            return
        polled = consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=room)
        backlog.add(record for records in polled.values() for record in records)

    def _deliver(self, consumer: KafkaConsumer, backlog: Backlog) -> None:
        """One invocation and all that follows from its outcome."""
        try:
            self._bury_discards(consumer, backlog)
            batch = backlog.next_batch()
            if not batch:
                return
            failures = self._target.invoke(batch)
            if failures is None:
                backlog.note_failed_batch(batch)
            else:
                commits = backlog.settle(batch, failures)
                backlog.note_failed_offsets(failures)
                self._commit(consumer, commits)
            self._bury_discards(consumer, backlog)
        except TargetUnavailableError as exc:
            self._log("target_unavailable", reason=str(exc))
            self._wait(consumer, backlog)
            return
        if failures == {}:
            self._backoff_s = FIRST_BACKOFF_S
            return
        self._log("batch_failed", size=len(batch), failures=None if failures is None else {p.label: o for p, o in failures.items()})
        if failures is None and len(batch) > 1:
            self._backoff_s = FIRST_BACKOFF_S  # halving is a search, not a retry
        self._wait(consumer, backlog)

    def _bury_discards(self, consumer: KafkaConsumer, backlog: Backlog) -> None:
        while discards := backlog.discards(now_ms=time.time_ns() // 1_000_000):
            for discard in discards:
                record = discard.record
                self._target.bury(discard)
                self._log("given_up", partition=record.partition, offset=record.offset, condition=discard.condition)
                self._commit(consumer, backlog.give_up(record))

    def _commit(self, consumer: KafkaConsumer, commits: Mapping[Partition, int]) -> None:
        """A commit that the group refuses (it has gone on without us) ends this consumer: the next begins at what was committed."""
        if commits:
            consumer.commit({TopicPartition(*partition): OffsetAndMetadata(offset, "", -1) for partition, offset in commits.items()})

    def _wait(self, consumer: KafkaConsumer, backlog: Backlog) -> None:
        """Backs off without leaving the group: paused partitions are polled, so that rebalances are taken part in."""
        consumer.pause(*consumer.assignment())
        deadline = time.monotonic() + self._backoff_s
        self._backoff_s = min(LAST_BACKOFF_S, self._backoff_s * 2)
        while not self._stopping.is_set() and (left := deadline - time.monotonic()) > 0:
            polled = consumer.poll(timeout_ms=int(min(left, 0.5) * 1000) + 1)
            backlog.add(record for records in polled.values() for record in records)
        consumer.resume(*consumer.assignment())


class ForgetRevoked(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """What was read of a partition that goes is read again by its next owner. Whoever keeps one begins again at what was committed."""

    def __init__(self, backlog: Backlog, log: Callable[..., None]) -> None:
        self._backlog = backlog
        self._log = log

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._backlog.forget([Partition(*partition) for partition in revoked])

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._backlog.forget([Partition(*partition) for partition in assigned])
        self._log("assigned", partitions=sorted(partition.partition for partition in assigned))


def open_consumer(mapping: PlaysMapping, **options: Any) -> KafkaConsumer:
    """A consumer that notices a broker's restart within seconds and never commits by itself. `options` go before its own."""
    own: dict[str, Any] = {
        "bootstrap_servers": mapping.bootstrap_servers.split(","),
        "group_id": mapping.consumer_group,
        "enable_auto_commit": False,
        "auto_offset_reset": "latest" if mapping.starting_position == "LATEST" else "earliest",
        "max_poll_records": mapping.batch_size,
        "fetch_max_wait_ms": FETCH_WAIT_MS,
        "receive_message_max_bytes": 64_000_000,
        "reconnect_backoff_ms": 50,
        "reconnect_backoff_max_ms": 1000,
        "heartbeat_interval_ms": 1000,
        "session_timeout_ms": 10_000,
        "max_poll_interval_ms": 300_000,
        "request_timeout_ms": 305_000,
        "metadata_max_age_ms": 10_000,
    }
    return KafkaConsumer(**(own | options))


def log_event(event: str, **fields: Any) -> None:
    print(json.dumps({"time": time.strftime("%H:%M:%S"), "event": event, **fields}, default=str), flush=True)


def read_connection(environ: Mapping[str, str]) -> dict[str, str]:
    """How to reach a Kafka that asks who one is; the names are those of `chalicelib.config`."""
    names = {
        "KAFKA_SECURITY_PROTOCOL": "security_protocol",
        "KAFKA_SASL_MECHANISM": "sasl_mechanism",
        "KAFKA_SASL_USERNAME": "sasl_plain_username",
        "KAFKA_SASL_PASSWORD": "sasl_plain_password",
    }
    return {option: environ[name] for name, option in names.items() if environ.get(name)}


def main() -> int:
    mapping = msgspec.json.decode(os.environ["MAPPING"], type=PlaysMapping)
    config = Config(connect_timeout=2, read_timeout=900, retries={"total_max_attempts": 1})
    target = LambdaTarget(
        function_name=mapping.function_name,
        bootstrap_servers=mapping.bootstrap_servers,
        on_failure_queue_url=mapping.on_failure_queue_url,
        lambda_client=boto3.client("lambda", config=config),
        sqs_client=boto3.client("sqs", config=config),
    )
    connection = read_connection(os.environ)
    poller = Poller(mapping, target=target, open_consumer=lambda asked: open_consumer(asked, **connection), log=log_event)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: poller.stop())
    threading.Thread(target=target.warm_up, daemon=True).start()
    poller.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
