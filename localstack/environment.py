"""Makes the Python environments (`.venv/`, and MiniStack's own) and installs their locks, only when a lock has changed. Standard library
only. Addresses and certificates that pip was given go to uv through the process's environment and are written nowhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from localstack.screen import Screen, Step

BOOTSTRAP_LOCK = "requirements-bootstrap.txt"
BUILD_CONSTRAINTS = "localstack/build-constraints.txt"
LOCKS = {"run": "requirements-run.txt", "test": "requirements-test.txt", "bench": "requirements-bench.txt"}  # each holds those before it
EMULATOR_LOCK = "localstack/emulator/requirements.txt"
LOCALSTACK_LOCKS = {
    "server": "localstack/host_localstack/server-requirements.txt",
    "functions": "localstack/host_localstack/function-requirements.txt",
}
STAMP = "timbre-locks.json"

# Annoy's own setup says -march=native: a wheel cached by one machine then dies with SIGILL on another.
ANNOY_FLAGS = (
    "-D_CRT_SECURE_NO_WARNINGS,-fpermissive,{march}-O3,-ffast-math,-fno-associative-math,-DANNOYLIB_MULTITHREADED_BUILD,-std=c++14"
)
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


class InstallError(Exception):
    """An environment could not be made. The message holds the last lines of what failed."""


def prepare_environments(root: Path, screen: Screen, *, purpose: str) -> Path:
    """The main environment with the lock of the purpose (`run`, `test` or `bench`), and MiniStack's. Returns the main one's Python."""
    python = prepare(root, root / ".venv", LOCKS[purpose], screen, title=f"Installing what `make {purpose}` needs")
    uv = root / ".venv" / "bin" / "uv"
    prepare(root, root / ".timbre" / "emulator", EMULATOR_LOCK, screen, title="Installing the emulator of AWS", uv=uv)
    if purpose != "run" or os.environ.get("EMULATOR") == "localstack":
        prepare_localstack(root, screen)
    write_command(root, python)
    return python


def prepare_localstack(root: Path, screen: Screen) -> None:
    """LocalStack and what its functions see, apart from one another."""
    uv = root / ".venv" / "bin" / "uv"
    for name, lock in LOCALSTACK_LOCKS.items():
        prepare(root, root / ".timbre" / "localstack" / name, lock, screen, title=f"Installing LocalStack's {name}", uv=uv)


def write_command(root: Path, python: Path) -> None:
    """`.venv/bin/timbre`, which works from any folder."""
    command = python.with_name("timbre")
    lines = (
        f"#!{python}",
        "import sys",
        f"sys.path.insert(0, {str(root)!r})",
        "from chalicelib.cli.main import main",
        'if __name__ == "__main__":  # processes of its own import this file',
        "    sys.exit(main())",
    )
    text = "\n".join(lines) + "\n"
    if not command.is_file() or command.read_text("utf-8") != text:
        command.write_text(text, "utf-8")
        command.chmod(0o755)


def prepare(root: Path, folder: Path, lock: str, screen: Screen, *, title: str, uv: Path | None = None) -> Path:
    """The environment's Python, with the lock installed. Does nothing when it was installed already and has not changed."""
    python = folder / "bin" / "python"
    wanted = hash_files(root, [lock, BUILD_CONSTRAINTS])
    if not is_usable(folder):
        with screen.step(f"Making {folder.relative_to(root)}/ with Python {platform.python_version()}") as step:
            make_environment(folder, step, with_pip=uv is None)
    stamps = read_stamps(folder)
    if stamps.get(lock) == wanted:
        return python
    with screen.step(title) as step:
        write_stamps(folder, {})
        environment = install_environment(root / ".venv" / "bin" / "python")
        installer = uv or install_uv(root, python, step)
        install_lock(root, python, lock, step, uv=installer, environment=environment)
        write_stamps(folder, installed_stamps(root, lock))
        step.note("")
    return python


