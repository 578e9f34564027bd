"""One effect per play: every batch twice in each of two processes, shuffled, leaves what one orderly run leaves.

What makes it so is the play's event_id: in the transaction that stores a list, only plays that are not marked yet are marked and counted,
and only they move the tallies.
"""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from mypy_boto3_s3 import S3Client

from chalicelib.events.kafka_events import encode_play
from chalicelib.model import Play
from chalicelib.storage.mongo import MongoDatabase, connect, ensure_indexes
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.track_facets import POPULARITY_BITS
from tests.bench.catalogue import fill_catalogue, make_id

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TRACKS, USERS, PLAYS, BATCH = 150, 4, 160, 12
LEFT_BY_A_RUN = {"generated_at", "request_ids", "search", "offered"}  # when, how, and what earlier lists held: they may differ
DEADLINE_S = 300.0


@pytest.fixture
def databases(mongodb_uri: str) -> Iterator[tuple[MongoDatabase, MongoDatabase]]:
    """Two alike."""
    made = tuple(connect(mongodb_uri, f"test_{uuid4().hex[:12]}") for _ in range(2))
    for database in made:
        ensure_indexes(database)
        fill_catalogue(database, tracks=TRACKS, users=USERS, plays=0)
        # Lists keep places for songs that nobody has heard, so they would depend on when in a run they were made.
        database["tracks"].update_many({}, {"$set": {"popularity": 1 << POPULARITY_BITS}})
    yield made[0], made[1]
    for database in made:
        database.client.drop_database(database.name)
        database.client.close()


def make_plays() -> list[Play]:
    dice = random.Random(7)
    return [
        Play(
            event_id=f"play-{number}",
            user_id=make_id("user", dice.randrange(USERS)),
            track_id=make_id("track", dice.randrange(TRACKS)),
            kind=dice.choices(("start", "complete", "skip"), (6, 3, 1))[0],
            position_s=dice.uniform(0, 100),
            occurred_at=NOON - timedelta(minutes=3 * (PLAYS - number)),
        )
        for number in range(PLAYS)
    ]


def make_events(plays: list[Play]) -> list[dict[str, Any]]:
    """Batches as Lambda's event has them: each user's plays on one partition."""
    offsets: dict[str, int] = {}
    events = []
    for begin in range(0, len(plays), BATCH):
        records: dict[str, list[dict[str, Any]]] = {}
        for play in plays[begin : begin + BATCH]:
            partition = int(play.user_id, 16) % 4
            label = f"plays-{partition}"
            offset = offsets[label] = offsets.get(label, -1) + 1
            value = base64.b64encode(encode_play(play, "")).decode()
            place = {"topic": "plays", "partition": partition, "offset": offset, "timestamp": 0, "timestampType": "CREATE_TIME"}
            records.setdefault(label, []).append({**place, "value": value, "headers": []})
        events.append({"eventSource": "SelfManagedKafka", "records": records})
    return events


