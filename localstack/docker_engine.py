"""Docker as `EMULATOR=localstack-docker` uses it: whether it is there, and `compose.yaml` brought up, looked after and stopped by the
`docker` command. Knows no function and no stack. Standard library only, so that the preflight can ask before anything is installed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMPOSE_FILE = Path(__file__).resolve().with_name("compose.yaml")
NAME = "EMULATOR=localstack-docker"
INSTEAD = "EMULATOR=localstack does without."
PATIENCE_S = 20
STOP_PATIENCE_S = 60
LAST_LINES = 15
FREE_IMAGE = "localstack/localstack:4.14.0"
FREE_UP_TO = (4, 14)  # newer images start for an account only
VERSION = re.compile(r"localstack/localstack:(\d+)\.(\d+)(\.\d+)*$")


class DockerUnavailableError(Exception):
    """There is no Docker, no engine behind it, no compose plugin, or no account for the image. The message says which, in one sentence."""


class ContainerError(Exception):
    """The containers did not come up. The message holds what Docker said last."""


def find_docker(environ: Mapping[str, str]) -> str:
    """The command, once everything behind it answers."""
    docker = shutil.which("docker", path=environ.get("PATH"))
    if docker is None:
        raise DockerUnavailableError(f"{NAME} needs Docker, and there is no `docker` here; {INSTEAD}")
    if not _succeeds([docker, "compose", "version"], environ):
        raise DockerUnavailableError(f"{NAME}: Docker's compose plugin is missing (`docker compose version` fails); {INSTEAD}")
    if not _succeeds([docker, "info"], environ):
        raise DockerUnavailableError(f"{NAME}: no Docker engine answers (`docker info` fails); start it, or: {INSTEAD}")
    image = environ.get("LOCALSTACK_IMAGE") or FREE_IMAGE
    if not environ.get("LOCALSTACK_AUTH_TOKEN") and needs_token(image):
        raise DockerUnavailableError(
            f"{NAME}: {image} wants an account, set LOCALSTACK_AUTH_TOKEN; {FREE_IMAGE}, the default, is the last that wants none."
        )
    if not environ.get("LOCALSTACK_AUTH_TOKEN") and environ.get("LOCALSTACK_PERSISTENCE") == "1":
        raise DockerUnavailableError(f"{NAME}: LOCALSTACK_PERSISTENCE=1 wants an account, set LOCALSTACK_AUTH_TOKEN.")
    return docker


def needs_token(image: str) -> bool:
    """Whatever is not plainly an old version (`latest`, a mirror, the paid image) is taken to need one."""
    found = VERSION.search(image)
    return found is None or (int(found[1]), int(found[2])) > FREE_UP_TO


def _succeeds(command: Sequence[str], environ: Mapping[str, str]) -> bool:
    try:
        return subprocess.run(command, env=dict(environ), check=False, capture_output=True, timeout=PATIENCE_S).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def name_project(home: Path) -> str:
    """Containers and volumes of one data folder, apart from those of another on the same machine."""
    return f"timbre-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class Docker:
    """`environment` is what `compose.yaml` takes its variables from, and what leads the command to its engine."""

    command: str
    project: str
    environment: Mapping[str, str]

    def up(self, services: Sequence[str], note: Callable[[str], None]) -> None:
        """Returns when all are healthy. What runs already as it should stays as it is; images are fetched at the first time."""
        tail: deque[str] = deque(maxlen=LAST_LINES)
        with self._open("up", "--detach", "--wait", *services) as process:
            try:
                for line in process.stdout or ():
                    tail.append(line.rstrip())
                    note(line)
                status = process.wait()
            finally:
                if process.poll() is None:  # we were interrupted
                    process.terminate()
        if status != 0:
            tail.extend(self.read_logs(services))
            raise ContainerError("The containers did not come up. What Docker said last:\n" + "\n".join(f"    {line}" for line in tail))

    def wait(self, service: str) -> int:
        """Until the container of the service ends; its exit code."""
        containers = self._ask(*self._compose("ps", "--all", "--quiet", service)).split()
        if not containers:
            return 1
        process = subprocess.Popen(
            [self.command, "wait", containers[0]], env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        try:
            said, _ = process.communicate()
        finally:
            if process.poll() is None:  # we were interrupted
                process.kill()
                process.wait()
        return int(said) if process.returncode == 0 and said.strip().isdigit() else 1

    def stop(self, services: Sequence[str] = ()) -> None:
        """Containers and volumes stay. What is stopped already stays so; an engine that has gone has nothing left to stop."""
        self._ask(*self._compose("stop", *services), patience_s=STOP_PATIENCE_S)

    def read_logs(self, services: Sequence[str]) -> list[str]:
        return self._ask(*self._compose("logs", "--no-color", "--tail", str(LAST_LINES), *services)).splitlines()[-LAST_LINES:]

    def _open(self, *arguments: str) -> subprocess.Popen[str]:
        """Both of its outputs as one: compose tells its progress on the second."""
        return subprocess.Popen(
            self._compose(*arguments),
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _compose(self, *arguments: str) -> list[str]:
        return [self.command, "compose", "--file", str(COMPOSE_FILE), "--project-name", self.project, *arguments]

    def _ask(self, *command: str, patience_s: float = PATIENCE_S) -> str:
        """What it says, and nothing where it fails."""
        try:
            done = subprocess.run(command, env=dict(self.environment), check=False, capture_output=True, text=True, timeout=patience_s)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout if done.returncode == 0 else ""
