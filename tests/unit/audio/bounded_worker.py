"""Analyses files in a process of its own, with bounded memory and a deadline each: what crashes or hangs there fails one file alone."""

from __future__ import annotations

import json
import os
import resource
import select
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[3]
MEMORY_MB = 384  # above what the libraries take: a whole minute of a song at most, and a cover
DEADLINE_S = 60.0  # for a file of seconds, on whatever busy machine


class WorkerError(Exception):
    """The worker died, hung or answered with an exception that is none of `audio`'s."""


class BoundedWorker:
    def __init__(self) -> None:
        self._process = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def analyse(self, path: Path) -> dict[str, Any]:
        """{"code": …} of a refusal, or {"duration_s", "mfcc", "title", "warnings"}."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], DEADLINE_S)
        line = self._process.stdout.readline() if ready else ""
        if line:
            answer: dict[str, Any] = json.loads(line)
            if "failure" in answer:
                raise WorkerError(answer["failure"])
            return answer
        self._stop()
        how = f"ended with {self._process.returncode}" if ready else f"had no answer after {DEADLINE_S:.0f} s"
        self._process = self._start()
        raise WorkerError(f"the worker {how}")

    def _start(self) -> subprocess.Popen[str]:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.unit.audio.bounded_worker"]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, cwd=ROOT
        )

    def _stop(self) -> None:
        self._process.kill()
        self._process.communicate()


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        limit = pages * resource.getpagesize() + MEMORY_MB * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _analyse(path: Path) -> dict[str, Any]:
    from chalicelib.audio.analysis import analyse_file
    from chalicelib.errors import AudioError

    try:
        analysis = analyse_file(path, file_name=path.name, max_duration_s=3600.0)
    except AudioError as error:
        return {"code": error.code, "message": error.message}
    told = {
        "duration_s": analysis.duration_s,
        "mfcc": list(analysis.mfcc),
        "title": analysis.tags.title,
        "warnings": list(analysis.warnings),
    }
    return {**told, "has_cover": analysis.cover is not None, "track_id": analysis.track_id}


def main() -> None:
    import traceback

    import PIL.Image  # noqa: F401 - loaded before memory is bounded, as everything else

    import chalicelib.audio.analysis  # noqa: F401

    _limit_memory()
    for line in sys.stdin:
        try:
            answer = _analyse(Path(line.rstrip("\n")))
        except Exception:  # noqa: BLE001 - whatever it is, it is the finding
            answer = {"failure": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
