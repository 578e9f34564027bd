"""A stand-in for the `docker` command where there is no engine: it notes how it was called, and answers as Docker does for what Timbre
asks of it. Behind it are no containers but the same servers as processes of this machine: LocalStack in host mode, mongod, Apache
Kafka, at the ports that `compose.yaml` would publish. FAKE_DOCKER_HOME is where it keeps its notes; a file `no-engine` in it stops the
engine, a file `no-compose` takes the plugin away.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from localstack import mongod
from localstack.apache_kafka import describe_apache_kafka
from localstack.apache_kafka_jars import provide_jars
from localstack.localstack_emulator import describe_localstack
from localstack.processes import ChildSpec, is_running
from tests.integration.brokers import find_free_port

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ["FAKE_DOCKER_HOME"])
START_TIMEOUT_S = 200
STOP_TIMEOUT_S = 20
POLL_S = 0.05
SERVICES: dict[str, Callable[[], ChildSpec]] = {
    "mongodb": lambda: mongod.describe_mongod(HOME, port=int(os.environ["MONGODB_PORT"])),
    "kafka": lambda: describe_kafka(port=int(os.environ["KAFKA_PORT"])),
    "localstack": lambda: describe_localstack(ROOT, HOME, port=int(os.environ["S3_PORT"])),
}


def describe_kafka(*, port: int) -> ChildSpec:
    return describe_apache_kafka(provide_jars(ROOT, print), HOME, port=port, controller_port=find_free_port())


def main(arguments: list[str]) -> int:
    with (HOME / "calls.jsonl").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps(arguments) + "\n")
    match arguments:
        case ["info"]:
            return 1 if (HOME / "no-engine").exists() else 0
        case ["compose", "version"]:
            return 1 if (HOME / "no-compose").exists() else 0
        case ["wait", container]:
            return wait(container)
        case ["compose", "--file", file, "--project-name", _, act, *rest] if Path(file).is_file():
            return compose(act, [word for word in rest if not word.startswith("--")])
    print(f"unknown command: docker {' '.join(arguments)}", file=sys.stderr)
    return 1


def compose(act: str, services: list[str]) -> int:
    chosen = services or list(SERVICES)
    if act == "up":
        return up(chosen)
    if act == "stop":
        for service in chosen:
            stop(service)
    if act == "ps":
        print("\n".join(service for service in chosen if read_pid(service)))
    return 0 if act in ("stop", "ps", "logs") else 1


def up(services: list[str]) -> int:
    """Starts what is not running, and says so as compose does."""
    specs = {service: SERVICES[service]() for service in services}
    for service, spec in specs.items():
        if not is_running(read_pid(service)):
            start(service, spec)
            print(f" Container timbre-{service}-1  Started", flush=True)
    for service, spec in specs.items():
        if not wait_until(spec.is_ready) or not is_running(read_pid(service)):
            print(f" Container timbre-{service}-1  Error", flush=True)
            return 1
        if service == "mongodb":
            mongod.become_primary(int(os.environ["MONGODB_PORT"]))  # what the healthcheck does
        print(f" Container timbre-{service}-1  Healthy", flush=True)
    return 0


def start(service: str, spec: ChildSpec) -> None:
    """Outlives this command, as a container does."""
    with (HOME / f"{service}.log").open("ab") as log:
        process = subprocess.Popen(
            spec.command, env=dict(spec.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=ROOT
        )
    (HOME / f"{service}.pid").write_text(str(process.pid))


def stop(service: str) -> None:
    pid = read_pid(service)
    if is_running(pid):
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_running(pid), patience_s=STOP_TIMEOUT_S)


def wait(service: str) -> int:
    while is_running(read_pid(service)):
        time.sleep(POLL_S)
    print(137)
    return 0


def wait_until(look: Callable[[], bool], *, patience_s: float = START_TIMEOUT_S) -> bool:
    deadline = time.monotonic() + patience_s
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def read_pid(service: str) -> int:
    try:
        return int((HOME / f"{service}.pid").read_text())
    except (OSError, ValueError):
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
