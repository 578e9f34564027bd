"""What one upload touches, at several sizes of the catalogue: counted, not timed. One JSON line a size; no line says more than the first.

`python -m tests.bench.upload_cost [SIZE …]` (1,000, 10,000 and 100,000 without) fills a MongoDB of its own, takes a song in
through the uploads queue's workflow, and has MongoDB's profiler say what each of its commands looked at and wrote; the buckets count
their calls and bytes, the client its messages to and from MongoDB.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bson import encode
from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from chalicelib.events.queues import encode_notification
from chalicelib.events.s3_events import parse_object_messages
from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.model import FEATURE_VERSION, Analysis, StoredObject, Tags
from chalicelib.storage.dead_letters import MongoDeadLetterStore
from chalicelib.storage.index_builds import MongoIndexBuildStore
from chalicelib.storage.leases import MongoLeaseStore
from chalicelib.storage.mongo import Document, MongoDatabase, ensure_indexes
from chalicelib.storage.passages import MongoPassageStore
from chalicelib.storage.reanalyses import MongoReanalysisStore
from chalicelib.storage.track_facets import shuffle_position
from chalicelib.storage.track_features import pack_passages
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.storage.uploads import MongoUploadStore
from chalicelib.workflows.ingest_messages import ingest_messages
from chalicelib.workflows.ingest_track import TrackIngestion
from chalicelib.workflows.reanalyse_catalogue import Reanalysing
from chalicelib.workflows.rebuild_index import IndexBuilding, rebuild_index
from tests.bench.catalogue import COMMON, GENRES, NOW, Catalogue, fill_catalogue, insert_batches
from tests.bench.pages import run_mongod
from tests.fakes.buckets import FakeIndexBucket, FakeMusicBucket
from tests.fakes.queues import FakeBuildQueue, FakeUploadQueue
from tests.fakes.redelivery import FakeRedelivery

SIZES = (1_000, 10_000, 100_000)
EXAMINED = ("keysExamined", "docsExamined")
WRITTEN = ("ninserted", "nModified", "ndeleted", "nUpserted")
INDEX_ENTRIES = ("keysInserted", "keysDeleted")
FEATURES = tuple(number / 7 for number in range(FEATURE_COUNT))
KINDS = ("of an artist nobody knows", "of the artist with the most songs")
BUILT_UP_TO = 10_000
BUILT_OF_LARGER = 1_000
Cost = dict[str, int]


class MessageCounter(CommandListener):
    """Of one client: what goes to MongoDB, and what comes back."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.is_on = False

    def started(self, event: CommandStartedEvent) -> None:
        if self.is_on:
            self.counts["mongodb_commands"] += 1
            self.counts["mongodb_bytes_sent"] += len(encode(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if self.is_on:
            self.counts["mongodb_bytes_received"] += len(encode(event.reply))

    def failed(self, _event: CommandFailedEvent) -> None:
        if self.is_on:
            self.counts["mongodb_commands_failed"] += 1


class CountingMusic(FakeMusicBucket):
    """Calls and bytes, by S3's names for them."""

    def __init__(self, counts: Counter[str]) -> None:
        super().__init__()
        self._counts = counts

    def head(self, key: str) -> StoredObject | None:
        self._counts["s3_calls"] += 1
        return super().head(key)

    def download(self, key: str, to: Path, *, max_bytes: int) -> StoredObject | None:
        self._counts["s3_calls"] += 1
        self._counts["s3_bytes_read"] += len(self.objects.get(key, b""))
        return super().download(key, to, max_bytes=max_bytes)

    def put_cover(self, key: str, data: bytes, mime: str) -> None:
        self._counts["s3_calls"] += 1
        super().put_cover(key, data, mime)

    def remove(self, key: str) -> None:
        self._counts["s3_calls"] += 1
        super().remove(key)


class CountingIndex(FakeIndexBucket):
    def __init__(self, counts: Counter[str]) -> None:
        super().__init__()
        self._counts = counts

    def fetch_file(self, build_id: str, name: str, to: Path) -> None:
        super().fetch_file(build_id, name, to)
        self._counts["s3_calls"] += 1
        self._counts["s3_bytes_read"] += to.stat().st_size

    def read_current(self) -> tuple[bytes, str] | None:
        found = super().read_current()
        self._counts["s3_calls"] += 1
        self._counts["s3_bytes_read"] += len(found[0]) if found is not None else 0
        return found


class Uploader:
    """Everything of `extract_features` but the sound, which is the same at every size."""

    def __init__(self, database: MongoDatabase, messages: MessageCounter, index: FakeIndexBucket) -> None:
        self._database, self._messages, self._index = database, messages, index
        self._music = CountingMusic(messages.counts)
        self._builds, self._queue = FakeBuildQueue(), FakeUploadQueue()
        self._letters, self._tracks = MongoDeadLetterStore(database), MongoTrackStore(database)

    def measure(self, tags: Tags, number: int) -> Cost:
        """Of one song that was not there before."""
        stored = self._music.put(f"uploads/new/{number}.mp3", b"sound" * 200)
        event = {"Records": [{"messageId": "m", "receiptHandle": "r", "body": encode_notification("music", stored)}]}
        parsed = parse_object_messages(event)
        self._messages.counts.clear()
        self._database.command("profile", 2)
        self._messages.is_on = True
        failed = ingest_messages(
            parsed,
            self._ingestion(tags, number),
            dead_letters=self._letters,
            redelivery=FakeRedelivery(),
            reanalysing=self._reanalysing(),
        )
        self._messages.is_on = False
        self._database.command("profile", 0)
        assert failed == []
        cost = {**self._messages.counts, **_sum_profile(self._database), "sqs_messages": len(self._builds.requests)}
        self._builds.requests.clear()
        self._database["system.profile"].drop()
        return dict(sorted(cost.items()))

    def _ingestion(self, tags: Tags, number: int) -> TrackIngestion:
        return TrackIngestion(
            music_bucket=self._music,
            index_bucket=self._index,
            index_builds=MongoIndexBuildStore(self._database),
            tracks=self._tracks,
            uploads=MongoUploadStore(self._database),
            build_queue=self._builds,
            analyse=partial(_analyse, tags, number),
            clock=lambda: NOW + timedelta(days=1),
            max_upload_bytes=10_000,
            build_delay_s=3,
        )

    def _reanalysing(self) -> Reanalysing:
        return Reanalysing(
            tracks=self._tracks,
            reanalyses=MongoReanalysisStore(self._database),
            upload_queue=self._queue,
            build_queue=self._builds,
            dead_letters=self._letters,
            clock=lambda: NOW,
            at_once=1,
        )


def _analyse(tags: Tags, number: int, _path: Path, /, *, file_name: str) -> Analysis:
    track_id = f"{number:024x}"
    mfcc = tuple(float(at) for at in range(20))
    return Analysis(
        track_id=track_id,
        tags=tags,
        cover=None,
        duration_s=200.0,
        mfcc=mfcc,
        features=FEATURES,
        passages=(FEATURES,) * 8,
        warnings=(file_name,),
    )


def _sum_profile(database: MongoDatabase) -> Cost:
    """What the server looked at and wrote for it."""
    totals: Counter[str] = Counter()
    for entry in database["system.profile"].find({"ns": {"$ne": f"{database.name}.system.profile"}}):
        totals.update({name: int(entry.get(name, 0)) for name in (*EXAMINED, *WRITTEN, *INDEX_ENTRIES)})
    return {
        "index_keys_read": totals["keysExamined"],
        "documents_read": totals["docsExamined"],
        "documents_written": sum(totals[name] for name in WRITTEN),
        "index_entries_written": sum(totals[name] for name in INDEX_ENTRIES),
    }


def fill_uploaded(database: MongoDatabase, size: int) -> Catalogue:
    """A catalogue as uploads leave it: with receipts and passages."""
    catalogue = fill_catalogue(database, tracks=size, users=100, plays=1_000)
    insert_batches(database, "uploads", _make_receipts(catalogue.track_ids))
    insert_batches(database, "passages", _make_passages(catalogue.track_ids))
    ensure_indexes(database)
    return catalogue


def _make_receipts(track_ids: Sequence[str]) -> Iterator[Document]:
    for number, track_id in enumerate(track_ids):
        yield {
            "_id": f"{number:024x}", "key": f"uploads/{track_id}/{number}.mp3", "user_id": None, "status": "indexed", "track_id": track_id,
            "seq": number + 1, "attempts": 1, "created_at": NOW, "updated_at": NOW,
        }  # fmt: skip


def _make_passages(track_ids: Sequence[str]) -> Iterator[Document]:
    rows = pack_passages((FEATURES,))
    for track_id in track_ids:
        yield {"_id": track_id, "feature_version": FEATURE_VERSION, "rows": rows, "draw": shuffle_position(track_id), "artist": "Ada"}


def list_songs(catalogue: Catalogue) -> list[Tags]:
    """One of an artist nobody knows, one of the artist with the most songs, of words that every second song has."""
    unknown = Tags(title="Qwxyz", artist="Zxqwv", album="Wvzq", genre="Zydeco", year=1901)
    common = " ".join(COMMON[:4]).title()
    return [unknown, Tags(title=common, artist=catalogue.artists[0], album=common, genre=GENRES[0], year=2000)]


def measure_size(uri: str, size: int, *, built_up_to: int = BUILT_UP_TO) -> list[Cost]:
    """Of each of KINDS. The first upload of all opens connections, and is not counted. The index in force is of a smaller catalogue where
    a build of the whole would take minutes."""
    messages = MessageCounter()
    client: MongoClient[Any] = MongoClient(uri, tz_aware=True, event_listeners=[messages])
    with client:
        database = _choose_database(client, f"upload_cost_{size}")
        bucket = CountingIndex(messages.counts)
        catalogue = fill_uploaded(database, size)
        indexed = database if size <= built_up_to else _choose_database(client, "upload_cost_indexed")
        if indexed is not database:
            fill_uploaded(indexed, BUILT_OF_LARGER)
        publish_index(bucket, indexed, noted_in=database)
        uploader = Uploader(database, messages, bucket)
        uploader.measure(Tags(title="First"), 2**90)
        costs = [uploader.measure(tags, 2**91 + number) for number, tags in enumerate(list_songs(catalogue))]
        client.drop_database(database.name)
    return costs


def _choose_database(client: MongoClient[Any], name: str) -> MongoDatabase:
    """As `connect` has it."""
    database = client.get_database(name, write_concern=WriteConcern(w="majority", j=True), read_concern=ReadConcern("majority"))
    ensure_indexes(database)
    return database


def publish_index(bucket: FakeIndexBucket, database: MongoDatabase, *, noted_in: MongoDatabase) -> None:
    """The product's own build of what the database holds, as the one in force in another."""
    outcome = rebuild_index(
        IndexBuilding(
            tracks=MongoTrackStore(database),
            passages=MongoPassageStore(database),
            uploads=MongoUploadStore(database),
            index_builds=MongoIndexBuildStore(noted_in),
            index_bucket=bucket,
            leases=MongoLeaseStore(database),
            build_queue=FakeBuildQueue(),
            clock=lambda: NOW,
            build_id="bench",
            build_delay_s=0,
        )
    )
    assert outcome == "published", outcome


def main(sizes: Sequence[int] = SIZES) -> None:
    for size in sizes:
        with TemporaryDirectory(prefix="timbre-upload-cost-") as name, run_mongod(Path(name)) as (uri, _):
            for kind, cost in zip(KINDS, measure_size(uri, size), strict=True):
                print(json.dumps({"bench": "upload_cost", "tracks": size, "song": kind, **cost}), flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
