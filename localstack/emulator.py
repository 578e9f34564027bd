"""MiniStack, the emulator of AWS, as a process in its own environment: S3 on disk, the rest kept through a TERM."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from localstack.answering import ask_status
from localstack.processes import ChildSpec
from localstack.settings import KEYS

HEALTH_PATH = "/_ministack/health"


def make_endpoint_url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def describe_emulator(root: Path, home: Path, *, port: int) -> ChildSpec:
    """Functions inherit this process's environment, so it gets as little as possible."""
    data = home / "emulator-data"
    _forget_another_port(data, port)
    forget_unpacked(home)
    for folder in ("s3", "state", "tmp"):
        (data / folder).mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment |= {
        "TMPDIR": str(data / "tmp"),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "LOG_LEVEL": "WARNING",
        **KEYS,  # it checks presigned URLs against these
    }
    return ChildSpec(
        name="emulator",
        title="The emulator of AWS",
        command=(str(find_emulator_python(root)), "-m", "ministack.app"),
        environment=environment,
        is_ready=lambda: answers_health(port),
        stop_timeout_s=20.0,
    )


def _forget_another_port(data: Path, port: int) -> None:
    """What it keeps beside S3's objects holds addresses with its port. At another one it begins as after a crash: the stack is made
    anew around the buckets, and what was queued is found by comparing bucket and catalogue."""
    note = data / "port"
    if not (note.is_file() and note.read_text("utf-8") == str(port)):
        shutil.rmtree(data / "state", ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    note.write_text(str(port), "utf-8")


def forget_unpacked(home: Path) -> None:
    """Functions and layers as it unpacks them for its workers, half a gigabyte, which it leaves behind however it ends."""
    shutil.rmtree(home / "emulator-data" / "tmp", ignore_errors=True)


def find_emulator_python(root: Path) -> Path:
    """Not resolved: a virtual environment is known by the path of its link."""
    return root / ".timbre" / "emulator" / "bin" / "python"


def answers_health(port: int) -> bool:
    return ask_status(port, HEALTH_PATH, timeout_s=2.0) == 200
