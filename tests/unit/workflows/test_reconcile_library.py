from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from chalicelib.model import StoredObject
from chalicelib.upload_ids import derive_upload_id
from chalicelib.workflows.reconcile_library import Reconciliation, reconcile_library
from tests.fakes.buckets import FakeMusicBucket
from tests.fakes.queues import FakeBuildQueue, FakeUploadQueue
from tests.fakes.samples import NOW, at, make_analysis, make_track_id, make_upload
from tests.fakes.stores import FakeTrackStore, FakeUploadStore


@dataclass
class World:
    music: FakeMusicBucket = field(default_factory=FakeMusicBucket)
    tracks: FakeTrackStore = field(default_factory=FakeTrackStore)
    uploads: FakeUploadStore = field(default_factory=FakeUploadStore)
    queue: FakeUploadQueue = field(default_factory=FakeUploadQueue)
    builds: FakeBuildQueue = field(default_factory=FakeBuildQueue)

    def reconcile(self, after_s: float = 60) -> Reconciliation:
        self.queue.queued.clear()
        return reconcile_library(
            music_bucket=self.music,
            tracks=self.tracks,
            uploads=self.uploads,
            upload_queue=self.queue,
            build_queue=self.builds,
            now=at(after_s),
        )

    def ingest(self, key: str, content: bytes = b"song") -> StoredObject:
        stored = self.music.put(key, content)
        track = self.tracks.attach_object(make_analysis(key), stored, cover_key=None, mfcc_standardized=None, scaler_version=None, now=NOW)
        self.uploads.begin_attempt(derive_upload_id(key, "1"), key=key, now=NOW)
        self.uploads.mark_analysed(derive_upload_id(key, "1"), track_id=track.track_id, seq=track.seq, warnings=(), now=NOW)
        return stored

    def queued_keys(self) -> list[str]:
        return [stored.key for stored in self.queue.queued]


@pytest.fixture
def world() -> World:
    return World()


def test_where_all_agree_nothing_is_queued(world: World) -> None:
    world.ingest("uploads/a.mp3")
    assert world.reconcile() == Reconciliation(objects=1, queued=0, detached=0, never_arrived=0)
    assert world.builds.requests == [0], "the build that was asked for may be among what was lost"


def test_an_object_whose_event_was_lost_is_queued(world: World) -> None:
    world.music.put("uploads/a.mp3", b"song")
    world.music.put("uploads/folder/", b"")
    assert world.reconcile().queued == 1
    assert world.queued_keys() == ["uploads/a.mp3"]


def test_an_object_that_was_overwritten_unseen_is_queued(world: World) -> None:
    world.ingest("uploads/a.mp3")
    world.music.put("uploads/a.mp3", b"another song")
    world.reconcile()
    assert world.queued_keys() == ["uploads/a.mp3"]


def test_an_object_that_was_refused_is_not_tried_again(world: World) -> None:
    world.music.put("uploads/a.mp3", b"text")
    world.uploads.mark_failed("u1", key="uploads/a.mp3", error_code="not_audio", message="No audio.", now=NOW)
    assert world.reconcile().queued == 0


def test_an_object_that_was_said_to_be_gone_and_is_there_is_queued(world: World) -> None:
    world.music.put("uploads/a.mp3", b"song")
    world.uploads.mark_failed("u1", key="uploads/a.mp3", error_code="gone", message="Gone.", now=NOW)
    assert world.reconcile().queued == 1


def test_a_track_whose_object_was_removed_unseen_is_detached_and_a_build_asked_for(world: World) -> None:
    world.ingest("uploads/a.mp3")
    world.ingest("uploads/b.mp3")
    world.music.remove("uploads/a.mp3")
    assert world.reconcile().detached == 1
    assert world.tracks.find(make_track_id("uploads/a.mp3")) is None
    assert world.tracks.find(make_track_id("uploads/b.mp3")) is not None
    assert world.builds.requests == [0]


def test_a_receipt_that_was_left_half_way_is_taken_up_once(world: World) -> None:
    """Killed between attaching the object and finishing the receipt."""
    stored = world.ingest("uploads/a.mp3")
    world.uploads.uploads.clear()
    world.uploads.begin_attempt("u1", key=stored.key, now=NOW)
    world.reconcile()
    assert world.queued_keys() == ["uploads/a.mp3"]


def test_a_file_that_never_came_fails_its_receipt_in_time_and_not_before(world: World) -> None:
    world.uploads.create(make_upload("0" * 24))
    assert world.reconcile(3600).never_arrived == 0
    assert world.reconcile(7 * 3600).never_arrived == 1
    receipt = world.uploads.find("0" * 24)
    assert receipt is not None
    assert (receipt.status, receipt.error_code) == ("failed", "never_arrived")


def test_an_older_receipt_of_an_overwritten_key_does_not_wait_for_ever(world: World) -> None:
    world.music.put("uploads/a.mp3", b"song")
    world.uploads.begin_attempt("older", key="uploads/a.mp3", now=NOW)
    world.uploads.begin_attempt("newer", key="uploads/a.mp3", now=at(1))
    world.reconcile()
    older, newer = world.uploads.find("older"), world.uploads.find("newer")
    assert older is not None
    assert newer is not None
    assert (older.status, older.error_code, newer.status) == ("failed", "replaced", "queued")
    assert world.queued_keys() == ["uploads/a.mp3"]
