"""Annoy has no wheels: this compiles one, for a CPU that is named instead of the builder's own (its setup.py says -march=native, and such
a build dies with SIGILL elsewhere), with the build requirements pinned. The host's environment and the layers take the same wheel.
"""

from __future__ import annotations

import platform
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from infrastructure.build_cache import hash_inputs
from infrastructure.errors import PackageError
from infrastructure.toolchain import find_uv, read_python_version, run_tool

Target = Literal["local", "aws"]

LAYERS = Path(__file__).resolve().parents[1] / "layers"
LOCK = LAYERS / "search" / "requirements.txt"
BUILD_LOCK = LAYERS / "search" / "build-requirements.txt"
COMMON_ARGS = "-D_CRT_SECURE_NO_WARNINGS,-fpermissive,-O3,-ffast-math,-fno-associative-math,-DANNOYLIB_MULTITHREADED_BUILD,-std=c++14,-g0"
CPU_OF_TARGET: dict[Target, str] = {"local": "x86-64-v2", "aws": "x86-64-v3"}  # every Lambda host has AVX2, not every laptop


def build_annoy_wheel(python: Path, out: Path, *, target: Target = "local") -> Path:
    """The wheel for this Python, compiled at the first call and kept in `out`. PackageError with the compiler's last lines."""
    flags = _choose_flags(target)
    pin = read_pin(LOCK, "annoy")
    key = hash_inputs([pin, BUILD_LOCK.read_bytes(), read_python_version(python), platform.machine(), *flags.values()])[:16]
    folder = out / f"annoy-{key}"
    known = sorted(folder.glob("annoy-*.whl"))
    if known:
        return known[0]
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="annoy-", dir=out) as scratch:
        wheel = _compile(python, Path(scratch), pin=pin, flags=flags)
        folder.mkdir(exist_ok=True)
        return Path(shutil.move(wheel, folder / wheel.name))


def read_pin(lock: Path, package: str) -> str:
    """The lock's requirement of one package with its hashes, as a requirements file."""
    lines: list[str] = []
    for line in lock.read_text().splitlines():
        if line.startswith(f"{package}=="):
            lines = [line]
        elif lines and line.startswith(" "):
            lines.append(line)
        elif lines:
            break
    if not lines:
        raise PackageError(f"{lock} does not name {package}")
    return "\n".join(lines) + "\n"


def _choose_flags(target: Target) -> dict[str, str]:
    """Outside Linux on x86-64 setup.py names no CPU, so its own choice stands."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return {}
    return {"ANNOY_COMPILER_ARGS": f"{COMMON_ARGS},-march={CPU_OF_TARGET[target]}", "ANNOY_LINKER_ARGS": "-s"}


def _compile(python: Path, scratch: Path, *, pin: str, flags: dict[str, str]) -> Path:
    """In an environment of its own. Without pip's isolation setuptools skips `setup_requires=['nose']`, which nothing pins."""
    uv, builder = find_uv(), scratch / "env" / "bin" / "python"
    run_tool([uv, "venv", "-q", "--python", python, scratch / "env"], what="making an environment to compile Annoy in")
    run_tool([uv, "pip", "install", "-q", "--python", builder, "--require-hashes", "-r", BUILD_LOCK], what="installing Annoy's build tools")
    (scratch / "annoy.txt").write_text(pin)
    command: list[str | Path] = [
        builder,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-binary",
        "annoy",
        "--no-build-isolation",
        "--no-cache-dir",
    ]
    command += ["--require-hashes", "-r", scratch / "annoy.txt", "-w", scratch / "wheels"]
    run_tool(command, what="compiling Annoy (it needs g++ and Python.h)", env={**flags, "SOURCE_DATE_EPOCH": "315532800"})
    return next((scratch / "wheels").glob("annoy-*.whl"))
