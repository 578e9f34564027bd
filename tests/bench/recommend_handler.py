"""Plays per second and core through the recommend function's own code, with a real mongod and an index of all songs, against the classic
way in the same run: for each message load the index, read all ids, average all plays. JSON lines.

`alone`: every play of a batch is of another listener, so that each costs a list; `backlog`: each listener has several in the batch, as when
a consumer catches up. `per_cpu_s` counts this process and mongod together: on a busy machine it tells what the clock does not.

python -m tests.bench.recommend_handler   (TRACKS=10000,100000 by default; 1000000 takes a quarter of an hour)
"""

from __future__ import annotations

import base64
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from annoy import AnnoyIndex
from pymongo import ReplaceOne
from threadpoolctl import threadpool_limits

from chalicelib.events.kafka_events import encode_play, name_failures, parse_play_records
from chalicelib.log import log
from chalicelib.model import MFCC_COUNT, Play
from chalicelib.storage.dead_letters import MongoDeadLetterStore
from chalicelib.storage.index_builds import MongoIndexBuildStore
from chalicelib.storage.leases import MongoLeaseStore
from chalicelib.storage.listener_states import MongoListenerStore
from chalicelib.storage.mongo import MongoDatabase, connect
from chalicelib.storage.passages import MongoPassageStore
from chalicelib.storage.plays import MongoPlayStore
from chalicelib.storage.plays import to_document as play_to_document
from chalicelib.storage.recommendations import MongoRecommendationStore
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.storage.uploads import MongoUploadStore
from chalicelib.storage.users import MongoUserStore
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.rebuild_index import IndexBuilding, rebuild_index
from chalicelib.workflows.recommend_for_user import recommend_for_users
from chalicelib.workflows.refresh_recommendations import refresh_recommendations
from chalicelib.workflows.refreshing import Refreshing
from tests.bench.catalogue import NOW, fill_catalogue, make_id
from tests.bench.costs import read_cpu_s
from tests.bench.pages import run_mongod
from tests.bench.stored_sounds import fill_sounds
from tests.fakes.queues import FakeBuildQueue
from tests.walks.stores import FolderIndexBucket

USERS, PLAYS = 2_000, 60_000
BATCH = 100  # as the template's PlaysBatchSize
BATCHES = 4
CLASSIC_S = 20.0  # a few messages say enough
RECOMMENDED = 10

Event = dict[str, Any]
_numbers = count()


def build(database: MongoDatabase, bucket: FolderIndexBucket) -> None:
    building = IndexBuilding(
        tracks=MongoTrackStore(database),
        passages=MongoPassageStore(database),
        uploads=MongoUploadStore(database),
        index_builds=MongoIndexBuildStore(database),
        index_bucket=bucket,
        leases=MongoLeaseStore(database),
        build_queue=FakeBuildQueue(),
        clock=lambda: NOW,
        build_id="bench",
        build_delay_s=0,
    )
    outcome = rebuild_index(building)
    if outcome != "published":
        raise RuntimeError(f"the index was not published: {outcome}")


def prepare(database: MongoDatabase, index: CurrentIndex) -> Refreshing:
    """As the function's `prepare_refreshing`, with a clock of the catalogue's time."""
    begin = time.monotonic()
    stores = {"users": MongoUserStore(database), "plays": MongoPlayStore(database), "tracks": MongoTrackStore(database)}
    recommend = partial(recommend_for_users, listeners=MongoListenerStore(database), tracks=stores["tracks"], index=index)
    return Refreshing(
        **stores,
        recommendations=MongoRecommendationStore(database),
        dead_letters=MongoDeadLetterStore(database),
        recommend=recommend,
        clock=lambda: NOW + timedelta(seconds=time.monotonic() - begin),
    )


def make_batch(database: MongoDatabase, dice: random.Random, tracks: int, listeners: Sequence[str]) -> Event:
    """BATCH plays as our API has recorded them and Kafka delivers them, their listeners taking turns."""
    plays = [
        Play(
            event_id=f"bench-{number}",
            user_id=listeners[place % len(listeners)],
            track_id=make_id("track", dice.randrange(tracks)),
            kind=("start", "start", "complete", "skip")[place % 4],
            position_s=30.0,
            occurred_at=NOW - timedelta(seconds=10) + timedelta(milliseconds=number),
        )
        for place, number in zip(range(BATCH), _numbers, strict=False)
    ]
    database["plays"].insert_many([play_to_document(play) for play in plays])
    records = [
        {"topic": "plays", "partition": 0, "offset": offset, "value": base64.b64encode(encode_play(play, "")).decode(), "headers": []}
        for offset, play in enumerate(plays)
    ]
    return {"eventSource": "SelfManagedKafka", "records": {"plays-0": records}}


def handle(event: Event, refreshing: Refreshing) -> None:
    failures = name_failures(refresh_recommendations(parse_play_records(event), refreshing))["batchItemFailures"]
    if failures:
        raise RuntimeError(f"{len(failures)} partitions failed")


