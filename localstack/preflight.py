"""Looks at the machine before anything is installed and names, all at once, what is missing and what to do about it. Installs system
packages by apt where that needs no question. Standard library only; parses under old Pythons, so that they can be refused with a sentence.

    python3 localstack/preflight.py              look, and say what is missing
    python3 localstack/preflight.py --install    install it by apt, where that needs no question
    python3 localstack/preflight.py --list       the apt packages of this distribution
    … --with-test-tools                          Chromium, Java and Maven too
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shutil
import socket
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[0] = str(ROOT)

from localstack.screen import Screen  # noqa: E402  # the path is set just above
from localstack.system_packages import (  # noqa: E402
    PreflightError,
    can_install,
    has_64_bit_time_names,
    install,
    is_python_of_the_system,
    list_packages,
    list_test_tools,
    read_os_release,
)

OLDEST, NEWEST = (3, 11), (3, 13)
DISK_NEEDED_BYTES = 2_000_000_000
DEFAULT_PORT = 8000


class Lack(NamedTuple):
    """One thing that is missing: the sentence says what to do. `packages` are what apt could install for it."""

    sentence: str
    packages: tuple[str, ...] = ()


def check_python() -> str | None:
    """A sentence when this Python cannot run Timbre."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return None
    found = ".".join(str(part) for part in sys.version_info[:3])
    return (
        f"Python 3.11, 3.12 or 3.13 is needed; {sys.executable} is {found}. "
        "Install one of them (Debian 12, Ubuntu 24.04 and newer have it as python3) and run: make run PYTHON=/path/to/python3.12"
    )


def find_lacks(*, port: int, needs_mongod: bool, needs_kafka: bool = False) -> list[Lack]:
    """Everything that is missing on this machine."""
    lacks = [*_check_python_parts(), *_check_compiler(), *_check_disk(), *_check_port(port)]
    if needs_mongod and sys.platform == "linux":
        lacks += [*_check_libraries(), *_check_processor(), *_check_libc()]
    return lacks + (_check_kafka_tools() if needs_kafka else [])


def _check_python_parts() -> list[Lack]:
    venv, headers = [f"python{sys.version_info[0]}.{sys.version_info[1]}-{part}" for part in ("venv", "dev")]
    of_system = is_python_of_the_system()
    lacks = []
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        lacks.append(Lack(f"{sys.executable} has no venv with pip: install {venv}.", (venv,) if of_system else ()))
    include = Path(sysconfig.get_path("include", vars={"installed_base": sys.base_prefix, "base": sys.base_prefix}))
    if not (include / "Python.h").is_file():
        sentence = f"{sys.executable} has no headers (Python.h), which Annoy is compiled with: install {headers}."
        lacks.append(Lack(sentence, (headers,) if of_system else ()))
    return lacks


def _check_compiler() -> list[Lack]:
    if any(shutil.which(name) for name in ("g++", "c++", "clang++")):
        return []
    return [Lack("There is no C++ compiler, which Annoy needs: install g++ (macOS: xcode-select --install).", ("g++",))]


def _check_disk() -> list[Lack]:
    free = shutil.disk_usage(str(ROOT)).free
    has_environment = (ROOT / ".venv").is_dir()
    needed = DISK_NEEDED_BYTES // 4 if has_environment else DISK_NEEDED_BYTES
    if free >= needed:
        return []
    return [Lack(f"Only {free / 1e9:.1f} GB are free where {ROOT} lies, {needed / 1e9:.1f} are needed: make room.")]


def _check_port(port: int) -> list[Lack]:
    if is_port_free(port):
        return []
    return [Lack(f"Port {port} is taken by another program: stop it, or choose another, for example: make run PORT={port + 1}")]


def is_port_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _check_kafka_tools() -> list[Lack]:
    """What fetches and runs Apache Kafka's jars. Whether Java is new enough, `apache_kafka_jars` asks Java itself."""
    tools = {"java": ("Java 17 or newer", "default-jdk-headless"), "mvn": ("Maven", "maven")}
    missing = [named for command, named in tools.items() if shutil.which(command) is None]
    return [Lack(f"There is no {title}, which KAFKA=apache needs: install {package}.", (package,)) for title, package in missing]


