"""A process that speaks Kafka's protocol: librdkafka's broker, in memory, behind a fixed address. What it holds dies with it; the
outbox in MongoDB is what is durable.

    python -m localstack.broker --port 9092
"""

from __future__ import annotations

import argparse
import asyncio

from confluent_kafka import Producer

from localstack.forwarder import Forwarder

START_TIMEOUT_S = 10


def open_broker() -> tuple[Producer, int]:
    """The client that holds the broker, and the port that it picked. The broker lives as long as the client."""
    holder = Producer({"bootstrap.servers": "chosen.by.librdkafka", "test.mock.num.brokers": 1, "log_level": 4})
    (broker,) = holder.list_topics(timeout=START_TIMEOUT_S).brokers.values()
    return holder, broker.port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args().port
    holder, broker_port = open_broker()
    print(f"broker on {broker_port}, clients use {port}", flush=True)
    asyncio.run(Forwarder(port=port, broker_port=broker_port).serve())
    holder.flush(0)


if __name__ == "__main__":
    main()
