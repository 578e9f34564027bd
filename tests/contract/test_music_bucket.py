"""What every MusicBucket does."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from botocore.stub import Stubber
from mypy_boto3_s3 import S3Client

from chalicelib.errors import AudioError, StoreUnavailableError
from chalicelib.storage.music_bucket import S3MusicBucket
from chalicelib.storage.source_bucket import S3SourceBucket
from chalicelib.way_model import StoredPart
from chalicelib.workflows.ports import MusicBucket
from tests.fakes.buckets import FakeMusicBucket

KEYS = ["uploads/a b+c.mp3", "uploads/übung/ß %20 &=?#.mp3", "uploads/x.mp3"]


@pytest.fixture(params=["fake", "s3"])
def music(request: pytest.FixtureRequest) -> MusicBucket:
    if request.param == "fake":
        return FakeMusicBucket()
    return S3MusicBucket(request.getfixturevalue("s3_client"), request.getfixturevalue("bucket"))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"ID3" + bytes(3000))
    return path


@pytest.mark.parametrize("key", KEYS)
def test_an_object_is_downloaded_as_it_was_put(music: MusicBucket, song: Path, tmp_path: Path, key: str) -> None:
    stored = music.put_audio(key, song)
    assert (stored.key, stored.size_bytes) == (key, 3003)
    assert '"' not in stored.etag
    assert music.head(key) == stored
    target = tmp_path / "copy"
    assert music.download(key, target, max_bytes=3003) == stored
    assert target.read_bytes() == song.read_bytes()


def test_an_object_that_is_not_there_is_none(music: MusicBucket, tmp_path: Path) -> None:
    assert music.head("uploads/nothing.mp3") is None
    assert music.download("uploads/nothing.mp3", tmp_path / "x", max_bytes=9) is None
    assert not (tmp_path / "x").exists()
    music.remove("uploads/nothing.mp3")


def test_an_object_over_the_limit_is_not_downloaded(music: MusicBucket, song: Path, tmp_path: Path) -> None:
    music.put_audio("uploads/x.mp3", song)
    with pytest.raises(AudioError) as caught:
        music.download("uploads/x.mp3", tmp_path / "x", max_bytes=3002)
    assert caught.value.code == "too_long"
    assert not (tmp_path / "x").exists()


def test_a_removed_object_is_gone(music: MusicBucket, song: Path) -> None:
    music.put_audio("uploads/x.mp3", song)
    music.remove("uploads/x.mp3")
    assert music.head("uploads/x.mp3") is None
    assert list(music.list_uploads()) == []


def test_uploads_are_listed_without_covers_and_folders(music: MusicBucket, song: Path) -> None:
    stored = [music.put_audio(key, song) for key in KEYS]
    music.put_cover("covers/t1.jpg", b"jpeg", "image/jpeg")
    music.put_cover("uploads/folder/", b"", "application/x-directory")
    assert sorted(music.list_uploads(), key=lambda one: one.key) == sorted(stored, key=lambda one: one.key)
    assert [one.key for one in music.list_uploads(prefix="covers/")] == ["covers/t1.jpg"]


class ClientOfSmallPages:
    """A client that lists two objects a page."""

    def __init__(self, client: S3Client) -> None:
        self.client = client

    def get_paginator(self, _operation: Literal["list_objects_v2"]) -> ClientOfSmallPages:
        return self

    def paginate(self, **wanted: str) -> object:
        return self.client.get_paginator("list_objects_v2").paginate(**wanted, PaginationConfig={"PageSize": 2})  # type: ignore[arg-type]


def test_more_than_a_page_of_uploads_is_listed(s3_client: S3Client, bucket: str) -> None:
    for number in range(5):
        s3_client.put_object(Bucket=bucket, Key=f"uploads/{number}.mp3", Body=b"x")
    music = S3MusicBucket(ClientOfSmallPages(s3_client), bucket)  # type: ignore[arg-type]
    assert [one.key for one in music.list_uploads()] == [f"uploads/{number}.mp3" for number in range(5)]


def test_a_presigned_url_gives_the_object_and_its_ranges(s3_client: S3Client, bucket: str, song: Path) -> None:
    music = S3MusicBucket(s3_client, bucket)
    music.put_audio(KEYS[1], song)
    url = music.presign_get(KEYS[1], expires_s=60, mime="audio/mpeg")
    whole = httpx.get(url, timeout=5)
    assert (whole.content, whole.headers["Content-Type"]) == (song.read_bytes(), "audio/mpeg")
    part = httpx.get(url, headers={"Range": "bytes=0-2"}, timeout=5)
    assert (part.status_code, part.content) == (206, b"ID3")


def test_a_presigned_post_limits_size_type_and_key(s3_client: S3Client, bucket: str) -> None:
    url, fields = S3MusicBucket(s3_client, bucket).presign_post("uploads/u1/a.mp3", max_bytes=500, expires_s=60)
    assert url.endswith(bucket)
    assert fields["key"] == "uploads/u1/a.mp3"
    conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    assert ["content-length-range", 1, 500] in conditions
    assert ["starts-with", "$Content-Type", "audio/"] in conditions
    assert {"key": "uploads/u1/a.mp3"} in conditions


def test_a_cover_keeps_its_type(s3_client: S3Client, bucket: str) -> None:
    S3MusicBucket(s3_client, bucket).put_cover("covers/t1.png", b"png", "image/png")
    assert s3_client.head_object(Bucket=bucket, Key="covers/t1.png")["ContentType"] == "image/png"


def test_s3_that_does_not_answer_is_unavailable(unreachable_s3_client: S3Client, song: Path, tmp_path: Path) -> None:
    music = S3MusicBucket(unreachable_s3_client, "nowhere")
    for act in (
        lambda: music.head("uploads/x.mp3"),
        lambda: music.download("uploads/x.mp3", tmp_path / "x", max_bytes=9),
        lambda: music.put_audio("uploads/x.mp3", song),
        lambda: music.remove("uploads/x.mp3"),
        lambda: list(music.list_uploads()),
    ):
        with pytest.raises(StoreUnavailableError):
            act()


def test_a_bucket_that_is_missing_is_not_an_object_that_is_missing(s3_client: S3Client, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        S3MusicBucket(s3_client, "no-such-bucket").download("uploads/x.mp3", tmp_path / "x", max_bytes=9)


@pytest.mark.parametrize("key", KEYS)
def test_another_buckets_object_is_copied_without_passing_through_us(request: pytest.FixtureRequest, song: Path, key: str) -> None:
    client: S3Client = request.getfixturevalue("s3_client")
    music = S3MusicBucket(client, request.getfixturevalue("bucket"))
    old = f"{request.getfixturevalue('bucket')}-old"
    client.create_bucket(Bucket=old)
    client.put_object(Bucket=old, Key=key, Body=song.read_bytes())
    assert music.copy_from(old, key, "uploads/backfill/x/song.mp3")
    copied = music.head("uploads/backfill/x/song.mp3")
    assert copied is not None
    assert copied.size_bytes == 3003
    assert not music.copy_from(old, "nothing.mp3", "uploads/backfill/y/song.mp3")
    assert music.head("uploads/backfill/y/song.mp3") is None


def test_a_source_is_listed_by_key_from_where_it_was_left(s3_client: S3Client, bucket: str) -> None:
    for name in ("a/1.mp3", "a/2 ü+.mp3", "a/3.mp3", "a/folder/", "b/4.mp3"):
        s3_client.put_object(Bucket=bucket, Key=name, Body=b"x")
    source = S3SourceBucket(s3_client, bucket)
    assert [stored.key for stored in source.list_objects("a/")] == ["a/1.mp3", "a/2 ü+.mp3", "a/3.mp3"]
    assert [stored.key for stored in source.list_objects("a/", after="a/1.mp3")] == ["a/2 ü+.mp3", "a/3.mp3"]
    assert [stored.key for stored in source.list_objects("", after="a/3.mp3")] == ["b/4.mp3"]


def test_a_source_that_is_not_there_is_a_store_that_is_away(s3_client: S3Client) -> None:
    with pytest.raises(StoreUnavailableError):
        list(S3SourceBucket(s3_client, "no-such-bucket-anywhere").list_objects(""))


@pytest.mark.parametrize("kind", ["fake", "s3"])
def test_a_file_is_put_together_from_its_parts(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """5 MiB is the least that S3 takes for a part that is not the last."""
    pieces = [b"a" * (5 << 20), b"the end"]
    music = FakeMusicBucket() if kind == "fake" else S3MusicBucket(request.getfixturevalue("s3_client"), request.getfixturevalue("bucket"))
    key = "uploads/u1/große Datei + 1.mp3"
    multipart_id = music.begin_parts(key, mime="audio/mpeg")
    assert music.list_parts(key, multipart_id) == []
    for number, piece in enumerate(pieces, start=1):
        url = music.presign_part(key, multipart_id, number=number, size_bytes=len(piece), expires_s=60)
        if isinstance(music, FakeMusicBucket):
            music.put_part(multipart_id, number, piece)
        else:
            assert httpx.put(url, content=piece, timeout=30).raise_for_status().headers["ETag"]
    stored = music.list_parts(key, multipart_id)
    assert stored is not None
    assert [(part.number, part.size_bytes) for part in stored] == [(1, 5 << 20), (2, 7)]
    assert music.head(key) is None
    assert music.complete_parts(key, multipart_id, stored)
    head = music.download(key, tmp_path / "whole", max_bytes=10 << 20)
    assert head is not None
    assert (tmp_path / "whole").read_bytes() == b"".join(pieces)
    assert music.list_parts(key, multipart_id) is None


@pytest.mark.parametrize("kind", ["fake", "s3"])
def test_aborted_parts_are_gone_and_aborting_again_is_no_error(kind: str, request: pytest.FixtureRequest) -> None:
    music = FakeMusicBucket() if kind == "fake" else S3MusicBucket(request.getfixturevalue("s3_client"), request.getfixturevalue("bucket"))
    multipart_id = music.begin_parts("uploads/u1/a.mp3", mime="audio/mpeg")
    for _ in range(2):
        music.abort_parts("uploads/u1/a.mp3", multipart_id)
    assert music.list_parts("uploads/u1/a.mp3", multipart_id) is None


def test_completing_what_is_not_there_is_told_from_s3_being_away(s3_client: S3Client, bucket: str) -> None:
    """By S3's own word for it: moto crashes there."""
    with Stubber(s3_client) as stub:
        stub.add_client_error("complete_multipart_upload", service_error_code="NoSuchUpload", http_status_code=404)
        assert not S3MusicBucket(s3_client, bucket).complete_parts("uploads/u1/a.mp3", "gone", [StoredPart(1, "e1", 1)])
        stub.add_client_error("complete_multipart_upload", service_error_code="SlowDown", http_status_code=503)
        with pytest.raises(StoreUnavailableError):
            S3MusicBucket(s3_client, bucket).complete_parts("uploads/u1/a.mp3", "busy", [StoredPart(1, "e1", 1)])


def test_the_permission_for_a_part_is_for_its_length_alone(s3_client: S3Client, bucket: str) -> None:
    music = S3MusicBucket(s3_client, bucket)
    multipart_id = music.begin_parts("uploads/u1/a.mp3", mime="audio/mpeg")
    url = music.presign_part("uploads/u1/a.mp3", multipart_id, number=3, size_bytes=77, expires_s=60)
    asked = parse_qs(urlsplit(url).query)
    assert (asked["partNumber"], asked["uploadId"]) == (["3"], [multipart_id])
    assert "content-length" in asked["X-Amz-SignedHeaders"][0]
