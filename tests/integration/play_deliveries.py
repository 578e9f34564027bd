"""A consumer of its own process, for `test_one_effect_per_play`: the recommend function's own code, given batches as Kafka gives them.

Arguments: a file of Lambda events (one JSON a line), how often each is delivered, a seed (`-`: in their order), what its clock shows at
which second. Says `ready`, waits for a line, delivers; what the function asks for again is delivered again. Settings are the environment's.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.events.kafka_events import name_failures, parse_play_records
from chalicelib.workflows.refresh_recommendations import refresh_recommendations
from chalicelib.workflows.refreshing import Refreshing
from functions.recommend.handler import prepare_refreshing

Event = dict[str, Any]
MOST_DELIVERIES = 50


def shuffle_deliveries(events: list[Event], times: int, seed: str) -> list[Event]:
    """Batches in another order each time, and the records within each."""
    if seed == "-":
        return events * times
    dice = random.Random(seed)
    deliveries = []
    for event in events * times:
        records = {label: dice.sample(batch, len(batch)) for label, batch in event["records"].items()}
        deliveries.append({**event, "records": records})
    dice.shuffle(deliveries)
    return deliveries


def deliver(event: Event, refreshing: Refreshing) -> int:
    """How often it took."""
    for attempt in range(1, MOST_DELIVERIES + 1):
        if not name_failures(refresh_recommendations(parse_play_records(event), refreshing))["batchItemFailures"]:
            return attempt
    raise SystemExit(f"after {MOST_DELIVERIES} deliveries a batch still fails")


def start_clock(begins_at: datetime, epoch_s: float) -> Callable[[], datetime]:
    """The same for all processes, and within one day whenever the test runs: lists vary by the day."""
    return lambda: begins_at + timedelta(seconds=time.time() - epoch_s)


def main(path: str, times: str, seed: str, begins_at: str, epoch_s: str) -> None:
    events = [json.loads(line) for line in Path(path).read_text().splitlines()]
    refreshing = replace(prepare_refreshing(), clock=start_clock(datetime.fromisoformat(begins_at), float(epoch_s)))
    print("ready", flush=True)
    sys.stdin.readline()
    attempts = [deliver(event, refreshing) for event in shuffle_deliveries(events, int(times), seed)]
    print(json.dumps({"deliveries": len(attempts), "repeated": sum(attempts) - len(attempts)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
