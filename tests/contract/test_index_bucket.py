"""What every IndexBucket does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from chalicelib.errors import ConflictError, NotFoundError, StoreUnavailableError
from chalicelib.storage.index_bucket import S3IndexBucket
from chalicelib.workflows.ports import IndexBucket
from tests.fakes.buckets import FakeIndexBucket


@pytest.fixture(params=["fake", "s3"])
def indexes(request: pytest.FixtureRequest) -> IndexBucket:
    if request.param == "fake":
        return FakeIndexBucket()
    return S3IndexBucket(request.getfixturevalue("s3_client"), request.getfixturevalue("bucket"))


def test_every_file_of_a_build_is_published_and_fetched(indexes: IndexBucket, tmp_path: Path) -> None:
    (tmp_path / "b1" / "spaces" / "mfcc").mkdir(parents=True)
    (tmp_path / "b1" / "manifest.json").write_bytes(b"{}")
    (tmp_path / "b1" / "spaces" / "mfcc" / "tracks.ann").write_bytes(b"\x00annoy")
    indexes.publish_files("b1", tmp_path / "b1")
    for name, content in [("manifest.json", b"{}"), ("spaces/mfcc/tracks.ann", b"\x00annoy")]:
        target = tmp_path / "local" / name
        indexes.fetch_file("b1", name, target)
        assert target.read_bytes() == content
        assert list(target.parent.glob(".*")) == []


def test_a_fetched_file_replaces_the_old_one(indexes: IndexBucket, tmp_path: Path) -> None:
    (tmp_path / "b1").mkdir()
    (tmp_path / "b1" / "f").write_bytes(b"new")
    indexes.publish_files("b1", tmp_path / "b1")
    (tmp_path / "f").write_bytes(b"old content")
    with (tmp_path / "f").open("rb") as reader:
        indexes.fetch_file("b1", "f", tmp_path / "f")
        assert reader.read() == b"old content"
    assert (tmp_path / "f").read_bytes() == b"new"


def test_a_file_that_is_not_there_is_not_found_and_leaves_nothing(indexes: IndexBucket, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        indexes.fetch_file("nothing", "manifest.json", tmp_path / "manifest.json")
    assert list(tmp_path.iterdir()) == []


def test_builds_are_listed_with_their_size_and_removed_whole(indexes: IndexBucket, tmp_path: Path) -> None:
    for build_id in ("b1", "b10"):
        (tmp_path / build_id / "spaces").mkdir(parents=True)
        (tmp_path / build_id / "manifest.json").write_bytes(b"{}")
        (tmp_path / build_id / "spaces" / "tracks.ann").write_bytes(b"annoy")
        indexes.publish_files(build_id, tmp_path / build_id)
    indexes.swap_current(b"{}", expected_etag=None)
    listed = {build.build_id: (build.file_count, build.size_bytes) for build in indexes.list_builds()}
    assert listed == {"b1": (2, 7), "b10": (2, 7)}
    assert all(build.changed_at.tzinfo is not None for build in indexes.list_builds())
    for _ in range(2):
        indexes.remove_build("b1")
    assert [build.build_id for build in indexes.list_builds()] == ["b10"]
    with pytest.raises(NotFoundError):
        indexes.fetch_file("b1", "manifest.json", tmp_path / "f")
    indexes.fetch_file("b10", "manifest.json", tmp_path / "f")
    assert indexes.read_current() is not None


def test_nothing_is_current_at_first(indexes: IndexBucket) -> None:
    assert indexes.read_current() is None


def test_current_is_swapped_by_who_knows_it(indexes: IndexBucket) -> None:
    indexes.swap_current(b"one", expected_etag=None)
    first = indexes.read_current()
    assert first is not None
    assert first[0] == b"one"
    indexes.swap_current(b"two", expected_etag=first[1])
    second = indexes.read_current()
    assert second is not None
    assert second[0] == b"two"
    assert second[1] != first[1]


def test_current_is_not_swapped_by_who_does_not(indexes: IndexBucket) -> None:
    with pytest.raises(ConflictError):
        indexes.swap_current(b"zero", expected_etag="0" * 32)
    assert indexes.read_current() is None
    indexes.swap_current(b"one", expected_etag=None)
    first = indexes.read_current()
    assert first is not None
    with pytest.raises(ConflictError):
        indexes.swap_current(b"two", expected_etag=None)
    indexes.swap_current(b"three", expected_etag=first[1])
    with pytest.raises(ConflictError):
        indexes.swap_current(b"four", expected_etag=first[1])
    current = indexes.read_current()
    assert current is not None
    assert current[0] == b"three"


def test_a_swap_whose_answer_was_lost_succeeds_again(indexes: IndexBucket) -> None:
    indexes.swap_current(b"one", expected_etag=None)
    indexes.swap_current(b"one", expected_etag=None)
    current = indexes.read_current()
    assert current is not None
    indexes.swap_current(b"two", expected_etag=current[1])
    indexes.swap_current(b"two", expected_etag=current[1])


def test_s3_that_does_not_answer_is_unavailable(unreachable_s3_client: S3Client, tmp_path: Path) -> None:
    indexes = S3IndexBucket(unreachable_s3_client, "nowhere")
    (tmp_path / "f").write_bytes(b"x")
    for act in (
        indexes.read_current,
        lambda: indexes.swap_current(b"one", expected_etag=None),
        lambda: indexes.fetch_file("b1", "f", tmp_path / "g"),
        lambda: indexes.publish_files("b1", tmp_path),
        indexes.list_builds,
        lambda: indexes.remove_build("b1"),
    ):
        with pytest.raises(StoreUnavailableError):
            act()


class BodyCutShort:
    """Stands for a connection that breaks in the middle."""

    def iter_chunks(self, _size: int) -> object:
        yield b"half"
        raise ClientError({"Error": {"Code": "InternalError", "Message": "cut"}}, "GetObject")


class ClientCutShort:
    def get_object(self, **_wanted: str) -> dict[str, object]:
        return {"Body": BodyCutShort(), "ETag": '"x"', "ContentLength": 8}


def test_a_download_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    with pytest.raises(StoreUnavailableError):
        S3IndexBucket(ClientCutShort(), "b").fetch_file("b1", "f", tmp_path / "f")  # type: ignore[arg-type]
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("f", b"old")]


def test_of_many_builders_one_publishes(s3_client: S3Client, bucket: str) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(4)

    def publish(number: int) -> None:
        barrier.wait()
        try:
            S3IndexBucket(s3_client, bucket).swap_current(b"build %d" % number, expected_etag=None)
            outcomes.append("published")
        except ConflictError:
            outcomes.append("conflict")

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 3 + ["published"]
