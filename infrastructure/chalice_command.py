"""Chalice as a person would call it, in a process of its own, so that its Python can be another than ours."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from infrastructure.errors import DeployError

Report = Callable[[str], None]
Chalice = Callable[[str, str, Path, Path, Report], None]  # as `run_chalice`
LAST_LINES = 15


def run_chalice(command: str, stage: str, project: Path, python: Path, report: Report) -> None:
    """Line by line as it says them. DeployError with the last of them where it fails."""
    line = [str(python), "-c", "import sys; from chalice.cli import main; sys.exit(main())", command, "--stage", stage]
    path = f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    said: list[str] = []
    with subprocess.Popen(
        line,
        cwd=project,
        env={**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for text in process.stdout or ():
            said.append(text.rstrip())
            report(f"chalice: {said[-1]}")
    missing = "Could not install" in "\n".join(said)  # it says so, leaves the packages out, and ends well
    if process.returncode != 0 or missing:
        raise DeployError(f"chalice {command} failed:\n" + "\n".join(said[-LAST_LINES:]))
