"""Who speaks to Kafka: made once per container, and anew when the secret says another password. Imports are lazy, as in `bootstrap`, which
hands these on.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from chalicelib import connections
from chalicelib.config import Settings

if TYPE_CHECKING:
    from chalicelib.workflows import operator_ports, ports


def kafka_settings() -> Settings:
    """The settings with Kafka's user and password out of the secret, where there is one. For whoever connects to a broker."""
    arn = connections.settings().kafka_secret_arn
    if not arn:
        return connections.settings()
    from chalicelib.storage.secrets import parse_kafka_credentials

    credentials = parse_kafka_credentials(connections.secret(arn).read())
    return msgspec.structs.replace(
        connections.settings(), kafka_sasl_username=credentials.username, kafka_sasl_password=credentials.password
    )


@lru_cache(maxsize=2)
def _publisher_of(given: Settings) -> ports.PlayPublisher:
    from chalicelib.events.play_publisher import KafkaPlayPublisher

    arn = given.kafka_secret_arn
    return KafkaPlayPublisher(given, on_failure=connections.secret(arn).doubt if arn else lambda: None)


def play_publisher() -> ports.PlayPublisher:
    """Another one when the secret says another password."""
    return _publisher_of(kafka_settings())


@lru_cache(maxsize=2)
def _lag_watch_of(given: Settings) -> operator_ports.LagWatch:
    from chalicelib.events.kafka_lag import KafkaLagWatch

    return KafkaLagWatch(given, timeout_s=2 * connections.WATCH_TIMEOUT_S)


def lag_watch() -> operator_ports.LagWatch:
    return _lag_watch_of(kafka_settings())


def record_reader() -> operator_ports.RecordReader:
    """For who closes it."""
    from chalicelib.events.kafka_records import KafkaRecordReader

    return KafkaRecordReader(kafka_settings())