def is_usable(folder: Path) -> bool:
    """False for an environment that is half made, was moved, or belongs to another Python than ours."""
    config = folder / "pyvenv.cfg"
    python = folder / "bin" / "python"
    if not config.is_file() or not python.exists():
        return False
    pairs = dict(line.split(" = ", 1) for line in config.read_text("utf-8").splitlines() if " = " in line)
    found = pairs.get("version", pairs.get("version_info", ""))
    return tuple(found.split(".")[:2]) == tuple(platform.python_version_tuple()[:2])


def make_environment(folder: Path, step: Step, *, with_pip: bool) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    run_shown([sys.executable, "-m", "venv", *([] if with_pip else ["--without-pip"]), str(folder)], step)


def installed_stamps(root: Path, lock: str) -> dict[str, str]:
    """The lock of the tests holds that of `make run` in the same versions, so one installation satisfies both; that of `make bench` all."""
    locks = list(LOCKS.values())
    covered = locks[: locks.index(lock) + 1] if lock in locks else [lock]
    return {name: hash_files(root, [name, BUILD_CONSTRAINTS]) for name in covered}


def hash_files(root: Path, names: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def read_stamps(folder: Path) -> dict[str, str]:
    try:
        stamps = json.loads((folder / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def write_stamps(folder: Path, stamps: Mapping[str, str]) -> None:
    (folder / STAMP).write_text(json.dumps(stamps, indent=1), "utf-8")


def install_environment(python: Path) -> dict[str, str]:
    """The environment variables of an installation: what pip was told, said to uv too; Annoy compiled for more than this machine."""
    environment = dict(os.environ)
    told = subprocess.run([str(python), "-m", "pip", "config", "list"], check=False, capture_output=True, text=True).stdout
    for name, value in read_pip_settings(told).items():
        environment.setdefault(PIP_TO_UV[name], value)
    march = "-march=x86-64-v2," if platform.machine() == "x86_64" else ""
    environment.setdefault("ANNOY_COMPILER_ARGS", ANNOY_FLAGS.format(march=march))
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return environment


def read_pip_settings(config_list: str) -> dict[str, str]:
    """From `pip config list` (lines such as `global.index-url='…'`); the last of a name wins, as the environment does with pip."""
    settings = {}
    for line in config_list.splitlines():
        key, separator, value = line.partition("=")
        name = key.rpartition(".")[2]
        if separator and name in PIP_TO_UV:
            settings[name] = " ".join(value.strip().strip("'\"").replace("\\n", " ").split())
    return settings


def install_uv(root: Path, python: Path, step: Step) -> Path | None:
    """uv by its own pinned hashes; None where it cannot be had, and pip alone must do."""
    uv = python.parent / "uv"
    try:
        run_shown([str(python), "-m", "pip", "install", "--require-hashes", "-r", str(root / BOOTSTRAP_LOCK)], step)
    except InstallError:
        return None
    return uv if uv.exists() else None


def install_lock(root: Path, python: Path, lock: str, step: Step, *, uv: Path | None, environment: Mapping[str, str]) -> None:
    """By uv, and by pip where that fails (a proxy or an index that only pip understands)."""
    arguments = ["--require-hashes", "-r", str(root / lock), "--build-constraint", str(root / BUILD_CONSTRAINTS)]
    if uv is not None and uv.exists():
        try:
            run_shown([str(uv), "pip", "install", "--python", str(python), *arguments], step, environment=environment)
        except InstallError:
            step.note("uv could not, pip tries")
        else:
            return
    if subprocess.run([str(python), "-m", "pip", "--version"], check=False, capture_output=True).returncode != 0:
        run_shown([str(python), "-m", "ensurepip"], step)
    run_shown([str(python), "-m", "pip", "install", "--require-hashes", "-r", str(root / lock)], step, environment=environment)


def run_shown(command: list[str], step: Step, *, environment: Mapping[str, str] | None = None) -> None:
    """Runs, showing the last line. InstallError with the last lines where it fails."""
    lines: list[str] = []
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout or ():
        lines.append(line.rstrip())
        step.note(lines[-1])
    if process.wait() != 0:
        shown = "\n".join("    " + line for line in lines[-12:])
        raise InstallError(f"`{' '.join(command[:4])} …` failed:\n{shown}")
