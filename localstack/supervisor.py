"""Keeps the children alive: starts them, waits until they answer, restarts each that dies once, and stops them all in reverse order.

Several may die at once, or one while another is being brought back: none waits for another, and what a restarted one needs afterwards
(its recovery) is tried again when it failed because of one that was dead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localstack.processes import Child, ChildSpec, rotate_log

WATCH_S = 0.1
READY_POLL_S = 0.05
HEALTHY_AFTER_S = 60.0  # a child that has lived so long may die once more
RECOVERY_ATTEMPTS = 3  # while everything lives
RECOVERY_PAUSE_S = 1.0


class ChildDiedError(Exception):
    """A child could not be started, or died twice within a minute. The message holds its last lines."""

    def __init__(self, child: Child, what: str) -> None:
        lines = "\n".join("    " + line for line in child.last_lines())
        super().__init__(f"{child.spec.title} {what}. Its last lines ({child.log}):\n{lines}")


class Supervisor:
    def __init__(self, home: Path, *, on_restart: Callable[[str], None], say: Callable[[str], None], stopping: threading.Event) -> None:
        """`on_restart(name)` runs after a restarted child answers again; what it raises at the last attempt stops everything."""
        self._home = home
        self._on_restart = on_restart
        self._say = say
        self._stopping = stopping
        self._children: dict[str, Child] = {}
        self._restarted_at: dict[str, float] = {}
        self._awaited: set[str] = set()  # restarted, do not answer yet
        self._recovering: dict[str, int] = {}  # answer again, and how often their recovery has failed
        self._lock = threading.Lock()

    def start_together(self, specs: Sequence[ChildSpec]) -> None:
        """Starts all at once and waits until each answers."""
        with ThreadPoolExecutor(max_workers=max(1, len(specs))) as threads:
            for started in [threads.submit(self.start, spec) for spec in specs]:
                started.result()

    def start(self, spec: ChildSpec) -> None:
        rotate_log(self._home / "logs" / f"{spec.name}.log")
        self._launch(spec)

    def watch(self) -> None:
        """Until told to stop. ChildDiedError when a child dies again within a minute of its restart."""
        while not self._stopping.wait(WATCH_S):
            for child in list(self._children.values()):
                if not child.is_alive() and not self._stopping.is_set():
                    self._restart(child)
            self._look_who_answers()
            self._recover_next()

    def pids(self) -> dict[str, int]:
        return {name: child.process.pid for name, child in self._children.items()}

    def stop_all(self) -> None:
        with self._lock:
            children = list(self._children.values())
            self._children.clear()
        for child in reversed(children):
            child.stop()

    def _launch(self, spec: ChildSpec) -> None:
        child = Child(spec, self._home)
        with self._lock:
            self._children[spec.name] = child
        deadline = time.monotonic() + spec.ready_timeout_s
        while not spec.is_ready() and not self._stopping.is_set():
            if not child.is_alive():
                raise ChildDiedError(child, f"ended with {child.process.returncode} as it started")
            if time.monotonic() > deadline:
                raise ChildDiedError(child, f"did not answer within {spec.ready_timeout_s:.0f} s")
            time.sleep(READY_POLL_S)

    def _restart(self, child: Child) -> None:
        name, now = child.spec.name, time.monotonic()
        if now - self._restarted_at.get(name, -HEALTHY_AFTER_S) < HEALTHY_AFTER_S:
            raise ChildDiedError(child, f"died again ({child.process.returncode})")
        self._restarted_at[name] = now
        self._say(f"{child.spec.title} died ({child.process.returncode}); starting it again")
        child.sweep()
        with self._lock:
            if self._stopping.is_set():  # nobody would stop it any more
                return
            self._children[name] = Child(child.spec, self._home)
        self._awaited.add(name)
        self._recovering.pop(name, None)

    def _look_who_answers(self) -> None:
        for name, child in list(self._children.items()):
            if name not in self._awaited:
                continue
            if child.spec.is_ready():
                self._awaited.remove(name)
                self._recovering[name] = 0
            elif time.monotonic() > self._restarted_at[name] + child.spec.ready_timeout_s:
                raise ChildDiedError(child, f"did not answer within {child.spec.ready_timeout_s:.0f} s")

    def _recover_next(self) -> None:
        """One of them, in the order in which the children were started: a later one may need an earlier one."""
        child = next((child for name, child in list(self._children.items()) if name in self._recovering), None)
        if child is None:
            return
        try:
            self._on_restart(child.spec.name)
        except Exception:
            if self._was_last_attempt(child.spec.name):
                raise
        else:
            del self._recovering[child.spec.name]
            self._say(f"{child.spec.title} is back")

    def _was_last_attempt(self, name: str) -> bool:
        """A recovery that failed while another part was dead says nothing."""
        if self._awaited or not all(child.is_alive() for child in list(self._children.values())):
            return False
        self._recovering[name] += 1
        return self._recovering[name] >= RECOVERY_ATTEMPTS or self._stopping.wait(RECOVERY_PAUSE_S)
