"""`make run`: everything on one machine, in order, until it is stopped. Says what it does; leaves the doing to `system`.

Settings: PORT, S3_PORT, MUSIC (a folder, or `none`), DEMO_PIECES (how many songs are composed: 60), TIMBRE_HOME (where the data
lies), MONGODB_URI, KAFKA_BOOTSTRAP_SERVERS, KAFKA=apache, API=lambda, EMULATOR=localstack, EMULATOR=localstack-docker.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO

from localstack.demo_listener import DemoListener, choose_demo_listener, register_demo_listener
from localstack.emulator_choice import Emulator, choose_emulator
from localstack.failures import describe_failure
from localstack.music import bring_music, check_music, offers_demo, read_demo_size
from localstack.ports import choose_ports
from localstack.processes import rotate_log, stop_stale_children
from localstack.run_file import hold_lock, remove_run_file, write_run_file
from localstack.screen import Screen
from localstack.system import System

ROOT = Path(__file__).resolve().parent.parent
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(choose: Callable[[Mapping[str, str]], Emulator] = choose_emulator) -> int:
    screen = Screen()
    environ = dict(os.environ)
    home = Path(environ.get("TIMBRE_HOME") or ROOT / ".timbre").expanduser().resolve()
    stopping = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: request_stop(stopping))
    try:
        with contextlib.closing(hold_lock(home)):
            check_music(environ.get("MUSIC", ""))
            read_demo_size(environ)
            stale = stop_stale_children(home)
            if stale:
                screen.say(f"  An earlier run was killed: stopped what it had left ({', '.join(stale)}).")
            ports = choose_ports(home, environ)
            emulator = choose(environ)
            system = System(ROOT, home, emulator=emulator, ports=ports, environ=environ, say=screen.warn, stopping=stopping)
            with open_own_log(home) as log, contextlib.redirect_stderr(log):  # the application's events: not for the terminal
                run(system, screen, home, environ, stopping)
    except KeyboardInterrupt:
        return 0
    except Exception as exc:  # noqa: BLE001  # the outermost boundary: whatever it was, a person must be told in one piece
        screen.say(describe_failure(exc))
        return 1
    return 0


def open_own_log(home: Path) -> TextIO:
    path = home / "logs" / "run.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    rotate_log(path)
    return path.open("w", encoding="utf-8", buffering=1)


def request_stop(stopping: threading.Event) -> None:
    """Ends whatever the main thread is at, wherever it is."""
    stopping.set()
    raise KeyboardInterrupt


def run(system: System, screen: Screen, home: Path, environ: dict[str, str], stopping: threading.Event) -> None:
    fault: list[BaseException] = []
    try:
        listener = start(system, screen, home, environ)
        register_demo_listener(system.url, listener)
        write_run_file(home, {**system.describe(), "demo_username": listener.username, "demo_password": listener.password})
        watcher = threading.Thread(target=watch, args=(system, fault), daemon=True)
        watcher.start()
        bring_music(environ.get("MUSIC", ""), system, screen, system.data_home, demo_size=read_demo_size(environ))
        screen.box(describe_running(system, listener))
        stopping.wait()
    except KeyboardInterrupt:
        if fault:
            raise fault[0] from None
        raise
    finally:
        stop(system, screen, home, stopping)


def start(system: System, screen: Screen, home: Path, environ: Mapping[str, str]) -> DemoListener:
    with ThreadPoolExecutor(1) as beside:
        packaged = beside.submit(system.package)
        if system.lacks_apache_kafka():
            with screen.step("Fetching Apache Kafka by Maven") as step:
                system.fetch_apache_kafka(step.note)
        with screen.step("Starting MongoDB, Kafka and the emulator of AWS") as step:
            system.start_servers(step.note)
        with screen.step("Packaging functions and layers") as step:
            system.on_package_note = step.note
            packaged.result()
            step.note("")
    listener = choose_demo_listener(home, system.mongodb_uri, environ.get("MONGODB_DATABASE") or "music_database")
    if offers_demo(environ.get("MUSIC", ""), system.data_home):
        system.also_set = {"DEMO_USERNAME": listener.username, "DEMO_PASSWORD": listener.password}
    with screen.step("Deploying the stack") as step:
        system.deploy(step.note)
    with screen.step("Starting the web server and the Kafka poller"):
        system.start_services()
    return listener


def watch(system: System, fault: list[BaseException]) -> None:
    """In a thread of its own; what it finds ends the main thread too."""
    try:
        system.supervisor.watch()
    except Exception as exc:  # noqa: BLE001  # handed to the main thread, which reports it
        fault.append(exc)
        os.kill(os.getpid(), signal.SIGTERM)


def stop(system: System, screen: Screen, home: Path, stopping: threading.Event) -> None:
    """Nothing interrupts it: every child has a time limit of its own."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    stopping.set()
    remove_run_file(home)
    if screen.is_terminal:
        screen.say()
    with screen.step("Stopping everything"):
        system.stop()


def describe_running(system: System, listener: DemoListener) -> list[str]:
    known: dict[str, Any] = system.describe()
    kept = "what you brought is kept" if system.keeps_data else "LocalStack keeps nothing of what you brought"
    return [
        f"Timbre is running. Ctrl-C stops everything; {kept}.",
        "",
        f"Listen       {known['url']}",
        f"Log in as    {listener.username}   password {listener.password}",
        f"Drop files   s3://{known['music_bucket']}/uploads/ at {known['aws_endpoint_url']} (any S3 client, any keys)",
        "             or: .venv/bin/timbre upload ~/Music",
    ]


if __name__ == "__main__":
    sys.exit(main())
