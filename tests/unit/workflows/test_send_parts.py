"""Uploads in parts, and asking for one again."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.config import Settings
from chalicelib.errors import ConflictError, InvalidInputError, TooManyRequestsError
from chalicelib.model import Upload
from chalicelib.workflows.request_upload import UploadPermission, WantedUpload, request_upload
from chalicelib.workflows.send_parts import cancel_upload, complete_upload, list_stored, permit_parts
from tests.fakes.buckets import FakeMusicBucket
from tests.fakes.samples import NOW, at, make_user
from tests.fakes.stores import FakeUploadStore

LIMITS = Settings(
    mongodb_uri="mongodb://fake", music_bucket="m", index_bucket="i", parts_from_bytes=10, part_bytes=6, outstanding_uploads=2
)


class World:
    def __init__(self) -> None:
        self.uploads, self.bucket = FakeUploadStore(), FakeMusicBucket()
        self.drawn = 0

    def ask(self, *, seconds: float = 0, **changes: Any) -> UploadPermission:
        self.drawn += 1
        wanted = {"filename": "Song.mp3", "size_bytes": 20, "content_type": "audio/mpeg", "in_parts": True, **changes}
        return request_upload(
            make_user("ann", "ann"),
            WantedUpload(**wanted),
            drawn_id=f"{self.drawn:024x}",
            uploads=self.uploads,
            bucket=self.bucket,
            limits=LIMITS,
            now=at(seconds),
        )

    def send(self, upload: Upload, *numbers: int) -> None:
        assert upload.parts is not None
        for permitted in permit_parts(upload, numbers, bucket=self.bucket):
            self.bucket.put_part(upload.parts.multipart_id, permitted.number, bytes([permitted.number]) * permitted.size_bytes)


@pytest.fixture
def world() -> World:
    return World()


def test_the_same_key_again_is_the_same_upload(world: World) -> None:
    first = world.ask(request_key="key-0001")
    again = world.ask(request_key="key-0001", seconds=5)
    assert again.upload == first.upload
    assert (len(world.uploads.uploads), len(world.bucket.multiparts)) == (1, 1)
    assert world.ask(request_key="key-0002").upload.upload_id != first.upload.upload_id


def test_two_at_once_under_one_key_leave_one_multipart(world: World) -> None:
    """The other was first between our look and our write."""
    world.ask(request_key="key-0001")
    find, world.uploads.find = world.uploads.find, lambda _: None  # type: ignore[method-assign, assignment]
    again = world.ask(request_key="key-0001")
    world.uploads.find = find  # type: ignore[method-assign]
    assert again.upload.parts is not None
    assert set(world.bucket.multiparts) == {again.upload.parts.multipart_id}


def test_another_listener_with_the_same_key_has_another_upload(world: World) -> None:
    mine = world.ask(request_key="key-0001").upload
    other = request_upload(
        make_user("bob", "bob"),
        WantedUpload(filename="Song.mp3", size_bytes=5, content_type="audio/mpeg", request_key="key-0001"),
        drawn_id="f" * 24,
        uploads=world.uploads,
        bucket=world.bucket,
        limits=LIMITS,
        now=NOW,
    ).upload
    assert other.upload_id != mine.upload_id


def test_only_a_large_file_goes_in_parts_and_only_where_that_is_asked_for(world: World) -> None:
    assert world.ask(size_bytes=10).upload.parts is None
    assert world.ask(in_parts=False).upload.parts is None


def test_who_has_too_many_on_the_way_waits(world: World) -> None:
    first = world.ask(request_key="key-0001").upload
    world.ask()
    with pytest.raises(TooManyRequestsError) as refusal:
        world.ask()
    assert refusal.value.retry_after_s > 0
    assert world.ask(request_key="key-0001").upload == first  # what was permitted stays so
    world.uploads.begin_attempt(first.upload_id, key=first.key, now=NOW)
    world.ask()


def test_permissions_of_an_hour_ago_count_no_more(world: World) -> None:
    world.ask()
    world.ask()
    assert world.ask(seconds=3601)


def test_parts_are_stored_one_by_one_and_become_the_file(world: World) -> None:
    upload = world.ask().upload
    assert list_stored(upload, bucket=world.bucket) == []
    world.send(upload, 1, 3, 4)
    assert [part.number for part in list_stored(upload, bucket=world.bucket)] == [1, 3, 4]
    with pytest.raises(ConflictError, match="1 of 4 parts") as missing:
        complete_upload(upload, bucket=world.bucket)
    assert missing.value.code == "parts_missing"
    world.send(upload, 2)
    complete_upload(upload, bucket=world.bucket)
    assert world.bucket.objects[upload.key] == b"\x01" * 6 + b"\x02" * 6 + b"\x03" * 6 + b"\x04" * 2


def test_completing_again_changes_nothing(world: World) -> None:
    upload = world.ask().upload
    world.send(upload, 1, 2, 3, 4)
    for _ in range(2):
        complete_upload(upload, bucket=world.bucket)
    assert [part.number for part in list_stored(upload, bucket=world.bucket)] == [1, 2, 3, 4]


def test_a_part_of_another_size_does_not_count(world: World) -> None:
    upload = world.ask().upload
    world.send(upload, 1, 2, 3, 4)
    assert upload.parts is not None
    world.bucket.put_part(upload.parts.multipart_id, 2, b"short")
    assert [part.number for part in list_stored(upload, bucket=world.bucket)] == [1, 3, 4]


def test_parts_that_s3_has_let_go_of_are_said_to_be_gone(world: World) -> None:
    upload = world.ask().upload
    world.bucket.multiparts.clear()
    for act in (list_stored, complete_upload):
        with pytest.raises(ConflictError) as gone:
            act(upload, bucket=world.bucket)
        assert gone.value.code == "parts_expired"


def test_no_part_is_permitted_that_is_not_of_the_file(world: World) -> None:
    upload = world.ask().upload
    for number in (0, 5):
        with pytest.raises(InvalidInputError):
            permit_parts(upload, [number], bucket=world.bucket)
    with pytest.raises(ConflictError) as whole:
        permit_parts(world.ask(in_parts=False).upload, [1], bucket=world.bucket)
    assert whole.value.code == "not_in_parts"


def test_calling_off_frees_the_parts_and_the_place(world: World) -> None:
    upload = world.ask().upload
    world.send(upload, 1)
    cancel_upload(upload, uploads=world.uploads, bucket=world.bucket, now=at(1))
    assert world.bucket.multiparts == {}
    cancelled = world.uploads.uploads[upload.upload_id]
    assert (cancelled.status, cancelled.error_code) == ("failed", "cancelled")
    cancel_upload(cancelled, uploads=world.uploads, bucket=world.bucket, now=at(2))
    assert world.uploads.uploads[upload.upload_id] == cancelled


def test_what_has_arrived_is_not_called_off(world: World) -> None:
    upload = world.ask().upload
    world.bucket.put(upload.key, b"song")
    with pytest.raises(ConflictError) as arrived:
        cancel_upload(upload, uploads=world.uploads, bucket=world.bucket, now=at(1))
    assert arrived.value.code == "upload_arrived"
    with pytest.raises(ConflictError):
        cancel_upload(replace(upload, status="indexed"), uploads=world.uploads, bucket=world.bucket, now=at(1))
