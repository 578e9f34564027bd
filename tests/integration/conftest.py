"""Apache Kafka for all integration tests: one broker a session, its jars fetched once into `.timbre/kafka/`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localstack.apache_kafka_jars import ApacheKafkaError
from tests.conftest import give_up
from tests.integration.brokers import ApacheBroker


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheBroker]:
    try:
        broker = ApacheBroker(tmp_path_factory.mktemp("apache-kafka"))
    except ApacheKafkaError as exc:
        give_up(str(exc))
    yield broker
    broker.stop()
