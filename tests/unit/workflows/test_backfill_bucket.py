"""An existing bucket through the uploads queue: everything once, resumable anywhere, no faster than asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import StoreUnavailableError
from chalicelib.model import Backfill
from chalicelib.upload_ids import is_upload_key
from chalicelib.workflows.backfill_bucket import Backfilling, backfill_bucket, begin_backfill, count_objects, name_copy
from tests.fakes.buckets import FakeMusicBucket, FakeSourceBucket
from tests.fakes.queues import FakeQueueWatch, FakeUploadQueue
from tests.fakes.samples import NOW
from tests.fakes.stores import FakeBackfillStore


class Scene:
    """A bucket of 250 songs and a picture; time passes only by sleeping."""

    def __init__(self, *, is_own: bool = False, rate_per_s: float = 1e9) -> None:
        prefix = "uploads/" if is_own else "archive/"
        self.objects = {f"{prefix}{number:04}.mp3": b"audio %d" % number for number in range(250)} | {f"{prefix}cover.png": b"png"}
        self.source = FakeSourceBucket(self.objects)
        self.bucket = FakeMusicBucket()
        self.bucket.other_buckets["old"] = self.objects
        self.queue = FakeUploadQueue()
        self.watch = FakeQueueWatch()
        self.store = FakeBackfillStore()
        self.time_s = 0.0
        self.slept: list[float] = []
        self.backfilling = Backfilling(
            bucket="music" if is_own else "old",
            prefix=prefix,
            is_music_bucket=is_own,
            source=self.source,
            music_bucket=self.bucket,
            upload_queue=self.queue,
            queue_watch=self.watch,
            backfills=self.store,
            clock=lambda: NOW,
            monotonic=lambda: self.time_s,
            sleep=self.sleep,
            rate_per_s=rate_per_s,
            waiting_max=1000,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time_s += seconds
        self.watch.waiting["uploads"] = 0

    def run(self, *, resume: bool = False) -> Backfill:
        return backfill_bucket(begin_backfill(self.backfilling, resume=resume), self.backfilling, report=lambda _state: None)


def test_another_buckets_songs_are_copied_into_the_drop_zone() -> None:
    scene = Scene()
    done = scene.run()
    assert (done.queued, done.skipped, done.failed, done.is_finished) == (250, 1, 0, True)
    assert len(scene.bucket.objects) == 250
    assert all(is_upload_key(key) for key in scene.bucket.objects)
    assert sorted(scene.bucket.objects.values()) == sorted(data for data in scene.objects.values() if data != b"png")
    assert scene.queue.queued == [], "S3 announces the copies itself"


def test_what_lies_in_the_drop_zone_is_queued_in_place() -> None:
    scene = Scene(is_own=True)
    assert scene.run().queued == 250
    assert sorted(stored.key for stored in scene.queue.queued) == sorted(key for key in scene.objects if key.endswith(".mp3"))
    assert scene.bucket.objects == {}


@pytest.mark.parametrize("broken_after", [0, 1, 99, 100, 101, 249])
def test_what_was_broken_off_goes_on_and_nothing_is_left_out(broken_after: int) -> None:
    scene = Scene()
    scene.source.breaks_after = broken_after
    with pytest.raises(StoreUnavailableError):
        scene.run()
    scene.source.breaks_after = None
    done = scene.run()
    assert (done.queued, done.skipped, len(scene.bucket.objects)) == (250, 1, 250)


def test_a_whole_batch_is_not_done_again() -> None:
    scene = Scene()
    scene.source.breaks_after = 220
    with pytest.raises(StoreUnavailableError):
        scene.run()
    assert scene.bucket.calls.count("copy_from") == 200
    scene.source.breaks_after = None
    scene.run()
    assert scene.bucket.calls.count("copy_from") == 250


def test_a_finished_backfill_begins_anew_or_goes_on_with_what_is_new() -> None:
    scene = Scene()
    scene.run()
    scene.objects["archive/later.mp3"] = b"new"
    assert scene.run(resume=True).queued == 251
    assert scene.bucket.calls.count("copy_from") == 251
    assert scene.run().queued == 251
    assert len(scene.bucket.objects) == 251, "the same keys again"


def test_an_object_that_is_gone_or_forbidden_is_counted_and_the_others_go_on() -> None:
    scene = Scene()
    scene.bucket.other_buckets["old"] = {key: data for key, data in scene.objects.items() if not key.endswith("7.mp3")}
    done = scene.run()
    assert (done.queued, done.failed) == (225, 25)


def test_no_more_are_queued_in_a_second_than_asked_for() -> None:
    scene = Scene(rate_per_s=5)
    scene.run()
    assert scene.time_s == pytest.approx(250 / 5, abs=1.0)


def test_a_full_queue_is_waited_for() -> None:
    scene = Scene()
    scene.watch.waiting["uploads"] = 1000
    scene.run()
    assert scene.slept[0] == 2.0


def test_a_queue_whose_depth_is_not_known_holds_nothing_up() -> None:
    scene = Scene()
    scene.watch.waiting = {}
    assert scene.run().is_finished


def test_what_lies_ahead_is_counted() -> None:
    scene = Scene()
    assert list(count_objects(scene.backfilling))[-1] == 251
    assert list(count_objects(scene.backfilling, after="archive/0199.mp3"))[-1] == 51


@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=1024))
def test_every_source_has_a_place_of_its_own_that_s3_takes(bucket: str, key: str) -> None:
    copy = name_copy(bucket, key)
    assert copy == name_copy(bucket, key)
    assert copy.startswith("uploads/backfill/")
    assert len(copy.encode()) <= 1024
    assert copy.rsplit("/", 1)[0] != name_copy(bucket, key + "x").rsplit("/", 1)[0]
