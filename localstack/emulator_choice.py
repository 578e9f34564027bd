"""Which emulator of AWS a person asked for (`EMULATOR`), and what differs from one to the other: the process, the Python that runs
functions, and how HTTP reaches the application. `system` works with any of them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from localstack import emulator, localstack_emulator
from localstack.children import answers_http
from localstack.docker_engine import refuse_without_engine
from localstack.localstack_api import GATEWAY_STAGE, deploy_api
from localstack.processes import ChildSpec


class UnknownEmulatorError(Exception):
    """EMULATOR names none that there is."""


class Emulator(Protocol):
    """`keeps_data` is False where everything in it is gone when it ends."""

    keeps_data: bool

    def describe(self, root: Path, home: Path, *, port: int) -> ChildSpec: ...

    def find_python(self, root: Path) -> Path: ...

    def make_url(self, port: int) -> str: ...

    def deploy_api(
        self, root: Path, home: Path, *, endpoint_url: str, application: Mapping[str, str], outputs: Mapping[str, str]
    ) -> None: ...

    def describe_front(self, environment: Mapping[str, str], home: Path, *, port: int) -> ChildSpec | None: ...


class MiniStack:
    """The default. Its API Gateway is empty after `chalice deploy`, so a server of our own makes the events."""

    keeps_data = True

    def describe(self, root: Path, home: Path, *, port: int) -> ChildSpec:
        return emulator.describe_emulator(root, home, port=port)

    def find_python(self, root: Path) -> Path:
        return emulator.find_emulator_python(root)

    def make_url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    def deploy_api(self, root: Path, home: Path, *, endpoint_url: str, application: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        """The front runs the application itself."""

    def describe_front(self, environment: Mapping[str, str], home: Path, *, port: int) -> None:
        """None of its own."""


class HostLocalStack:
    """LocalStack without Docker. The API is a Lambda behind LocalStack's API Gateway, put there by `chalice deploy`."""

    keeps_data = False

    def describe(self, root: Path, home: Path, *, port: int) -> ChildSpec:
        return localstack_emulator.describe_localstack(root, home, port=port)

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
        refuse_without_engine()
        raise UnknownEmulatorError(
            "EMULATOR=localstack-docker: `make run` does not drive containers; start them by `docker compose -f localstack/compose.yaml up "
            "--wait`, then deploy by `make deploy` with AWS_ENDPOINT_URL=http://localhost.localstack.cloud:4566."
        )
    raise UnknownEmulatorError(f"EMULATOR={wished} is not known: EMULATOR=localstack, or nothing for MiniStack")
