"""From an acknowledged play to a list that rests on it, over HTTP: 50 plays, one at a time, as JSON lines.

python -m tests.bench.play_to_recommendation   (TIMBRE_RUN_FILE=.timbre/run.json uses a machine that is up, else one is started)
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from localstack.demo_music.compose import compose_library
from tests.e2e.listener import Dropper, Listener, wait_until
from tests.e2e.machine import Machine

PLAYS = 50


def measure(running: dict[str, Any]) -> dict[str, object]:
    listener = Listener(running)
    track_ids = [item["track_id"] for item in listener.get("/tracks", limit=50)["items"]]
    acknowledged_s, changed_s = [], []
    for i in range(PLAYS):
        before = listener.get("/recommendations")["generated_at"]
        begin = time.perf_counter()
        listener.play(track_ids[i % len(track_ids)]).raise_for_status()
        acknowledged_s.append(time.perf_counter() - begin)
        wait_until(lambda before=before: _is_newer(listener, before), deadline_s=60, what="a changed list")  # type: ignore[misc]
        changed_s.append(time.perf_counter() - begin)
    return {
        "bench": "play_to_recommendation",
        "plays": PLAYS,
        "tracks": len(track_ids),
        "acknowledged_median_s": round(statistics.median(acknowledged_s), 4),
        "median_s": round(statistics.median(changed_s), 3),
        "p95_s": round(statistics.quantiles(changed_s, n=20)[-1], 3),
        "max_s": round(max(changed_s), 3),
    }


def _is_newer(listener: Listener, before: str) -> bool:
    answer = listener.get("/recommendations")
    return bool(answer["basis"] == "plays" and answer["generated_at"] != before)


def main() -> None:
    given = os.environ.get("TIMBRE_RUN_FILE")
    if given:
        print(json.dumps(measure(json.loads(Path(given).read_text()))))
        return
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder) / "home")
        try:
            running = machine.start()
            pieces = compose_library(Path(folder) / "pieces", count=24, seed=7)
            dropper, listener = Dropper(running), Listener(running)
            for key in [dropper.drop(piece, f"uploads/bench/{piece.name}") for piece in pieces]:
                listener.wait_for_receipt(key)
            print(json.dumps(measure(running)))
        finally:
            machine.stop()


if __name__ == "__main__":
    sys.exit(main())
