"""The Lambda entry points, from AWS's event to AWS's answer: real parsing, workflows, analysis and index over stores in memory."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import numpy as np
import pytest
import soundfile

from chalicelib import bootstrap
from chalicelib.config import Settings
from chalicelib.upload_ids import derive_upload_id
from chalicelib.workflows.current_index import CurrentIndex
from functions.build_index import handler as build_index
from functions.extract_features import handler as extract_features
from functions.recommend import handler as recommend
from functions.record_dead_letter import handler as record_dead_letter
from functions.relay_plays import handler as relay_plays
from tests.fakes.account_stores import FakeExportBucket, make_fake_account_stores
from tests.fakes.buckets import FakeIndexBucket, FakeMusicBucket
from tests.fakes.query_store import FakeQueryStore
from tests.fakes.queues import FakeBuildQueue, FakePlayPublisher, FakeUploadQueue
from tests.fakes.reanalysis_store import FakeReanalysisStore
from tests.fakes.redelivery import FakeRedelivery
from tests.fakes.samples import make_play, make_user
from tests.fakes.stores import (
    FakeDeadLetterStore,
    FakeFeedbackStore,
    FakeIndexBuildStore,
    FakeLeaseStore,
    FakeListenerStore,
    FakeListeningStore,
    FakePassageStore,
    FakePlayStore,
    FakeRecommendationStore,
    FakeSessionStore,
    FakeTrackStore,
    FakeUploadStore,
    FakeUserStore,
)

EVENTS = Path(__file__).parents[2] / "events"
SAMPLE_RATE = 22_050


class Stores:
    """What `bootstrap` hands out in these tests, each under the name of its function."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(
            mongodb_uri="unused", music_bucket="music", index_bucket="index", index_build_delay_s=3, index_refresh_s=0.0
        )
        self.music_bucket = FakeMusicBucket()
        self.index_bucket = FakeIndexBucket()
        self.tracks = FakeTrackStore()
        self.passages = FakePassageStore(self.tracks)
        self.uploads = FakeUploadStore()
        self.sound_queries = FakeQueryStore()
        self.reanalyses = FakeReanalysisStore(self.tracks)
        self.upload_queue = FakeUploadQueue()
        self.users = FakeUserStore()
        self.plays = FakePlayStore()
        self.feedback = FakeFeedbackStore()
        self.listener_states = FakeListenerStore(self.users, self.plays, self.feedback)
        self.recommendations = FakeRecommendationStore(self.plays)
        self.index_builds = FakeIndexBuildStore()
        self.leases = FakeLeaseStore()
        self.dead_letters = FakeDeadLetterStore()
        self.build_queue = FakeBuildQueue()
        self.upload_redelivery = FakeRedelivery()
        self.build_redelivery = FakeRedelivery()
        self.play_publisher = FakePlayPublisher()
        self.listening = FakeListeningStore()
        self.account_stores = make_fake_account_stores(
            users=self.users,
            sessions=FakeSessionStore(),
            plays=self.plays,
            feedback=self.feedback,
            recommendations=self.recommendations,
            uploads=self.uploads,
            tracks=self.tracks,
        )
        self.export_bucket = FakeExportBucket()
        self.prepared_database = None
        self.current_index = CurrentIndex(self.index_bucket, folder, refresh_s=0.0)

    def drop(self, key: str, seed: int) -> dict[str, Any]:
        """A song into the bucket; the event that tells of it."""
        self.music_bucket.put(key, compose(seed))
        body = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": quote_plus(key, safe="/"), "sequencer": "1"}}}]}
        return {"Records": [{"messageId": f"m-{seed}", "receiptHandle": f"h-{seed}", "body": json.dumps(body)}]}


class Context:
    def __init__(self, remaining_ms: int = 60_000) -> None:
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining_ms


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    stores = Stores(tmp_path / "index")
    for name, store in vars(stores).items():
        monkeypatch.setattr(bootstrap, name, lambda store=store: store)
    yield stores
    bootstrap.reset()


def compose(seed: int) -> bytes:
    """Three seconds of coloured noise and a tone: real audio that differs from seed to seed."""
    dice = np.random.default_rng(seed)
    time_s = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    noise = np.convolve(dice.normal(size=time_s.size), np.ones(1 + seed % 7), mode="same")
    signal = 0.05 * noise + 0.3 * np.sin(2 * np.pi * (110 + 55 * (seed % 5)) * time_s)
    file = io.BytesIO()
    soundfile.write(file, signal.astype(np.float32), SAMPLE_RATE, format="MP3")
    return file.getvalue()


