"""LocalStack, MongoDB and Kafka from their images (`EMULATOR=localstack-docker`). Functions run in containers beside them, by Lambda's own
Python, and hold their dependencies: the free image mounts no layers. Pages come from the server on this machine, as with MiniStack.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from infrastructure.annoy_wheel import Target
from infrastructure.package import AWS_PYTHON, Packages, build_packages
from infrastructure.target import find_python
from localstack import mongod
from localstack.apache_kafka import answers_with_topic
from localstack.docker_engine import Docker, find_docker, name_project
from localstack.localstack_emulator import is_safely_up
from localstack.processes import ChildSpec
from localstack.surroundings import Addresses, Surroundings

SERVICE_OF_PART = {"mongod": "mongodb", "broker": "kafka", "emulator": "localstack"}
TITLES = {"mongod": "MongoDB's container", "broker": "Kafka's container", "emulator": "LocalStack's container"}
NETWORK_PORTS = {"mongodb": 27017, "kafka": 19092}  # `compose.yaml` has them
READY_TIMEOUT_S = 300.0
STOP_TIMEOUT_S = 60.0


class DockerLocalStack:
    """`target`, `python` and `on_network` say what runs the functions: Lambda's Python, in containers on compose's network."""

    brings = frozenset({"mongod", "broker"})

    def __init__(self, environ: Mapping[str, str], *, docker: str, python: Path, target: Target = "aws", on_network: bool = True) -> None:
        self._docker, self._python, self._target, self._on_network = docker, python, target, on_network
        self._environ = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
        self.keeps_data = environ.get("LOCALSTACK_PERSISTENCE") == "1"
        self._started: Docker | None = None

    def prepare(self, around: Surroundings, note: Callable[[str], None]) -> None:
        """All at once, so that images are fetched side by side and shown as they come."""
        self._started = self._open(around)
        self._started.up([SERVICE_OF_PART[part] for part in list_parts(around)], note)
        note("")

    def describe(self, around: Surroundings) -> list[ChildSpec]:
        docker, ports = self._open(around), around.ports
        readiness = {
            "mongod": functools.partial(accepts_writes, ports.mongod),
            "broker": functools.partial(answers_with_topic, ports.broker),
            "emulator": functools.partial(is_safely_up, ports.s3),
        }
        return [describe_container(docker, part, readiness[part]) for part in list_parts(around)]

    def reach(self, around: Surroundings) -> Addresses:
        """By the names that compose gives the services; what a person brought has the same address everywhere."""
        here = around.here
        if not self._on_network:
            return here
        uri = f"mongodb://mongodb:{NETWORK_PORTS['mongodb']}/?directConnection=true" if "mongod" in around.bring else here.mongodb_uri
        kafka = f"kafka:{NETWORK_PORTS['kafka']}" if "broker" in around.bring else here.kafka
        return Addresses(uri, kafka, f"http://localstack:{around.ports.s3}")

    def package(self, root: Path, report: Callable[[str], None]) -> Packages:
        return build_packages(self._target, python=self._python, out=root / "build", report=report, bundled=True)

    def find_python(self, root: Path) -> Path:  # noqa: ARG002  # Lambda's Python is nowhere below it
        return self._python

    def make_url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    def deploy_api(self, root: Path, home: Path, *, endpoint_url: str, application: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        """The front runs the application itself."""

    def describe_front(self, environment: Mapping[str, str], home: Path, *, port: int) -> None:
        """None of its own."""

    def stop(self, around: Surroundings) -> None:  # noqa: ARG002  # it knows what it started
        """Whatever nobody holds: an interruption can come between the start of the containers and that of their holders."""
        if self._started is not None:
            self._started.stop()

    def _open(self, around: Surroundings) -> Docker:
        ports, project = around.ports, name_project(around.home)
        chosen = {"S3_PORT": ports.s3, "MONGODB_PORT": ports.mongod, "KAFKA_PORT": ports.broker}
        variables = {name: str(port) for name, port in chosen.items()} | {"TIMBRE_NETWORK": project}
        return Docker(self._docker, project, self._environ | variables)


def list_parts(around: Surroundings) -> list[str]:
    return [part for part in SERVICE_OF_PART if part in {"emulator", *around.bring}]


def choose_docker_localstack(environ: Mapping[str, str]) -> DockerLocalStack:
    """DockerUnavailableError or PackageError, in one sentence, for what is missing."""
    return DockerLocalStack(environ, docker=find_docker(environ), python=find_python(AWS_PYTHON))


def describe_container(docker: Docker, part: str, is_ready: Callable[[], bool]) -> ChildSpec:
    """The token of LocalStack's is in the environment only."""
    service = SERVICE_OF_PART[part]
    return ChildSpec(
        name=part,
        title=TITLES[part],
        command=(sys.executable, "-m", "localstack.container", service, "--docker", docker.command, "--project", docker.project),
        environment=docker.environment,
        is_ready=is_ready,
        ready_timeout_s=READY_TIMEOUT_S,
        stop_timeout_s=STOP_TIMEOUT_S,
    )


def accepts_writes(port: int) -> bool:
    """Whether it is primary; the healthcheck in the container makes it so, under the name that other containers know."""
    client: pymongo.MongoClient[dict[str, object]]
    with pymongo.MongoClient(mongod.make_uri(port), serverSelectionTimeoutMS=1000, connectTimeoutMS=1000) as client:
        try:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
        except PyMongoError:
            return False
