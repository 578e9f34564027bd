"""Children: logs, the end of a whole group, restarts, and what a killed supervisor leaves behind. Real processes, all of them short."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localstack.ports import choose_ports
from localstack.processes import Child, ChildSpec, is_running, read_start_time, rotate_log, stop_stale_children
from localstack.run_file import AlreadyRunningError, hold_lock, write_run_file
from localstack.settings import isolate_from_aws
from localstack.supervisor import ChildDiedError, Supervisor

FOREVER = "import time; print('up', flush=True); time.sleep(60)"
WITH_WORKER = """
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


def describe(code: str, *, name: str = "child", is_ready: Callable[[], bool] = lambda: True) -> ChildSpec:
    return ChildSpec(name, "The child", (sys.executable, "-c", code), dict(os.environ), is_ready, ready_timeout_s=10, stop_timeout_s=5)


def wait_until(look: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 10
    while not look():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.01)


def make_supervisor(home: Path, stopping: threading.Event, restarted: list[str] | None = None) -> Supervisor:
    return Supervisor(home, on_restart=(restarted if restarted is not None else []).append, say=lambda _: None, stopping=stopping)


@contextlib.contextmanager
def watching(supervisor: Supervisor, stopping: threading.Event) -> Iterator[list[Exception]]:
    """What ended the watch, in the list."""
    faults: list[Exception] = []

    def watch() -> None:
        try:
            supervisor.watch()
        except Exception as exc:  # noqa: BLE001  # the test looks at it
            faults.append(exc)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield faults
    finally:
        stopping.set()
        watcher.join(10)
        supervisor.stop_all()


def test_stopping_a_child_ends_its_workers_too(tmp_path: Path) -> None:
    child = Child(describe(WITH_WORKER), tmp_path)
    wait_until(child.last_lines, "the worker's id")
    worker = int(child.last_lines()[0])
    child.stop()
    assert not child.is_alive()
    wait_until(lambda: not is_running(worker), "the worker's end")
    assert not list((tmp_path / "pids").iterdir())


def test_what_a_killed_supervisor_left_is_found_and_stopped(tmp_path: Path) -> None:
    child = Child(describe(FOREVER), tmp_path)
    wait_until(child.last_lines, "the child")
    reaper = threading.Thread(target=child.process.wait)
    reaper.start()
    assert stop_stale_children(tmp_path) == ["child"]
    reaper.join(10)
    assert child.process.returncode == -signal.SIGTERM
    assert stop_stale_children(tmp_path) == []


def test_a_process_id_that_belongs_to_somebody_else_is_left_alone(tmp_path: Path) -> None:
    child = Child(describe(FOREVER), tmp_path / "own")
    (tmp_path / "pids").mkdir()
    (tmp_path / "pids" / "child.json").write_text(json.dumps({"pid": child.process.pid, "started": "another time"}))
    assert stop_stale_children(tmp_path) == []
    assert child.is_alive()
    child.stop()


def test_a_child_that_dies_is_restarted_once_and_then_everything_ends(tmp_path: Path) -> None:
    stopping, restarted = threading.Event(), list[str]()
    supervisor = make_supervisor(tmp_path, stopping, restarted)
    log = tmp_path / "logs" / "child.log"
    supervisor.start(describe(FOREVER, is_ready=lambda: "up" in log.read_text()))
    first = supervisor.pids()["child"]
    with watching(supervisor, stopping) as faults:
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: restarted == ["child"], "the restart")
        assert supervisor.pids()["child"] != first
        os.kill(supervisor.pids()["child"], signal.SIGKILL)
        wait_until(lambda: faults, "the end")
    assert isinstance(faults[0], ChildDiedError)
    assert "The child died again" in str(faults[0])
    assert "up" in str(faults[0])


