"""`.timbre/run.json`, which tells tools and tests where everything is while it runs, and the lock that lets one `make run` in at a time."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any


class AlreadyRunningError(Exception):
    """Another `make run` holds this folder. The message says where it is."""


def hold_lock(home: Path) -> IO[str]:
    """Held as long as the file stays open; the system lets go of it when we die, however we die."""
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "run.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        lock.close()
        raise AlreadyRunningError(_describe(home)) from exc
    return lock


def _describe(home: Path) -> str:
    try:
        running = json.loads((home / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return "Timbre is just starting here in another terminal."
    return f"Timbre is already running: {running['url']} (process {running['pid']}; Ctrl-C there, or kill {running['pid']}, stops it)"


def write_run_file(home: Path, record: Mapping[str, Any]) -> None:
    """For its owner only: it holds the demo listener's password."""
    write_private(home / "run.json", json.dumps({**record, "pid": os.getpid()}, indent=1))


def remove_run_file(home: Path) -> None:
    (home / "run.json").unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Complete or not at all, mode 600 from its first byte."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