def _check_libraries() -> list[Lack]:
    """mongod wants libcurl in its OpenSSL flavour (git brings only the GnuTLS one) and OpenSSL 3."""
    suffix = "t64" if has_64_bit_time_names(read_os_release()) else ""
    lacks = []
    if not _has_symbol_version("libcurl.so.4", b"curl_easy_init", b"CURL_OPENSSL_4"):
        lacks.append(Lack(f"libcurl 4 with OpenSSL is missing, which mongod needs: install libcurl4{suffix}.", (f"libcurl4{suffix}",)))
    if not _has_symbol_version("libssl.so.3", b"SSL_new", b"OPENSSL_3.0.0"):
        lacks.append(Lack(f"OpenSSL 3 is missing, which mongod needs: install libssl3{suffix}.", (f"libssl3{suffix}",)))
    return lacks


def _has_symbol_version(library: str, symbol: bytes, version: bytes) -> bool:
    try:
        handle = ctypes.CDLL(library)
        dlvsym = ctypes.CDLL(None).dlvsym
    except (OSError, AttributeError):
        return False
    dlvsym.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
    dlvsym.restype = ctypes.c_void_p
    return bool(dlvsym(handle._handle, symbol, version))  # noqa: SLF001  # ctypes has no other name for it


def _check_processor() -> list[Lack]:
    cpuinfo = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or not cpuinfo.is_file() or " avx " in cpuinfo.read_text("utf-8"):
        return []
    return [Lack("This processor has no AVX, which mongod needs: give a MongoDB of your own, MONGODB_URI=mongodb://… make run")]


def _check_libc() -> list[Lack]:
    name, version = platform.libc_ver()
    if name == "glibc" and tuple(int(part) for part in version.split(".")[:2]) >= (2, 34):
        return []
    found = f"{name} {version}" if name else "another C library"
    return [Lack(f"mongod needs glibc 2.34 or newer, here is {found}: give a MongoDB of your own, MONGODB_URI=mongodb://… make run")]


def prepare_machine(screen: Screen, *, port: int, needs_mongod: bool, needs_kafka: bool = False, extra: list[str] | None = None) -> None:
    """Looks, installs what apt can without asking, looks again. PreflightError names all that is still missing."""
    lacks = find_lacks(port=port, needs_mongod=needs_mongod, needs_kafka=needs_kafka)
    packages = sorted({package for lack in lacks for package in lack.packages} | set(extra or []))
    if packages and all(lack.packages for lack in lacks) and can_install():
        install(packages, screen)
        lacks = find_lacks(port=port, needs_mongod=needs_mongod, needs_kafka=needs_kafka)
    if lacks:
        raise PreflightError(describe(lacks))


def describe(lacks: list[Lack]) -> str:
    """One line for each thing, and one line to paste for those that are packages."""
    lines = ["  ✗ " + lack.sentence for lack in lacks]
    packages = sorted({package for lack in lacks for package in lack.packages})
    if packages:
        lines += ["", "Paste this, then run it again:", "    sudo apt-get update && sudo apt-get install -y " + " ".join(packages)]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    fault = check_python()
    if fault is not None:
        print(fault, file=sys.stderr)
        return 1
    with_tools = "--with-test-tools" in arguments
    if "--list" in arguments:
        print(" ".join(list_packages(test_tools=with_tools)))
        return 0
    port, needs_mongod = int(os.environ.get("PORT") or DEFAULT_PORT), not os.environ.get("MONGODB_URI")
    try:
        if "--install" in arguments:
            prepare_machine(Screen(), port=0, needs_mongod=needs_mongod, extra=list_test_tools(read_os_release()) if with_tools else [])
    except PreflightError as exc:
        print(exc, file=sys.stderr)
        return 1
    lacks = [] if "--install" in arguments else find_lacks(port=port, needs_mongod=needs_mongod)
    print(describe(lacks) if lacks else "  ✓ Nothing is missing.")
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
