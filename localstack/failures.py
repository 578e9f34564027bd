"""What a person is told when `make run` cannot go on: expected failures in their own words, anything else with where it happened."""

from __future__ import annotations

import traceback

from chalicelib.errors import TimbreError
from infrastructure.errors import DeployError, PackageError
from localstack.apache_kafka_jars import ApacheKafkaError
from localstack.demo_listener import DemoListenerError
from localstack.docker_engine import ContainerError, DockerUnavailableError
from localstack.emulator_choice import UnknownEmulatorError
from localstack.localstack_emulator import ExposedError
from localstack.mongod import MongodError
from localstack.music import MusicFolderError
from localstack.ports import PortTakenError
from localstack.run_file import AlreadyRunningError
from localstack.supervisor import ChildDiedError

EXPECTED = (
    AlreadyRunningError,
    ApacheKafkaError,
    ChildDiedError,
    ContainerError,
    DemoListenerError,
    DeployError,
    DockerUnavailableError,
    ExposedError,
    MongodError,
    MusicFolderError,
    PackageError,
    PortTakenError,
    TimbreError,
    UnknownEmulatorError,
)


def describe_failure(error: BaseException) -> str:
    if isinstance(error, EXPECTED):
        return f"  ✗ {error}"
    frames = "".join(traceback.format_exception(error)[-6:])
    return f"  ✗ {type(error).__name__}: {error}\n{frames}"
