"""The programs that packages are built with: a Python of the right version, uv beside it, and how to run them with a readable failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infrastructure.errors import PackageError

LAST_LINES = 15


def run_tool(command: Sequence[str | Path], *, what: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Its standard output. PackageError with the last lines of its output when it fails."""
    full_env = None if env is None else {**os.environ, **env}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=full_env, cwd=cwd, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-LAST_LINES:])
        raise PackageError(f"{what} failed:\n{tail}")
    return done.stdout


def read_python_version(python: Path) -> str:
    """`3.11` and the like."""
    return run_tool([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], what=f"asking {python} for its version").strip()


def find_uv() -> Path:
    """The uv beside the running Python (where the preflight puts it), else the one on the path."""
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise PackageError("uv is not installed: pip install -r requirements-bootstrap.txt")
    return Path(found)


def compile_bytecode(folder: Path, *, python: Path) -> None:
    """`.pyc` for every module, trusted without a look at the source's time: zips carry no useful times, and Lambda cannot write them."""
    run_tool(
        [python, "-m", "compileall", "-q", "-f", "-j", "1", "--invalidation-mode", "unchecked-hash", "-s", folder, "-p", "/opt", folder],
        what=f"compiling {folder.name}",
        env={"PYTHONHASHSEED": "0"},
    )
