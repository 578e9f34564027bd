"""`make run EMULATOR=localstack-docker` from preflight to stop, where there is no engine: the `docker` on the path is `fake_docker.py`. So
compose's containers, Lambda's image and the network between them are not seen here; everything that Timbre does itself is, with functions
that hold their dependencies and a stack without layers.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.deploy import name_stack
from localstack.apache_kafka_jars import ApacheKafkaError, find_java, provide_jars
from localstack.demo_music.compose import compose_library
from localstack.docker_engine import COMPOSE_FILE, name_project
from localstack.processes import is_running
from localstack.settings import KEYS, STAGE
from tests.conftest import give_up
from tests.e2e.listener import Dropper, Listener, wait_until
from tests.e2e.machine import ROOT, Machine
from tests.localstack_environment import provide_localstack

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


class DockerMachine(Machine):
    module = "tests.integration.docker_trial"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a `docker`, and what that one keeps; whatever it has started is gone afterwards."""
    provide_localstack()
    try:
        find_java()
        provide_jars(ROOT, print)
    except ApacheKafkaError as exc:
        give_up(f"Apache Kafka cannot be had here: {exc}")
    folder = tmp_path_factory.mktemp("docker")
    command = folder / "bin" / "docker"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\ncd '{ROOT}' && exec '{sys.executable}' -m tests.integration.fake_docker \"$@\"\n")
    command.chmod(0o755)
    yield folder
    for record in folder.glob("*.pid"):
        pid = int(record.read_text())
        if is_running(pid):
            os.killpg(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def machine(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if sys.platform != "linux":
        give_up("LocalStack in host mode is confined on Linux only.")
    path = f"{engine / 'bin'}{os.pathsep}{os.environ['PATH']}"
    home = tmp_path_factory.mktemp("docker-machine") / "home"
    machine = DockerMachine(home, PATH=path, FAKE_DOCKER_HOME=str(engine), EMULATOR="localstack-docker")
    yield machine
    machine.stop()


@pytest.fixture(scope="module")
def running(machine: Machine) -> dict[str, Any]:
    return machine.start()


def make_client(running: dict[str, Any], service: str) -> Any:
    make: Any = boto3.client
    keys = {"aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"]}
    return make(service, endpoint_url=running["aws_endpoint_url"], region_name=KEYS["AWS_DEFAULT_REGION"], **keys)


def read_calls(engine: Path) -> list[list[str]]:
    return [json.loads(line) for line in (engine / "calls.jsonl").read_text().splitlines()]


def test_the_stack_stands_without_a_layer(running: dict[str, Any]) -> None:
    with closing(make_client(running, "cloudformation")) as cloudformation:
        resources = cloudformation.list_stack_resources(StackName=name_stack(STAGE))["StackResourceSummaries"]
    assert "AWS::Lambda::LayerVersion" not in {resource["ResourceType"] for resource in resources}
    with closing(make_client(running, "lambda")) as client:
        functions = client.list_functions()["Functions"]
    assert len(functions) == 5
    assert [function["FunctionName"] for function in functions if function.get("Layers")] == []


def test_a_dropped_mp3_is_indexed_and_a_play_of_it_is_read_from_kafka(
    running: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By the bundles alone: extraction, the build with scikit-learn, the relay to Kafka, and the recommendation with Annoy."""
    first, second = compose_library(tmp_path_factory.mktemp("pieces"), count=2, seed=7)
    dropper, listener = Dropper(running), Listener(running)
    with closing(dropper.s3), closing(listener.api):
        keys = [dropper.drop(path, f"uploads/docker/{path.name}") for path in (first, second)]
        receipts = [listener.wait_for_receipt(key) for key in keys]
        assert [receipt["status"] for receipt in receipts] == ["indexed", "indexed"]
        assert listener.play(receipts[0]["track_id"]).status_code == 202

        def look() -> bool:
            answer = listener.get("/recommendations")
            return answer["basis"] == "plays" and [item["track_id"] for item in answer["items"]] == [receipts[1]["track_id"]]

        wait_until(look, deadline_s=120, what="a list that rests on the play")


def test_a_container_that_dies_is_brought_up_again_and_the_stack_with_it(running: dict[str, Any], engine: Path) -> None:
    record = engine / "localstack.pid"
    killed = int(record.read_text())
    os.killpg(killed, signal.SIGKILL)
    wait_until(lambda: int(record.read_text()) != killed, deadline_s=120, what="another LocalStack")
    wait_until(lambda: count_functions(running) == 5, deadline_s=240, what="the functions in the new LocalStack")


def count_functions(running: dict[str, Any]) -> int:
    with closing(make_client(running, "lambda")) as functions:
        try:
            return len(functions.list_functions()["Functions"])
        except (ClientError, BotoCoreError):  # it is only just coming up
            return 0


def test_docker_is_asked_first_brought_up_once_and_stopped_at_the_end(running: dict[str, Any], machine: Machine, engine: Path) -> None:
    """Stopped, not taken down: containers and volumes are there the next time."""
    assert running["aws_endpoint_url"].startswith("http://127.0.0.1:")
    machine.stop()
    calls = read_calls(engine)
    assert calls[:2] == [["compose", "version"], ["info"]]
    compose = ["compose", "--file", str(COMPOSE_FILE), "--project-name", name_project(machine.home)]
    assert calls[2] == [*compose, "up", "--detach", "--wait", "mongodb", "kafka", "localstack"]
    assert calls[-1] == [*compose, "stop"]
    assert {call[5] for call in calls[2:] if call[0] == "compose"} == {"up", "ps", "logs", "stop"}
    assert [record.stem for record in engine.glob("*.pid") if is_running(int(record.read_text()))] == []
