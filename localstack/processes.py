"""Processes of our own: how each is started (a session of its own, output to a log), how it ends (TERM, patience, KILL to the group), and
how those of a supervisor that was killed are found again: by a file with process id and start time.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

KEPT_LOGS = 3
LAST_LINES = 15
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What a child is. Secrets go into `environment`, never into `command`, which everybody on the machine can read."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    is_ready: Callable[[], bool]
    ready_timeout_s: float = 60.0
    stop_timeout_s: float = 10.0


class Child:
    """One running process of a spec."""

    def __init__(self, spec: ChildSpec, home: Path) -> None:
        self.spec = spec
        self.log = home / "logs" / f"{spec.name}.log"
        self._pid_file = home / "pids" / f"{spec.name}.json"
        for folder in (self.log.parent, self._pid_file.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                spec.command,
                env=dict(spec.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        record = {"pid": self.process.pid, "started": read_start_time(self.process.pid)}
        half = self._pid_file.with_suffix(".half")
        half.write_text(json.dumps(record), "utf-8")
        half.replace(self._pid_file)  # never seen in part

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """TERM to the process itself (it looks after its own workers), then KILL to whatever is left of its group."""
        if self.is_alive():
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.spec.stop_timeout_s)
        self.sweep()
        self._pid_file.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Kills what is left of the group; a dead server's workers would otherwise hold its port or go on with its work."""
        signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_lines(self) -> list[str]:
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 16_384))
            return log.read().decode("utf-8", "replace").splitlines()[-LAST_LINES:]


def rotate_log(path: Path) -> None:
    """`name.log` becomes `name.1.log` and so on; the oldest goes."""
    for number in range(KEPT_LOGS - 1, 0, -1):
        older = path.with_suffix(f".{number}.log")
        newer = path.with_suffix(f".{number - 1}.log") if number > 1 else path
        if newer.is_file():
            newer.replace(older)


def signal_group(group: int, number: int) -> bool:
    """False when there is no such group."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def read_start_time(pid: int) -> str:
    """When the process began, in whatever words the system has: only compared. Empty when it is not there."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
        except OSError:
            return ""
    return subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], check=False, capture_output=True, text=True).stdout.strip()


def stop_stale_children(home: Path, *, patience_s: float = 10.0) -> list[str]:
    """Ends what an earlier supervisor left running; their names. A process id that belongs to somebody else by now is left alone."""
    stopped = []
    for pid_file in sorted((home / "pids").glob("*.json")):
        record = read_record(pid_file)
        pid = int(record.get("pid", 0))
        if pid and is_running(pid) and record.get("started") == read_start_time(pid):
            end_group(pid, patience_s=patience_s)
            stopped.append(pid_file.stem)
        elif pid and not is_running(pid):
            signal_group(pid, signal.SIGKILL)  # its leader is gone, workers of it may not be
        pid_file.unlink(missing_ok=True)
    return stopped


def end_group(pid: int, *, patience_s: float) -> None:
    """TERM to a process that is not our child, then KILL to its group. A zombie counts as gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience_s
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    signal_group(pid, signal.SIGKILL)


def is_running(pid: int) -> bool:
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in ("Z", "X")
        except OSError:
            return False
    return bool(read_start_time(pid))


def read_record(path: Path) -> dict[str, str]:
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