def handle_classically(event: Event, database: MongoDatabase, trees: Path) -> None:
    """Message by message, nothing kept from one to the next."""
    for record in parse_play_records(event):
        assert record.message is not None
        index = AnnoyIndex(MFCC_COUNT, "angular")
        index.load(str(trees))
        ids = [each["_id"] for each in database["tracks"].find({"status": "active"}, {"_id": 1}).sort("_id")]
        played = [each["track_id"] for each in database["plays"].find({"user_id": record.message.user_id}, {"track_id": 1})]
        vectors = [each["mfcc_standardized"] for each in database["tracks"].find({"_id": {"$in": played}}, {"mfcc_standardized": 1})]
        nearest = index.get_nns_by_vector(np.mean(vectors, axis=0).tolist(), RECOMMENDED)
        songs = list(database["tracks"].find({"_id": {"$in": [ids[place] for place in nearest]}}, {"display_title": 1, "artist": 1}))
        database["classic"].bulk_write([ReplaceOne({"_id": record.message.user_id}, {"songs": songs}, upsert=True)])


@contextmanager
def measured(row: dict[str, Any], read_cpu: Callable[[], float]) -> Iterator[None]:
    """Adds what the block took."""
    cpu_s, begin, own_s = read_cpu(), time.perf_counter(), time.process_time()
    yield
    row["seconds"] = time.perf_counter() - begin
    row["own_cpu_s"] = time.process_time() - own_s
    row["cpu_s"] = read_cpu() - cpu_s


def describe(way: str, plays: int, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "way": way,
        "plays": plays,
        "plays_per_s": round(plays / row["seconds"], 2),
        "plays_per_own_cpu_s": round(plays / row["own_cpu_s"], 2),
        "plays_per_cpu_s": round(plays / row["cpu_s"], 2),
    }


def measure_ours(
    database: MongoDatabase, refreshing: Refreshing, tracks: int, *, listeners: int, read_cpu: Callable[[], float]
) -> dict[str, Any]:
    """After one batch that warms up what a container keeps."""
    dice = random.Random(listeners)
    known = [make_id("user", number) for number in range(USERS)]
    events = [make_batch(database, dice, tracks, dice.sample(known, listeners)) for _ in range(BATCHES + 1)]
    handle(events[0], refreshing)
    row: dict[str, Any] = {}
    with measured(row, read_cpu):
        for event in events[1:]:
            handle(event, refreshing)
    return describe("alone" if listeners == BATCH else "backlog", BATCH * BATCHES, row)


def measure_classic(database: MongoDatabase, trees: Path, tracks: int, *, read_cpu: Callable[[], float]) -> dict[str, Any]:
    dice = random.Random(2)
    known = [make_id("user", number) for number in range(USERS)]
    (records,) = make_batch(database, dice, tracks, dice.sample(known, BATCH))["records"].values()
    row: dict[str, Any] = {}
    done = 0
    with measured(row, read_cpu):
        deadline = time.perf_counter() + CLASSIC_S
        for few in (records[start : start + 5] for start in range(0, len(records), 5)):
            handle_classically({"records": {"plays-0": few}}, database, trees)
            done += len(few)
            if time.perf_counter() > deadline:
                break
    return describe("classic", done, row)


def measure(tracks: int, folder: Path) -> None:
    with run_mongod(folder / "data") as (uri, pid), log.quiet(), threadpool_limits(1):
        database = connect(uri, "bench")
        fill_catalogue(database, tracks=tracks, users=USERS, plays=PLAYS)
        fill_sounds(database, tracks)
        bucket = FolderIndexBucket(folder / "bucket")
        build(database, bucket)
        index = CurrentIndex(bucket, folder / "cache", refresh_s=1.0)
        catalogue = index.open_catalogue(MongoTrackStore(database))
        assert catalogue is not None
        refreshing = prepare(database, index)
        read_cpu = partial(read_cpu_s, pid)
        trees = next((folder / "bucket").glob("*/spaces/mfcc/tracks.ann"))
        rows = [measure_ours(database, refreshing, tracks, listeners=listeners, read_cpu=read_cpu) for listeners in (BATCH, BATCH // 5)]
        rows.append(measure_classic(database, trees, tracks, read_cpu=read_cpu))
        classic = rows[-1]
        for row in rows:
            times = {
                f"times_classic{name.removeprefix('plays')}": round(row[name] / classic[name], 1)
                for name in row
                if name.startswith("plays_per")
            }
            about = {"bench": "recommend_handler", "tracks": tracks, "dimension": catalogue.index.scaler.dimension}
            print(json.dumps({**about, **row, **times, "load": round(os.getloadavg()[0], 1)}), flush=True)
        database.client.close()


def main() -> int:
    for tracks in os.environ.get("TRACKS", "10000,100000").split(","):
        with tempfile.TemporaryDirectory(prefix="timbre-handler-") as name:
            measure(int(tracks), Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
