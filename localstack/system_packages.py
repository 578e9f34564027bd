"""System packages of Debian and Ubuntu: what they are called here, and installing them where that needs no question. Stdlib only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from localstack.screen import Screen, Step


class PreflightError(Exception):
    """Something is missing that cannot be installed from here. The message is what people read."""


def read_os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text("utf-8").splitlines() if "=" in line)
    return {name: value.strip('"') for name, value in pairs}


def has_64_bit_time_names(release: dict[str, str]) -> bool:
    """Debian 13 and Ubuntu 24.04 renamed libraries in their move to a 64-bit time_t: libcurl4 is libcurl4t64 there."""
    try:
        version = float(release.get("VERSION_ID", "0"))
    except ValueError:
        return False
    if release.get("ID") == "ubuntu" or "ubuntu" in release.get("ID_LIKE", ""):
        return version >= 24.04
    return version >= 13


def list_packages(*, test_tools: bool = False, release: dict[str, str] | None = None) -> list[str]:
    """All apt packages that a bare machine of this distribution needs; on request those of the tests' tools too."""
    known = read_os_release() if release is None else release
    suffix = "t64" if has_64_bit_time_names(known) else ""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}" if is_python_of_the_system() else "3"
    python = f"python{version}"
    packages = [f"{python}-venv", f"{python}-dev", "g++", f"libcurl4{suffix}", f"libssl3{suffix}", "ca-certificates"]
    return packages + (list_test_tools(known) if test_tools else [])


def list_test_tools(release: dict[str, str]) -> list[str]:
    """A browser, and what Apache Kafka's jars need, where they are not there yet."""
    browser = "chromium-browser" if release.get("ID") == "ubuntu" else "chromium"
    tools = {browser: ("chromium", "chromium-browser", "google-chrome"), "default-jdk-headless": ("java",), "maven": ("mvn",)}
    return [package for package, commands in tools.items() if not any(shutil.which(command) for command in commands)]


def is_python_of_the_system() -> bool:
    return sys.base_prefix == "/usr"


def install(packages: list[str], screen: Screen) -> None:
    """By apt, with its last line shown as it works. PreflightError where it fails."""
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    with screen.step("Reading the list of system packages") as step:
        _run_shown([*prefix, *environment, "apt-get", "update"], step)
    with screen.step("Installing " + ", ".join(packages)) as step:
        _run_shown([*prefix, *environment, "apt-get", "install", "-y", "--no-install-recommends", *packages], step)


def _run_shown(command: list[str], step: Step) -> None:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: list[str] = []
    for line in process.stdout or ():
        lines.append(line.rstrip())
        step.note(lines[-1])
    if process.wait() != 0:
        raise PreflightError("\n".join([f"`{' '.join(command)}` failed:", *("    " + line for line in lines[-8:])]))
    step.note("")


def can_install() -> bool:
    if shutil.which("apt-get") is None:
        return False
    if os.geteuid() == 0:
        return True
    sudo = shutil.which("sudo")
    return sudo is not None and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode == 0
