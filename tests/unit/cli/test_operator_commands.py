"""What operators type: status, redrive and backfill over stores in memory, by the command's own entry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.cli import main as cli
from chalicelib.cli.backfill import parse_source
from chalicelib.config import Settings
from chalicelib.errors import InvalidInputError
from chalicelib.events.kafka_events import encode_play
from chalicelib.events.queues import encode_notification
from tests.fakes.buckets import FakeMusicBucket, FakeSourceBucket
from tests.fakes.queues import FakeDeadLetterQueue, FakeLagWatch, FakePlayPublisher, FakeQueueWatch, FakeRecordReader, FakeUploadQueue
from tests.fakes.reanalysis_store import FakeReanalysisStore
from tests.fakes.redelivery import FakeRedelivery
from tests.fakes.samples import attach_track, make_analysis, make_build, make_letter, make_object, make_play, make_upload, make_user
from tests.fakes.stores import (
    FakeBackfillStore,
    FakeDeadLetterStore,
    FakeIndexBuildStore,
    FakePlayStore,
    FakeTrackStore,
    FakeUploadStore,
    FakeUserStore,
)


class Stores:
    """What `bootstrap` hands out, each under the name of its function."""

    def __init__(self) -> None:
        self.settings = Settings(mongodb_uri="unused", music_bucket="music", index_bucket="index")
        self.tracks = FakeTrackStore()
        self.uploads = FakeUploadStore()
        self.users = FakeUserStore()
        self.plays = FakePlayStore()
        self.index_builds = FakeIndexBuildStore()
        self.dead_letters = FakeDeadLetterStore()
        self.backfills = FakeBackfillStore()
        self.reanalyses = FakeReanalysisStore(self.tracks)
        self.music_bucket = FakeMusicBucket()
        self.upload_queue = FakeUploadQueue()
        self.upload_redelivery = FakeRedelivery()
        self.uploads_dead_letter_queue = FakeDeadLetterQueue()
        self.queue_watch = FakeQueueWatch()
        self.lag_watch = FakeLagWatch()
        self.record_reader = FakeRecordReader()
        self.play_publisher = FakePlayPublisher()


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    stores = Stores()
    for name, store in vars(stores).items():
        monkeypatch.setattr(bootstrap, name, lambda store=store: store)
    monkeypatch.setattr(bootstrap, "source_bucket", lambda name: FakeSourceBucket(stores.music_bucket.other_buckets[name]))
    yield stores
    bootstrap.reset()


def read_json(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_status_tells_of_index_queues_and_dead_letters(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    stores.index_builds.add(make_build("build-7", is_current=True))
    stores.dead_letters.add(make_letter("l1"))
    stores.plays.record(make_play("e1"))
    assert cli.main(["status", "--json"]) == 0
    [status] = read_json(capsys)
    assert status["current_build"]["build_id"] == "build-7"
    assert status["index_age_s"] >= 0
    assert (status["plays_waiting"], status["dead_letter_count"]) == (1, 1)
    assert status["queues"][0] == {"name": "uploads", "waiting": 0, "in_flight": 0, "delayed": 0}
    assert cli.main(["status"]) == 0
    shown = capsys.readouterr().out
    for words in ("build-7", "the oldest waits", "uploads-dead-letters", "unknown", "not JSON"):
        assert words in shown


def test_status_tells_what_waits_in_kafka_or_why_that_is_not_known(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    stores.lag_watch.waiting = [0, 3, 0, 4]
    assert cli.main(["status", "--json"]) == 0
    [status] = read_json(capsys)
    assert (status["consumer_lag"]["waiting"], status["consumer_lag"]["partitions"][1]["waiting"]) == (7, 3)
    assert cli.main(["status"]) == 0
    assert "7 in 4 partitions (1: 3, 3: 4), group timbre-dev-recommend" in " ".join(capsys.readouterr().out.split())
    stores.lag_watch.waiting = None
    assert cli.main(["status"]) == 0
    assert "unknown: ConnectionRefusedError" in capsys.readouterr().out


def fail_upload(stores: Stores) -> None:
    upload = stores.uploads.create(make_upload("a"))
    stores.music_bucket.put(upload.key, b"audio")
    stores.uploads.mark_failed("a", key=upload.key, error_code="crashed", message="Why.", now=datetime.now(UTC))


def test_redrive_without_a_word_of_consent_only_shows_what_it_would_do(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    fail_upload(stores)
    assert cli.main(["redrive", "uploads"]) == 0
    written = capsys.readouterr()
    assert "1 uploads can be redriven" in written.err
    assert "uploads/a/song.mp3" in written.out
    assert stores.upload_queue.queued == []


def test_redrive_of_uploads_counts_what_still_lies_in_the_dead_letter_queue(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    fail_upload(stores)
    stores.uploads_dead_letter_queue.bodies = {"h": encode_notification("music", make_object("uploads/b.mp3"))}
    stores.queue_watch.waiting["uploads-dead-letters"] = 1
    assert cli.main(["redrive", "uploads", "--yes", "--json"]) == 0
    assert read_json(capsys) == [{"can_be_redriven": 2}, {"beyond_help": {}}, {"redriven": 2}]
    assert len(stores.upload_queue.queued) == len(stores.upload_redelivery.sent_again) == 1


@pytest.mark.parametrize(("is_down", "code", "redriven"), [(False, 0, 1), (True, 1, 0)])
def test_redrive_of_plays_says_whether_kafka_took_them(
    stores: Stores, capsys: pytest.CaptureFixture[str], is_down: bool, code: int, redriven: int
) -> None:
    stores.users.add(make_user("ann", "Ann"))
    track = attach_track(stores.tracks, make_analysis("song"))
    play = make_play("e1", track_id=track.track_id, occurred_at=datetime.now(UTC))
    stores.dead_letters.add(make_letter("plays-e1", payload=encode_play(play, "song").decode()))
    stores.play_publisher.is_down = is_down
    assert cli.main(["redrive", "plays", "--yes", "--json"]) == code
    assert read_json(capsys)[-1] == {"redriven": redriven}


def test_redrive_shows_that_a_lost_batch_is_settled_and_why(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    payload = '{"KafkaBatchInfo":{"recordsInfo":{"plays-0":{"firstRecordOffset":"3","lastRecordOffset":"4"}}}}'
    stores.dead_letters.add(make_letter("batch-plays-0-3", payload=payload))
    assert cli.main(["redrive", "plays"]) == 0
    assert "has taken effect" in " ".join(capsys.readouterr().out.split())
    assert stores.dead_letters.count() == 1
    assert cli.main(["redrive", "plays", "--yes", "--json"]) == 0
    assert read_json(capsys)[-1] == {"redriven": 1}
    assert stores.dead_letters.count() == 0
    assert stores.record_reader.calls[-1] == "close"


def test_backfill_feeds_a_bucket_and_says_how_much(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    stores.music_bucket.other_buckets["old"] = {f"a/{number}.mp3": b"%d" % number for number in range(7)} | {"b/x.mp3": b"x"}
    assert cli.main(["backfill", "s3://old/a/", "--rate", "10000", "--json"]) == 0
    [done] = read_json(capsys)
    assert (done["queued"], done["is_finished"], done["last_key"]) == (7, True, "a/6.mp3")
    assert len(stores.music_bucket.objects) == 7


@pytest.mark.parametrize("source", ["old", "http://old/a", "s3://", "s3:/old"])
def test_a_source_that_is_none_is_refused_by_a_sentence(source: str) -> None:
    with pytest.raises(InvalidInputError, match="s3://bucket/prefix"):
        parse_source(source)


def test_a_prefix_may_hold_anything() -> None:
    assert parse_source("s3://old/a b#c?d/ü") == ("old", "a b#c?d/ü")
    assert parse_source("s3://old") == ("old", "")
