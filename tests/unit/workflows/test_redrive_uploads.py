"""Failed uploads back on their way: what is planned, what is done, what a repetition and a broken store leave behind."""

from __future__ import annotations

import pytest

from chalicelib.errors import StoreUnavailableError
from chalicelib.events.queues import encode_notification
from chalicelib.events.s3_events import parse_object_events
from chalicelib.model import StoredObject, Upload
from chalicelib.workflows.redrive_uploads import UploadRedriving, plan_upload_redrive, redrive_uploads
from tests.fakes.buckets import FakeMusicBucket
from tests.fakes.queues import FakeDeadLetterQueue, FakeUploadQueue
from tests.fakes.redelivery import FakeRedelivery
from tests.fakes.samples import NOW, at, make_letter, make_upload
from tests.fakes.stores import FakeDeadLetterStore, FakeUploadStore


class Scene:
    def __init__(self) -> None:
        self.uploads = FakeUploadStore()
        self.letters = FakeDeadLetterStore()
        self.bucket = FakeMusicBucket()
        self.queue = FakeUploadQueue()
        self.redelivery = FakeRedelivery()
        self.dead_queue = FakeDeadLetterQueue()
        self.redriving = UploadRedriving(
            uploads=self.uploads,
            dead_letters=self.letters,
            music_bucket=self.bucket,
            upload_queue=self.queue,
            redelivery=self.redelivery,
            dead_letter_queue=self.dead_queue,
            parse_events=parse_object_events,
            clock=lambda: NOW,
        )

    def fail(self, upload_id: str, code: str, *, key: str | None = None, is_there: bool = True) -> Upload:
        upload = self.uploads.create(make_upload(upload_id, key=key, created_at=at(-10)))
        if is_there:
            self.bucket.put(upload.key, b"audio")
        self.uploads.mark_failed(upload_id, key=upload.key, error_code=code, message="Why.", now=at(-5))
        return upload

    def plan_and_redrive(self) -> int:
        return redrive_uploads(plan_upload_redrive(self.redriving), self.redriving)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def notify(key: str) -> str:
    return encode_notification("music", StoredObject(key=key, etag="e", size_bytes=5))


def test_what_failed_for_a_passing_reason_is_queued_again_and_the_rest_is_counted(scene: Scene) -> None:
    for upload_id, code in [("a", "crashed"), ("b", "gone"), ("c", "not_audio"), ("d", "silent"), ("e", "silent")]:
        scene.fail(upload_id, code)
    scene.fail("f", "never_arrived", is_there=False)
    plan = plan_upload_redrive(scene.redriving)
    assert {each.upload_id for each in plan.receipts} == {"a", "b"}
    assert plan.beyond_help == {"not_audio": 1, "silent": 2, "no such object": 1}
    assert scene.queue.queued == [], "a plan changes nothing"
    assert redrive_uploads(plan, scene.redriving) == 2
    assert {stored.key for stored in scene.queue.queued} == {"uploads/a/song.mp3", "uploads/b/song.mp3"}
    assert scene.uploads.count_by_status() == {"queued": 2, "analysed": 0, "indexed": 0, "failed": 4}


def test_a_second_redrive_finds_nothing_left_to_do(scene: Scene) -> None:
    scene.fail("a", "crashed")
    scene.letters.add(make_letter("l", source="uploads", payload=notify("uploads/x.mp3")))
    assert scene.plan_and_redrive() == 2
    assert scene.plan_and_redrive() == 0
    assert (len(scene.queue.queued), len(scene.redelivery.sent_again)) == (1, 1)


def test_a_letters_message_is_sent_again_once_and_the_letter_is_gone(scene: Scene) -> None:
    upload = scene.fail("a" * 24, "crashed")
    body = notify(upload.key)
    scene.letters.add(make_letter("l1", source="uploads", payload=body))
    scene.letters.add(make_letter("l2", source="uploads", payload="{ garbage"))
    plan = plan_upload_redrive(scene.redriving)
    assert (len(plan.letters), plan.receipts, plan.beyond_help) == (1, (), {"unreadable message": 1})
    assert redrive_uploads(plan, scene.redriving) == 1
    assert scene.redelivery.sent_again == [(body, 0)]
    assert [letter.letter_id for letter in scene.letters.list_newest(limit=9)] == ["l2"]
    assert scene.uploads.uploads[upload.upload_id].status == "queued"


def test_a_letter_stays_when_its_message_could_not_be_sent(scene: Scene) -> None:
    scene.letters.add(make_letter("l1", source="uploads", payload=notify("uploads/x.mp3")))
    scene.redelivery.is_down = True
    with pytest.raises(StoreUnavailableError):
        scene.plan_and_redrive()
    assert scene.letters.count() == 1


def test_a_receipt_is_failed_as_before_when_the_queue_does_not_take_it(scene: Scene) -> None:
    scene.fail("a", "crashed")
    scene.queue.is_down = True
    with pytest.raises(StoreUnavailableError):
        scene.plan_and_redrive()
    receipt = scene.uploads.uploads["a"]
    assert (receipt.status, receipt.error_code, receipt.message) == ("failed", "crashed", "Why.")


def test_a_receipt_that_has_lost_its_message_is_stuck_and_queued_again(scene: Scene) -> None:
    for upload_id, seconds in [("old", -7200), ("young", -60)]:
        upload = scene.uploads.create(make_upload(upload_id, created_at=at(seconds)))
        scene.bucket.put(upload.key, b"audio")
    assert scene.plan_and_redrive() == 1
    assert [stored.key for stored in scene.queue.queued] == ["uploads/old/song.mp3"]


def test_an_upload_that_was_replaced_is_left_alone(scene: Scene) -> None:
    scene.fail("a", "crashed", key="uploads/song.mp3")
    scene.uploads.create(make_upload("b", key="uploads/song.mp3", created_at=NOW))
    assert plan_upload_redrive(scene.redriving).beyond_help == {"replaced by a later upload": 1}


def test_the_dead_letter_queue_is_emptied_but_for_what_nobody_can_read(scene: Scene) -> None:
    scene.dead_queue.bodies = {f"h{number}": notify(f"uploads/{number}.mp3") for number in range(5)} | {"bad": "{"}
    assert scene.plan_and_redrive() == 5
    assert len(scene.redelivery.sent_again) == 5
    assert (set(scene.dead_queue.bodies), scene.dead_queue.held) == ({"bad"}, set())


def test_a_message_stays_in_the_dead_letter_queue_when_its_copy_could_not_be_sent(scene: Scene) -> None:
    scene.dead_queue.bodies = {"h": notify("uploads/1.mp3")}
    scene.redelivery.is_down = True
    with pytest.raises(StoreUnavailableError):
        scene.plan_and_redrive()
    assert set(scene.dead_queue.bodies) == {"h"}
