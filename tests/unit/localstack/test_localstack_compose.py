"""`localstack/compose.yaml`, as far as it can be looked at without an engine."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from localstack.docker_engine import FREE_IMAGE
from localstack.docker_localstack import NETWORK_PORTS, SERVICE_OF_PART

COMPOSE = Path(__file__).parents[3] / "localstack" / "compose.yaml"
DEFAULT = re.compile(r"\$\{[A-Z0-9_]+:-([^}]*)\}")


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    """With the defaults of its variables."""
    read: dict[str, Any] = yaml.safe_load(DEFAULT.sub(r"\1", COMPOSE.read_text("utf-8")))
    return read


def test_every_port_is_published_on_loopback_only(composed: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in composed["services"].items()}
    assert set(published) == {"localstack", "mongodb", "kafka"}
    for name, ports in published.items():
        assert ports, name
        assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports), (name, ports)


def test_every_image_is_pinned_and_says_when_it_is_ready(composed: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in composed["services"].items()}
    assert images == {"localstack": FREE_IMAGE, "mongodb": "mongo:7", "kafka": "apache/kafka:4.1.1"}
    assert all(service["healthcheck"]["test"][0] == "CMD" for service in composed["services"].values())


def test_every_named_volume_and_network_is_declared(composed: dict[str, Any]) -> None:
    used = {volume.split(":")[0] for service in composed["services"].values() for volume in service["volumes"] if volume[0] != "/"}
    assert used == set(composed["volumes"])
    assert {network for service in composed["services"].values() for network in service["networks"]} == set(composed["networks"])


def test_every_listener_of_kafka_has_a_protocol_and_the_published_one_leads_back_here(composed: dict[str, Any]) -> None:
    settings = composed["services"]["kafka"]["environment"]
    listeners = dict(entry.split("://", 1) for entry in settings["KAFKA_LISTENERS"].split(","))
    protocols = dict(entry.split(":") for entry in settings["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    advertised = dict(entry.split("://", 1) for entry in settings["KAFKA_ADVERTISED_LISTENERS"].split(","))
    assert set(listeners) == set(protocols)
    assert set(advertised) == set(listeners) - {settings["KAFKA_CONTROLLER_LISTENER_NAMES"]}
    assert advertised["MACHINE"] == "127.0.0.1:9092"


def test_functions_are_told_the_names_and_ports_that_answer_on_their_network(composed: dict[str, Any]) -> None:
    services = composed["services"]
    assert set(services) == set(SERVICE_OF_PART.values())
    assert services["localstack"]["environment"]["LAMBDA_DOCKER_NETWORK"] == composed["networks"]["timbre"]["name"]
    assert services["mongodb"]["ports"][0].endswith(f":{NETWORK_PORTS['mongodb']}")
    assert f"NETWORK://kafka:{NETWORK_PORTS['kafka']}" in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_nothing_comes_back_without_its_stack(composed: dict[str, Any]) -> None:
    """Who restarts what died has to deploy again: the supervisor, and not the engine."""
    assert [name for name, service in composed["services"].items() if "restart" in service] == []


def test_docker_itself_accepts_it() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], check=False, capture_output=True).returncode != 0:
        pytest.skip("Docker's compose plugin is not here.")
    done = subprocess.run([docker, "compose", "-f", str(COMPOSE), "config", "--quiet"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
