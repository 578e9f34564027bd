"""A process that tends a re-analysis over a real MongoDB, message after message, and may be killed in the middle of it: run by
`test_reanalysis.py`. The queue is its own memory, so that a kill loses every message too.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.events.queues import encode_notification
from chalicelib.events.s3_events import OUTDATED, parse_object_messages
from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.model import FEATURE_VERSION, Analysis
from chalicelib.storage.dead_letters import MongoDeadLetterStore
from chalicelib.storage.index_builds import MongoIndexBuildStore
from chalicelib.storage.mongo import MongoDatabase, connect
from chalicelib.storage.reanalyses import MongoReanalysisStore
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.storage.uploads import MongoUploadStore
from chalicelib.workflows.ingest_messages import ingest_messages
from chalicelib.workflows.ingest_track import TrackIngestion
from chalicelib.workflows.reanalyse_catalogue import Reanalysing, tend_reanalysis
from tests.fakes.buckets import FakeIndexBucket, FakeMusicBucket
from tests.fakes.queues import FakeBuildQueue, FakeUploadQueue
from tests.fakes.redelivery import FakeRedelivery
from tests.fakes.samples import NOW, make_analysis

FEATURES = (0.5,) * FEATURE_COUNT
AT_ONCE = 3


def name_song(number: int) -> str:
    return f"song {number}"


def put_song(music: FakeMusicBucket, number: int) -> None:
    music.put(f"uploads/{number}.mp3", name_song(number).encode())


@dataclass
class Machine:
    """Everything but MongoDB is memory. `analysed` counts by song, in MongoDB, so that no kill forgets it."""

    database: MongoDatabase
    song_count: int
    hours: float = 0.0
    before_analysis: Callable[[], None] = lambda: None
    music: FakeMusicBucket = field(default_factory=FakeMusicBucket)
    queue: FakeUploadQueue = field(default_factory=FakeUploadQueue)
    builds: FakeBuildQueue = field(default_factory=FakeBuildQueue)

    def __post_init__(self) -> None:
        self.tracks, self.reanalyses = MongoTrackStore(self.database), MongoReanalysisStore(self.database)
        self.letters = MongoDeadLetterStore(self.database)
        for number in range(self.song_count):
            put_song(self.music, number)

    def clock(self) -> datetime:
        return NOW + timedelta(hours=self.hours)

    def analyse(self, path: Path, /, *, file_name: str) -> Analysis:
        self.before_analysis()
        name = path.read_text()
        self.database["analysed"].update_one({"_id": name}, {"$inc": {"count": 1}, "$set": {"file": file_name}}, upsert=True)
        return make_analysis(name, features=FEATURES, passages=(FEATURES, FEATURES))

    def reanalysing(self) -> Reanalysing:
        return Reanalysing(
            tracks=self.tracks,
            reanalyses=self.reanalyses,
            upload_queue=self.queue,
            build_queue=self.builds,
            dead_letters=self.letters,
            clock=self.clock,
            at_once=AT_ONCE,
        )

    def ingestion(self) -> TrackIngestion:
        return TrackIngestion(
            music_bucket=self.music,
            index_bucket=FakeIndexBucket(),
            index_builds=MongoIndexBuildStore(self.database),
            tracks=self.tracks,
            uploads=MongoUploadStore(self.database),
            build_queue=self.builds,
            analyse=self.analyse,
            clock=self.clock,
            max_upload_bytes=1_000,
            build_delay_s=3,
        )

    def tend(self) -> None:
        tend_reanalysis(self.reanalysing(), is_time_up=lambda: False)

    def deliver(self) -> None:
        track_id, stored = self.queue.outdated.pop(0)
        body = encode_notification("music", stored, event_name=OUTDATED, track_id=track_id)
        messages = parse_object_messages({"Records": [{"messageId": track_id, "receiptHandle": "r", "body": body}]})
        failed = ingest_messages(
            messages, self.ingestion(), dead_letters=self.letters, redelivery=FakeRedelivery(), reanalysing=self.reanalysing()
        )
        assert failed == []

    def run_minute(self) -> None:
        self.tend()
        while self.queue.outdated:
            self.deliver()

    def versions(self) -> dict[int, int]:
        found = self.database["tracks"].aggregate([{"$group": {"_id": "$feature_version", "count": {"$sum": 1}}}])
        return {one["_id"]: one["count"] for one in found}

    def times_analysed(self) -> list[int]:
        return sorted(one["count"] for one in self.database["analysed"].find())


def make_killer(after: int) -> Callable[[], None]:
    left = [after]

    def kill() -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


if __name__ == "__main__":
    uri, name, songs, kill_after, hours = sys.argv[1:]
    Machine(connect(uri, name), int(songs), hours=float(hours), before_analysis=make_killer(int(kill_after))).run_minute()
    raise SystemExit(f"not killed, and all are of version {FEATURE_VERSION}")