def test_what_a_restarted_child_needs_is_tried_again_when_another_died_meanwhile(tmp_path: Path) -> None:
    """The emulator's stack is deployed anew; MongoDB is killed in the middle of it."""
    stopping = threading.Event()
    attempts: list[str] = []

    def recover(name: str) -> None:
        attempts.append(name)
        if name == "emulator" and attempts.count("emulator") <= 4:  # more often than a recovery is tried while everything lives
            os.kill(supervisor.pids()["mongod"], signal.SIGKILL) if attempts.count("emulator") == 1 else None
            raise ConnectionError("MongoDB does not answer")

    is_mongod_ready = threading.Event()
    is_mongod_ready.set()
    supervisor = Supervisor(tmp_path, on_restart=recover, say=lambda _: None, stopping=stopping)
    supervisor.start(describe(FOREVER, name="mongod", is_ready=is_mongod_ready.is_set))
    supervisor.start(describe(FOREVER, name="emulator"))
    is_mongod_ready.clear()
    with watching(supervisor, stopping) as faults:
        os.kill(supervisor.pids()["emulator"], signal.SIGKILL)
        wait_until(lambda: attempts.count("emulator") > 4, "as many attempts as it takes")
        assert "mongod" not in attempts
        is_mongod_ready.set()
        wait_until(lambda: "mongod" in attempts, "mongod's recovery")
    assert faults == []


def test_a_recovery_that_fails_while_everything_lives_ends_everything_at_the_third_attempt(tmp_path: Path) -> None:
    stopping = threading.Event()
    attempts: list[str] = []

    def recover(name: str) -> None:
        attempts.append(name)
        raise ConnectionError("nobody there")

    supervisor = Supervisor(tmp_path, on_restart=recover, say=lambda _: None, stopping=stopping)
    supervisor.start(describe(FOREVER))
    with watching(supervisor, stopping) as faults:
        os.kill(supervisor.pids()["child"], signal.SIGKILL)
        wait_until(lambda: faults, "the end")
    assert str(faults[0]) == "nobody there"
    assert attempts == ["child"] * 3


def test_two_that_die_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """The web server answers only once MongoDB does."""
    stopping, restarted = threading.Event(), list[str]()
    supervisor = make_supervisor(tmp_path, stopping, restarted)
    pids = tmp_path / "pids" / "mongod.json"
    supervisor.start(describe(FOREVER, name="front", is_ready=lambda: not pids.exists() or is_running(json.loads(pids.read_text())["pid"])))
    supervisor.start(describe(FOREVER, name="mongod"))
    first = supervisor.pids()
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    with watching(supervisor, stopping) as faults:
        wait_until(lambda: sorted(restarted) == ["front", "mongod"], "both restarts")
    assert faults == []


def test_a_child_that_cannot_start_is_told_with_its_last_lines(tmp_path: Path) -> None:
    supervisor = make_supervisor(tmp_path, threading.Event())
    with pytest.raises(ChildDiedError, match="no licence") as caught:
        supervisor.start(describe("raise SystemExit('no licence')", is_ready=lambda: False))
    assert "ended with 1 as it started" in str(caught.value)
    supervisor.stop_all()


def test_logs_of_earlier_starts_are_kept_and_the_oldest_goes(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    for number in range(5):
        log.write_text(str(number))
        rotate_log(log)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["child.1.log", "child.2.log"]
    assert (tmp_path / "child.1.log").read_text() == "4"


def test_only_one_may_run_in_a_folder_and_the_other_is_told_where(tmp_path: Path) -> None:
    lock = hold_lock(tmp_path)
    write_run_file(tmp_path, {"url": "http://127.0.0.1:8000"})
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(AlreadyRunningError, match=f"http://127.0.0.1:8000 .process {os.getpid()}"):
        hold_lock(tmp_path)
    lock.close()
    hold_lock(tmp_path).close()


def test_ports_stay_the_same_from_start_to_start(tmp_path: Path) -> None:
    wish = {"PORT": "0", "S3_PORT": ""}
    first = choose_ports(tmp_path, wish)
    assert choose_ports(tmp_path, wish) == first
    assert len({first.s3, first.mongod, first.broker}) == 3


def test_nothing_of_a_real_aws_account_reaches_the_parts() -> None:
    given = {
        "AWS_PROFILE": "prod",
        "AWS_SESSION_TOKEN": "x",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
        "NO_PROXY": "intranet",
        "HOME": "/h",
    }
    made = isolate_from_aws(given, endpoint_url="http://127.0.0.1:4566")
    assert made["AWS_ACCESS_KEY_ID"] == "local"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & made.keys()
    assert made["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert made["HOME"] == "/h"


def test_a_start_time_tells_a_process_from_a_later_one_of_the_same_id() -> None:
    assert read_start_time(os.getpid())
    assert read_start_time(2**22 + 5) == ""
