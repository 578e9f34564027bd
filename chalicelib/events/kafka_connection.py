"""How any client of ours reaches the brokers: addresses, encryption, who it says it is. What it does there is its own business."""

from __future__ import annotations

from typing import Any

from chalicelib.config import Settings

API_VERSION = (2, 3)  # every broker of today speaks it, librdkafka's too; without it a client's constructor would wait for a broker


def choose_connection(settings: Settings) -> dict[str, Any]:
    """Options that kafka-python's producers and consumers share. `Any`: kafka-python has no types."""
    options: dict[str, Any] = {
        "bootstrap_servers": [each.strip() for each in settings.kafka_bootstrap_servers.split(",") if each.strip()],
        "client_id": "timbre",
        "api_version": API_VERSION,
        "metrics_enabled": False,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_sasl_mechanism:
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_sasl_username
        options["sasl_plain_password"] = settings.kafka_sasl_password
    return options
