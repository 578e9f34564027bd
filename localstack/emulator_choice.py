"""Which emulator of AWS a person asked for (`EMULATOR`), and what differs from one to the other: its process and what it brings along, what
functions are packed for and told, and how HTTP reaches the application. `system` works with any of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from infrastructure.package import Packages, build_packages
from localstack import emulator, localstack_emulator
from localstack.children import answers_http
from localstack.docker_localstack import choose_docker_localstack
from localstack.localstack_api import GATEWAY_STAGE, deploy_api
from localstack.processes import ChildSpec
from localstack.surroundings import Addresses, Surroundings


class UnknownEmulatorError(Exception):
    """EMULATOR names none that there is."""


class Emulator(Protocol):
    """`keeps_data` is False where everything in it is gone when it ends. `brings` names the parts ("mongod", "broker") that come with it
    and are not started by us."""

    keeps_data: bool

    @property
    def brings(self) -> frozenset[str]: ...

    def prepare(self, around: Surroundings, note: Callable[[str], None]) -> None:
        """What has to be done before `describe`d children can live."""

    def describe(self, around: Surroundings) -> list[ChildSpec]: ...

    def reach(self, around: Surroundings) -> Addresses:
        """The addresses that functions are told."""

    def package(self, root: Path, report: Callable[[str], None]) -> Packages: ...

    def find_python(self, root: Path) -> Path: ...

    def make_url(self, port: int) -> str: ...

    def deploy_api(
        self, root: Path, home: Path, *, endpoint_url: str, application: Mapping[str, str], outputs: Mapping[str, str]
    ) -> None: ...

    def describe_front(self, environment: Mapping[str, str], home: Path, *, port: int) -> ChildSpec | None: ...

    def stop(self, around: Surroundings) -> None:
        """After its children have ended."""


class _OneProcess:
    """What the emulators have in common that are one process on this machine, whose functions run with a Python of this machine."""

    brings: frozenset[str] = frozenset()

    def prepare(self, around: Surroundings, note: Callable[[str], None]) -> None:
        """Nothing."""

    def reach(self, around: Surroundings) -> Addresses:
        return around.here

    def package(self, root: Path, report: Callable[[str], None]) -> Packages:
        return build_packages("local", python=self.find_python(root), out=root / "build", report=report)

    def stop(self, around: Surroundings) -> None:
        """Its process was all there was."""

    def find_python(self, root: Path) -> Path:
        raise NotImplementedError


class MiniStack(_OneProcess):
    """The default. Its API Gateway is empty after `chalice deploy`, so a server of our own makes the events."""

    keeps_data = True

    def describe(self, around: Surroundings) -> list[ChildSpec]:
        return [emulator.describe_emulator(around.root, around.home, port=around.ports.s3)]

    def stop(self, around: Surroundings) -> None:
        emulator.forget_unpacked(around.home)

    def find_python(self, root: Path) -> Path:
        return emulator.find_emulator_python(root)

    def make_url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    def deploy_api(self, root: Path, home: Path, *, endpoint_url: str, application: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        """The front runs the application itself."""

    def describe_front(self, environment: Mapping[str, str], home: Path, *, port: int) -> None:
        """None of its own."""


class HostLocalStack(_OneProcess):
    """LocalStack without Docker. The API is a Lambda behind LocalStack's API Gateway, put there by `chalice deploy`."""

    keeps_data = False

    def describe(self, around: Surroundings) -> list[ChildSpec]:
        return [localstack_emulator.describe_localstack(around.root, around.home, port=around.ports.s3)]

    def find_python(self, root: Path) -> Path:
        return localstack_emulator.find_function_python(root)

    def make_url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}/{GATEWAY_STAGE}"

    def deploy_api(self, root: Path, home: Path, *, endpoint_url: str, application: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        settings = {**application, "AWS_ENDPOINT_URL": endpoint_url}
        api_id = deploy_api(root, home / "chalice", application=settings, outputs=outputs)
        self._target_file(home).write_text(f"{endpoint_url}/_aws/execute-api/{api_id}", "utf-8")

    def describe_front(self, environment: Mapping[str, str], home: Path, *, port: int) -> ChildSpec:
        target = str(self._target_file(home))
        return ChildSpec(
            name="front",
            title="The address of the API",
            command=(sys.executable, "-m", "localstack.localstack_front", "--port", str(port), "--target", target),
            environment=environment,
            is_ready=lambda: answers_http(port, path=f"/{GATEWAY_STAGE}/login"),
        )

    def _target_file(self, home: Path) -> Path:
        return home / "chalice" / "api-address"


def choose_emulator(environ: Mapping[str, str]) -> Emulator:
    wished = environ.get("EMULATOR", "")
    if wished in ("", "ministack"):
        return MiniStack()
    if wished == "localstack":
        return HostLocalStack()
    if wished == "localstack-docker":
        return choose_docker_localstack(environ)
    raise UnknownEmulatorError(f"EMULATOR={wished} is not known: EMULATOR=localstack, EMULATOR=localstack-docker, or nothing for MiniStack")
