"""A whole Timbre on free ports with data of its own, started and stopped as a person would: by the command behind `make run`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.e2e.listener import wait_until

ROOT = Path(__file__).parents[2]
START_DEADLINE_S = 420


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Machine:
    """`home` holds all its data (`.timbre` of a normal run)."""

    module = "localstack.run"

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.run_file = home / "run.json"
        self.environment = {"MUSIC": "none", "PORT": str(find_free_port()), "S3_PORT": str(find_free_port()), **environment}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        self.home.mkdir(parents=True, exist_ok=True)
        log = (self.home / "start.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            cwd=ROOT,
            env={**os.environ, "TIMBRE_HOME": str(self.home), **self.environment},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        return wait_until(self._look, deadline_s=START_DEADLINE_S, what="a running machine")

    def _look(self) -> dict[str, Any] | None:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"make run ended with {self.process.returncode}:\n{(self.home / 'start.log').read_text()[-4000:]}")
        if not self.run_file.exists():
            return None
        running: dict[str, Any] = json.loads(self.run_file.read_text())
        return running

    def kill_part(self, name: str) -> int:
        """SIGKILL, as the out-of-memory killer would; the pid that is no more."""
        pid = self._pid_of(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_for_part(self, name: str, *, instead_of: int) -> None:
        """Until the supervisor has started it again."""

        def is_another() -> bool:
            with contextlib.suppress(FileNotFoundError):  # between the old one's end and the new one's start nobody has the place
                return self._pid_of(name) != instead_of
            return False

        wait_until(is_another, deadline_s=60, what=f"another {name}")

    def _pid_of(self, name: str) -> int:
        return int(json.loads((self.home / "pids" / f"{name}.json").read_text())["pid"])

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=120)
