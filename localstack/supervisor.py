"""Keeps the children alive: starts them, waits until they answer, restarts one that dies once, and stops them all in reverse order."""

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


class ChildDiedError(Exception):
    """A child could not be started, or died twice within a minute. The message holds its last lines."""

    def __init__(self, child: Child, what: str) -> None:
        lines = "\n".join("    " + line for line in child.last_lines())
        super().__init__(f"{child.spec.title} {what}. Its last lines ({child.log}):\n{lines}")


class Supervisor:
    def __init__(self, home: Path, *, on_restart: Callable[[str], None], say: Callable[[str], None], stopping: threading.Event) -> None:
        """`on_restart(name)` runs after a restarted child answers again; what it raises stops everything."""
        self._home = home
        self._on_restart = on_restart
        self._say = say
        self._stopping = stopping
        self._children: dict[str, Child] = {}
        self._restarted_at: dict[str, float] = {}
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
        self._launch(child.spec)
        self._on_restart(name)
        self._say(f"{child.spec.title} is back")
