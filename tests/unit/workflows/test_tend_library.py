"""The trash is emptied: once, wherever it was cut off, and never of what was brought back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.errors import StoreUnavailableError
from chalicelib.workflows.tend_library import tend_library
from tests.fakes.buckets import FakeMusicBucket
from tests.fakes.samples import at, attach_track, make_analysis, make_object
from tests.fakes.stores import FakeTrackStore

TTL_S = 600


def make_library() -> tuple[FakeTrackStore, FakeMusicBucket, str]:
    """One song of two objects with a cover, in the trash since 0."""
    tracks, bucket = FakeTrackStore(), FakeMusicBucket()
    for key in ("uploads/1.mp3", "uploads/2.mp3", "covers/a.jpg"):
        bucket.put(key, b"x")
    for key in ("uploads/1.mp3", "uploads/2.mp3"):
        track = attach_track(tracks, make_analysis("a"), make_object(key), cover_key="covers/a.jpg")
    tracks.move_to_trash(track.track_id, now=at(0))
    return tracks, bucket, track.track_id


def tend(tracks: FakeTrackStore, bucket: FakeMusicBucket, *, seconds: float, is_time_up: Callable[[], bool] = lambda: False) -> None:
    tend_library(tracks=tracks, music_bucket=bucket, trash_ttl_s=TTL_S, clock=lambda: at(seconds), is_time_up=is_time_up)


def test_what_lay_there_too_long_is_removed_with_its_objects_and_cover() -> None:
    tracks, bucket, track_id = make_library()
    tend(tracks, bucket, seconds=TTL_S - 1)
    assert len(bucket.objects) == 3
    tend(tracks, bucket, seconds=TTL_S)
    assert not bucket.objects
    assert tracks.tracks[track_id].status == "removed"
    tend(tracks, bucket, seconds=TTL_S + 60)
    assert tracks.tracks[track_id].status == "removed"


def test_what_was_brought_back_keeps_everything() -> None:
    tracks, bucket, track_id = make_library()
    tracks.restore(track_id, trashed_after=at(-1), now=at(5))
    tend(tracks, bucket, seconds=2 * TTL_S)
    assert len(bucket.objects) == 3
    assert tracks.find(track_id) is not None


@pytest.mark.parametrize("removals", [0, 1, 2])
def test_cut_off_anywhere_it_is_finished_by_the_next_minute(removals: int) -> None:
    tracks, bucket, track_id = make_library()
    remove, made = bucket.remove, []

    def fail_after(key: str) -> None:
        if len(made) == removals:
            raise StoreUnavailableError("s3")
        made.append(key)
        remove(key)

    bucket.remove = fail_after  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailableError):
        tend(tracks, bucket, seconds=TTL_S)
    assert tracks.find(track_id) is None
    bucket.remove = remove  # type: ignore[method-assign]
    tend(tracks, bucket, seconds=TTL_S + 60)
    assert (tracks.tracks[track_id].status, len(bucket.objects)) == ("removed", 0)


def test_a_song_uploaded_again_while_it_is_purged_stays() -> None:
    tracks, bucket, track_id = make_library()
    remove = bucket.remove

    def upload_meanwhile(key: str) -> None:
        remove(key)
        if key == "uploads/1.mp3":
            bucket.put("uploads/new.mp3", b"x")
            attach_track(tracks, make_analysis("a"), make_object("uploads/new.mp3"), cover_key="covers/a.jpg")

    bucket.remove = upload_meanwhile  # type: ignore[method-assign]
    tend(tracks, bucket, seconds=TTL_S)
    track = tracks.find(track_id)
    assert track is not None
    assert [one.key for one in track.objects] == ["uploads/new.mp3"]
    assert set(bucket.objects) == {"uploads/new.mp3", "covers/a.jpg"}


def test_when_time_is_up_the_rest_is_left_for_the_next_minute() -> None:
    tracks, bucket, track_id = make_library()
    tend(tracks, bucket, seconds=TTL_S, is_time_up=lambda: True)
    assert tracks.find_in_trash(track_id) is not None
