"""The children that are Python modules of this folder: broker, front, poller. (mongod and the emulator have modules of their own.)"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

from infrastructure.stage_config import ONE_THREAD
from localstack.answering import ask_status
from localstack.processes import ChildSpec

HOST = "127.0.0.1"


def describe_broker(*, port: int) -> ChildSpec:
    return ChildSpec(
        name="broker",
        title="Kafka",
        command=(sys.executable, "-m", "localstack.broker", "--port", str(port)),
        environment=dict(os.environ),
        is_ready=lambda: accepts_connections(port),
    )


def describe_front(environment: Mapping[str, str], *, port: int, invoke: str = "") -> ChildSpec:
    """`invoke`: the function that answers instead of the web server's own process."""
    return ChildSpec(
        name="front",
        title="The web server",
        command=(sys.executable, "-m", "localstack.front", "--port", str(port), *(("--invoke", invoke) if invoke else ())),
        environment={**environment, **ONE_THREAD},
        is_ready=lambda: answers_http(port),
    )


def describe_poller(environment: Mapping[str, str], *, mapping: str) -> ChildSpec:
    return ChildSpec(
        name="poller",
        title="The Kafka poller",
        command=(sys.executable, "-m", "localstack.poller"),
        environment={**environment, "MAPPING": mapping},
        is_ready=lambda: True,
    )


def accepts_connections(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def answers_http(port: int, *, path: str = "/login") -> bool:
    """Any answer will do: what is healthy and what is not, the application says itself."""
    status = ask_status(port, path)
    return status is not None and status < 500