def load(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def make_play_event(event_id: str, user_id: str, track_id: str) -> dict[str, Any]:
    value = {"schema": 1, "event_id": event_id, "user_id": user_id, "track_id": track_id, "occurred_at": "2026-11-20T09:12:33Z"}
    record = {"topic": "plays", "partition": 0, "offset": 5, "value": b64encode(json.dumps(value).encode()).decode()}
    return {"eventSource": "aws:kafka", "records": {"plays-0": [record]}}


def test_from_dropped_files_to_recommendations_with_reasons(stores: Stores) -> None:
    stores.users.add(make_user("ann", "Ann"))
    keys = [f"uploads/Sång {number} + more.mp3" for number in range(8)]
    for number, key in enumerate(keys):
        assert extract_features.handle(stores.drop(key, number), Context()) == {"batchItemFailures": []}
    assert stores.uploads.count_by_status()["analysed"] == 8
    answer = build_index.handle(load("builds_by_sqs"), Context())
    assert answer == {"outcome": "published", "batchItemFailures": []}
    assert stores.uploads.count_by_status()["indexed"] == 8
    receipt = stores.uploads.find(derive_upload_id(keys[0], "1"))
    assert receipt is not None
    assert receipt.track_id is not None
    assert recommend.handle(make_play_event("e1", "ann", receipt.track_id), Context()) == {"batchItemFailures": []}
    found = stores.recommendations.find("ann")
    assert found is not None
    assert (found.basis, found.plays_processed, found.play_event_ids) == ("plays", 1, ("e1",))
    assert receipt.track_id not in {item.track_id for item in found.items}
    assert all(item.reasons[0].track_id == receipt.track_id for item in found.items)


def test_a_song_dropped_after_the_build_is_standardized_as_it_comes(stores: Stores) -> None:
    for number in range(3):
        extract_features.handle(stores.drop(f"uploads/{number}.mp3", number), Context())
    build_index.handle(load("schedule"), Context())
    extract_features.handle(stores.drop("uploads/late.mp3", 9), Context())
    late = next(track for track in stores.tracks.tracks.values() if track.objects[0].key == "uploads/late.mp3")
    assert late.scaler_version == 1
    assert late.mfcc_standardized is not None


def test_a_removed_object_takes_its_track_along(stores: Stores) -> None:
    extract_features.handle(stores.drop("uploads/one.mp3", 1), Context())
    stores.music_bucket.remove("uploads/one.mp3")
    assert extract_features.handle(load("s3_removed"), Context()) == {"batchItemFailures": []}
    assert stores.tracks.count_active() == 0


def test_garbage_in_the_bucket_and_in_the_queue_is_consumed(stores: Stores) -> None:
    stores.music_bucket.put("uploads/0123456789abcdef01234567/song.mp3", b"this is no song")
    assert extract_features.handle(load("s3_by_sqs_garbage_beside_good"), Context()) == {"batchItemFailures": []}
    receipt = stores.uploads.find("0123456789abcdef01234567")
    assert receipt is not None
    assert (receipt.status, receipt.error_code) == ("failed", "not_audio")
    assert stores.dead_letters.count() == 2


def test_a_store_that_is_away_names_the_message_and_puts_it_off(stores: Stores) -> None:
    event = stores.drop("uploads/one.mp3", 1)
    stores.uploads.is_down = True
    assert extract_features.handle(event, Context()) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert stores.upload_redelivery.put_off == [("h-1", 5)]


def test_a_test_event_of_s3_is_nothing(stores: Stores) -> None:
    assert extract_features.handle(load("s3_by_sqs_test_event"), Context()) == {"batchItemFailures": []}
    assert stores.music_bucket.calls == []


def test_bad_plays_go_to_the_dead_letters_and_a_store_away_names_the_offset(stores: Stores) -> None:
    stores.users.add(make_user("user-1", "Ann"))
    assert recommend.handle(load("kafka_bad_beside_good"), Context()) == {"batchItemFailures": []}
    assert stores.dead_letters.count() == 10, "nine unreadable, one of a track that nobody has"
    stores.plays.is_down = True
    answer = recommend.handle(load("kafka_msk"), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": {"partition": "plays-0", "offset": 1}}]}


def test_the_relay_sends_what_waits_and_stops_when_time_is_up(stores: Stores) -> None:
    stores.plays.record(make_play("e1", occurred_at=datetime.now(UTC) - timedelta(minutes=1)))
    assert relay_plays.handle(load("schedule"), Context(remaining_ms=1_000)) == {"sent": 0}
    assert relay_plays.handle(load("schedule"), Context()) == {"sent": 1}
    assert relay_plays.handle(load("schedule"), Context()) == {"sent": 0}


def test_dead_messages_of_every_kind_end_as_letters(stores: Stores) -> None:
    stores.music_bucket.put("uploads/killer.mp3", b"poison")
    for name in ("dead_upload", "dead_build", "dead_plays", "dead_garbage"):
        assert record_dead_letter.handle(load(name), Context()) == {"batchItemFailures": []}
    assert {letter.source for letter in stores.dead_letters.list_newest(limit=10)} == {"uploads", "builds", "plays", "unknown"}
    assert [receipt.error_code for receipt in stores.uploads.uploads.values()] == ["crashed"]


def test_dead_messages_wait_for_a_store_that_is_away(stores: Stores) -> None:
    stores.dead_letters.is_down = True
    assert record_dead_letter.handle(load("dead_build"), Context()) == {"batchItemFailures": [{"itemIdentifier": "d-2"}]}
