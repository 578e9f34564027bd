"""`EMULATOR=localstack-docker`: whether a Docker engine answers."""

from __future__ import annotations

import shutil
import subprocess

PATIENCE_S = 20


class DockerUnavailableError(Exception):
    """There is no Docker, no engine behind it, or no compose plugin. The message says which, in one sentence."""


def refuse_without_engine() -> None:
    docker = shutil.which("docker")
    if docker is None:
        raise DockerUnavailableError(
            "EMULATOR=localstack-docker needs Docker, and there is no `docker` here; EMULATOR=localstack does without."
        )
    for command, what in ((["info"], "no Docker engine answers"), (["compose", "version"], "Docker's compose plugin is missing")):
        if subprocess.run([docker, *command], check=False, capture_output=True, timeout=PATIENCE_S).returncode != 0:
            raise DockerUnavailableError(f"EMULATOR=localstack-docker: {what}; EMULATOR=localstack does without.")
