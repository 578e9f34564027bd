"""What an answer costs: its time, the processor's time that this process and mongod spend on it, and how much is asked of mongod."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import monitoring


@dataclass(frozen=True, slots=True)
class Cost:
    """Of an answer, or of all there was up to a moment."""

    seconds: float
    ours_s: float
    mongod_s: float
    commands: int

    def since(self, before: Cost) -> Cost:
        return Cost(
            self.seconds - before.seconds,
            self.ours_s - before.ours_s,
            self.mongod_s - before.mongod_s,
            self.commands - before.commands,
        )


class Meter(monitoring.CommandListener):
    """Hears of every command of the clients that are made after it. There is one in a process."""

    def __init__(self) -> None:
        self.mongod_pid: int | None = None
        self._commands = 0
        monitoring.register(self)

    def read(self) -> Cost:
        mongod_s = 0.0 if self.mongod_pid is None else read_process_s(self.mongod_pid)
        return Cost(time.perf_counter(), time.process_time(), mongod_s, self._commands)

    def started(self, _event: monitoring.CommandStartedEvent) -> None:
        self._commands += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing: what is asked is counted."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing, as above."""


def read_process_s(pid: int) -> float:
    """The processor's time of another process, to the microsecond, where the system is a Linux; else nothing."""
    clock = (~pid << 3) | 2  # as clock_getcpuclockid(3) makes it
    return time.clock_gettime(clock) if sys.platform == "linux" else 0.0


def read_cpu_s(pid: int) -> float:
    """Of this process and mongod."""
    return time.process_time() + read_process_s(pid)


def summarize(taken: Sequence[Cost]) -> dict[str, Any]:
    times = statistics.quantiles([each.seconds for each in taken], n=20)
    cpu = statistics.quantiles([each.ours_s + each.mongod_s for each in taken], n=20)
    seconds = {
        "p50_ms": times[9],
        "p95_ms": times[18],
        "max_ms": max(each.seconds for each in taken),
        "cpu_p50_ms": cpu[9],
        "cpu_p95_ms": cpu[18],
        "ours_ms": statistics.mean(each.ours_s for each in taken),
        "mongod_ms": statistics.mean(each.mongod_s for each in taken),
    }
    commands = statistics.mean(each.commands for each in taken)
    return {"answers": len(taken), **{name: round(1000 * value, 1) for name, value in seconds.items()}, "commands": round(commands, 1)}
