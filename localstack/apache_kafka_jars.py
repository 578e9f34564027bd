"""Apache Kafka's jars, fetched once by Maven into `.timbre/kafka/` and checked against their pinned hashes; and the Java that runs them.
Leaves to `apache_kafka` what is run.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

PINS = Path(__file__).resolve().parent / "kafka"
OLDEST_JAVA = 17
INSTALL_JAVA = "Install a JDK (Debian, Ubuntu: apt-get install default-jdk-headless; macOS: brew install openjdk)"
INSTALL_MAVEN = "Install Maven (Debian, Ubuntu: apt-get install maven; macOS: brew install maven)"
COPY_GOAL = "dependency:copy-dependencies"
Note = Callable[[str], None]


class ApacheKafkaError(Exception):
    """Apache Kafka cannot be had here. The message is one line that says what to do."""


def find_java() -> str:
    """A Java that Kafka 4 runs on: JAVA_HOME's, or the one on the path."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if java is None:
        raise ApacheKafkaError(f"KAFKA=apache needs Java {OLDEST_JAVA} or newer, and there is none. {INSTALL_JAVA}, or run without KAFKA=.")
    asked = subprocess.run([java, "-version"], check=False, capture_output=True, text=True)
    version = read_java_version(asked.stderr + asked.stdout)
    if version is None or version < OLDEST_JAVA:
        found = f"is Java {version}" if version else "does not run"
        raise ApacheKafkaError(
            f"KAFKA=apache needs Java {OLDEST_JAVA} or newer, and {java} {found}. {INSTALL_JAVA}, or run without KAFKA=."
        )
    return java


def read_java_version(text: str) -> int | None:
    """The feature release from `java -version`: 17 of "17.0.15", 8 of "1.8.0_412"."""
    found = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(found[1]) if found else None


def locate_jars(root: Path) -> Path:
    """A folder of its own for every set of pins, so that a newer Timbre never runs a mixture."""
    return root / ".timbre" / "kafka" / hash_file(PINS / "jars.sha256")[:12]


def has_jars(root: Path) -> bool:
    return locate_jars(root).is_dir()


def provide_jars(root: Path, note: Note) -> Path:
    """The folder with every jar; fetched when it is not there. It appears whole and checked, or not at all."""
    folder = locate_jars(root)
    if folder.is_dir():
        return folder
    fetched = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(fetched, ignore_errors=True)
    try:
        run_maven(fetched, note)
        check_jars(fetched, read_pins())
        if not folder.is_dir():  # another process may have been faster
            fetched.rename(folder)
    finally:
        shutil.rmtree(fetched, ignore_errors=True)
    return folder


def run_maven(folder: Path, note: Note) -> None:
    """Maven reads its own settings (mirrors, proxies) and keeps what it fetched in its own cache."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ApacheKafkaError(f"KAFKA=apache fetches Kafka by Maven, and there is none. {INSTALL_MAVEN}, or run without KAFKA=.")
    folder.mkdir(parents=True)
    command = [maven, "-B", "-C", "-f", str(PINS / "pom.xml"), COPY_GOAL, f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
    lines: list[str] = []
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            note(describe_progress(lines[-1]))
    if process.returncode != 0:
        faults = [line for line in lines if "ERROR" in line][:6] or lines[-6:]
        raise ApacheKafkaError("Maven could not fetch Apache Kafka:\n" + "\n".join("    " + line for line in faults))
    note("")


def describe_progress(line: str) -> str:
    """`kafka-clients-4.1.1.jar` instead of an address that is longer than a terminal is wide."""
    return line.partition(" (")[0].rpartition("/")[2] if "ownload" in line else line.removeprefix("[INFO] ")


def read_pins() -> dict[str, str]:
    """Jar → SHA-256, as `sha256sum` writes them."""
    pairs = (line.split() for line in (PINS / "jars.sha256").read_text("utf-8").splitlines())
    return {name: digest for digest, name in pairs}


def check_jars(folder: Path, pins: Mapping[str, str]) -> None:
    found = {path.name: hash_file(path) for path in folder.iterdir() if path.suffix == ".jar"}
    wrong = sorted(name for name in found.keys() | pins.keys() if found.get(name) != pins.get(name))
    if wrong:
        raise ApacheKafkaError(f"Maven brought other jars than the pinned ones, nothing of them is used: {', '.join(wrong[:8])}")


def hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