class Consumers:
    """Processes that consume the same events; each gets all of them."""

    def __init__(self, events: Path, environment: dict[str, str]) -> None:
        self._events, self._environment = events, environment
        self._epoch_s = time.time()

    def run(self, database: MongoDatabase, *, times: int, seeds: list[str]) -> list[dict[str, int]]:
        environment = {**os.environ, **self._environment, "MONGODB_DATABASE": database.name}
        command = [sys.executable, "-m", "tests.integration.play_deliveries", str(self._events), str(times)]
        begin = [NOON.isoformat(), str(self._epoch_s)]
        processes = [
            subprocess.Popen([*command, seed, *begin], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for seed in seeds
        ]
        try:
            return [json.loads(output.splitlines()[-1]) for output in self._let_go_together(processes)]
        finally:
            for process in processes:
                process.kill()
                process.wait()

    def _let_go_together(self, processes: list[subprocess.Popen[str]]) -> list[str]:
        for process in processes:
            assert process.stdout is not None
            wait_for_ready(process)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=DEADLINE_S)[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * len(processes)
        return outputs


def wait_for_ready(process: subprocess.Popen[str]) -> None:
    """Log lines may come first. The output's end comes when the process dies."""
    assert process.stdout is not None
    for line in process.stdout:
        if line == "ready\n":
            return
    pytest.fail(f"the consumer ended with {process.wait()}")


@pytest.fixture
def consumers(
    tmp_path: Path, mongodb_uri: str, s3_endpoint_url: str, s3_client: S3Client, databases: tuple[MongoDatabase, MongoDatabase]
) -> Consumers:
    """With an index of the catalogue, the same for both databases."""
    bucket = f"test-{uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=bucket)
    environment = {
        "MONGODB_URI": mongodb_uri,
        "MUSIC_BUCKET": bucket,
        "INDEX_BUCKET": bucket,
        "AWS_ENDPOINT_URL": s3_endpoint_url,
        "BUILD_QUEUE_URL": f"{s3_endpoint_url}/nobody-asks-for-builds",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    build = [sys.executable, "-m", "chalicelib.cli", "rebuild", "--json"]
    made = subprocess.run(
        build,
        cwd=ROOT,
        env={**os.environ, **environment, "MONGODB_DATABASE": databases[0].name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout) == {"outcome": "published"}
    events = tmp_path / "events.jsonl"
    events.write_text("".join(json.dumps(event) + "\n" for event in make_events(make_plays())))
    return Consumers(events, environment)


def read_effects(database: MongoDatabase) -> dict[str, Any]:
    """All that plays leave behind, but for the times and ways of single runs."""
    lists = {
        each["_id"]: {key: value for key, value in each.items() if key not in LEFT_BY_A_RUN} for each in database["recommendations"].find()
    }
    played = {"kind": 1, "user_id": 1, "track_id": 1, "is_processed": 1, "is_counted": 1, "is_play": 1}
    return {
        "recommendations": lists,
        "play_days": {each["_id"]: without_nothings(each) for each in database["play_days"].find() if each["plays"]},
        "play_songs": {each["_id"]: each for each in database["play_songs"].find()},
        "popularity": {each["_id"]: each.get("popularity") for each in database["tracks"].find({}, {"popularity": 1})},
        "plays": {each["_id"]: {"is_play": False, **each} for each in database["plays"].find({}, played)},
        "dead_letters": database["dead_letters"].count_documents({}),
    }


def without_nothings(day: dict[str, Any]) -> dict[str, Any]:
    """An hour whose end had counted until its start came counts nothing, as one that was never named."""
    parts = {name: {key: count for key, count in day[name].items() if count} for name in ("hours", "quarters", "songs")}
    return {**day, **parts}


def count_playbacks(plays: list[Play]) -> int:
    """Starts, and ends that no start precedes."""
    before: dict[tuple[str, str], Play] = {}
    playbacks = 0
    for play in sorted(plays, key=lambda each: each.occurred_at):
        last = before.get((play.user_id, play.track_id))
        is_of_start = last is not None and last.kind == "start" and play.occurred_at - last.occurred_at <= timedelta(days=1)
        playbacks += play.kind == "start" or (play.kind == "complete" and not is_of_start)
        before[play.user_id, play.track_id] = play
    return playbacks


def test_batches_delivered_twice_in_two_processes_and_shuffled_end_as_after_one_orderly_run(
    databases: tuple[MongoDatabase, MongoDatabase], consumers: Consumers
) -> None:
    orderly, disorderly = databases
    plays = make_plays()
    for database in databases:  # two of three come by our API; the others are other producers', written down when they arrive
        for play in plays:
            if int(play.event_id.removeprefix("play-")) % 3:
                MongoPlayStore(database).record(play)

    (alone,) = consumers.run(orderly, times=1, seeds=["-"])
    seeds = [f"{os.environ.get('SHUFFLE_SEED', '1')}-{number}" for number in range(2)]
    both = consumers.run(disorderly, times=2, seeds=seeds)
    batches = len(make_events(plays))
    assert (alone["deliveries"], [each["deliveries"] for each in both]) == (batches, [2 * batches, 2 * batches])

    expected, found = read_effects(orderly), read_effects(disorderly)
    assert sum(each["plays_processed"] for each in expected["recommendations"].values()) == PLAYS
    assert sum(each["plays"] for each in expected["play_songs"].values()) == count_playbacks(plays)
    assert {each["basis"] for each in expected["recommendations"].values()} == {"plays"}
    for part, effects in expected.items():
        assert found[part] == effects, f"{part} differ (SHUFFLE_SEED={seeds[0].split('-')[0]})"
