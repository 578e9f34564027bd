"""What every TrackStore keeps of a song's numbers beside its MFCC, and what every PassageStore gives of them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from bson import encode
from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.library_model import TrackQuery
from chalicelib.model import FEATURE_VERSION, Analysis, PassageRows
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.passages import MongoPassageStore
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.workflows.ports import PassageStore, TrackStore
from tests.fakes.samples import NOW, at, attach_track, make_analysis, make_object, make_tags, make_track_id, retag
from tests.fakes.stores import FakePassageStore, FakeTrackStore

FEATURES = tuple(number / 8 for number in range(FEATURE_COUNT))
PASSAGES = (tuple(number / 4 for number in range(FEATURE_COUNT)), (0.5,) * FEATURE_COUNT)


@pytest.fixture
def passages(tracks: TrackStore) -> PassageStore:
    if isinstance(tracks, FakeTrackStore):
        return FakePassageStore(tracks)
    assert isinstance(tracks, MongoTrackStore)
    return MongoPassageStore(tracks._database)  # the database of the same test


def make_full(name: str, *, artist: str | None = "Ada", **others: Any) -> Analysis:
    return make_analysis(name, tags=make_tags(name, artist=artist), features=FEATURES, passages=PASSAGES, **others)


def draw_all(passages: PassageStore, *, limit: int = 100) -> list[PassageRows]:
    return list(passages.sample(feature_version=FEATURE_VERSION, limit=limit))


def read_floats(packed: bytes, kind: str) -> tuple[float, ...]:
    return struct.unpack(f"<{len(packed) // struct.calcsize(kind)}{kind}", packed)


def test_features_come_back_as_they_were_given(tracks: TrackStore) -> None:
    full, bare = attach_track(tracks, make_full("a")), attach_track(tracks, make_analysis("b"))
    found = tracks.features_of([full.track_id, bare.track_id, "nothing"])
    assert list(found) == [full.track_id]
    assert read_floats(found[full.track_id], "f") == FEATURES
    assert tracks.features_of([]) == {}


def test_vectors_bring_their_features_along(tracks: TrackStore) -> None:
    full, bare = attach_track(tracks, make_full("a")), attach_track(tracks, make_analysis("b"))
    for vectors in (list(tracks.stream_vectors(feature_version=FEATURE_VERSION)), tracks.changed_since(0, limit=9)):
        by_id = {vector.track_id: vector for vector in vectors}
        assert read_floats(by_id[full.track_id].features or b"", "f") == FEATURES
        assert by_id[bare.track_id].features is None


def test_songs_of_the_first_version_are_streamed_among_the_others_in_order_of_ids(tracks: TrackStore) -> None:
    for number in range(8):
        attach_track(tracks, make_full(str(number)) if number % 2 else make_analysis(str(number), feature_version=1))
    streamed = list(tracks.stream_vectors(feature_version=FEATURE_VERSION))
    assert [vector.track_id for vector in streamed] == sorted(make_track_id(str(number)) for number in range(8))
    assert sum(vector.features is None for vector in streamed) == 4


def test_features_of_another_version_are_none(tracks: TrackStore) -> None:
    for version in (FEATURE_VERSION - 1, FEATURE_VERSION + 1):
        track = attach_track(tracks, make_full(f"song {version}", feature_version=version))
        assert tracks.features_of([track.track_id]) == {}
    assert {vector.features for vector in tracks.changed_since(0, limit=9)} == {None}


def test_passages_come_back_with_their_song(tracks: TrackStore, passages: PassageStore) -> None:
    track = attach_track(tracks, make_full("a"))
    attach_track(tracks, make_analysis("b"))
    [drawn] = draw_all(passages)
    assert (drawn.track_id, drawn.artist) == (track.track_id, "Ada")
    assert read_floats(drawn.rows, "e") == (*PASSAGES[0], *PASSAGES[1])


def test_a_sample_of_passages_is_bounded_the_same_every_time_and_of_one_version(tracks: TrackStore, passages: PassageStore) -> None:
    for number in range(12):
        attach_track(tracks, make_full(f"song {number}"))
    attach_track(tracks, make_full("old", feature_version=FEATURE_VERSION - 1))
    everything = draw_all(passages)
    assert len(everything) == 12
    assert draw_all(passages, limit=5) == everything[:5]
    assert draw_all(passages, limit=0) == []
    assert [one.track_id for one in everything] != sorted(one.track_id for one in everything)


def test_the_next_analysis_takes_the_place_of_the_one_before(tracks: TrackStore, passages: PassageStore) -> None:
    track = attach_track(tracks, make_full("a"))
    again = make_analysis("a", tags=make_tags("Other"), features=(1.0,) * FEATURE_COUNT, passages=PASSAGES[1:])
    attach_track(tracks, again, make_object("uploads/again.mp3"))
    assert read_floats(tracks.features_of([track.track_id])[track.track_id], "f") == (1.0,) * FEATURE_COUNT
    assert [read_floats(one.rows, "e") for one in draw_all(passages)] == [PASSAGES[1]]
    attach_track(tracks, make_analysis("a", tags=make_tags("Third")), make_object("uploads/third.mp3"))
    assert tracks.features_of([track.track_id]) == {}
    assert draw_all(passages) == []


def test_an_edit_keeps_the_numbers_and_says_whose_passages_they_are(tracks: TrackStore, passages: PassageStore) -> None:
    track = attach_track(tracks, make_full("a"))
    tracks.edit_tags(track.track_id, retag("New", artist="Bea"), now=NOW)
    assert list(tracks.features_of([track.track_id])) == [track.track_id]
    assert [(one.artist, one.rows) for one in draw_all(passages)] == [("Bea", draw_all(passages)[0].rows)]


def test_numbers_come_back_from_the_trash_and_go_with_the_song(tracks: TrackStore, passages: PassageStore) -> None:
    track = attach_track(tracks, make_full("a"), make_object("uploads/a.mp3"))
    tracks.move_to_trash(track.track_id, now=at(1))
    assert tracks.features_of([track.track_id]) == {}
    tracks.restore(track.track_id, trashed_after=at(0), now=at(2))
    assert list(tracks.features_of([track.track_id])) == [track.track_id]
    assert len(draw_all(passages)) == 1
    tracks.move_to_trash(track.track_id, now=at(3))
    tracks.begin_purge(track.track_id, trashed_before=at(4), now=at(5))
    tracks.detach_object("uploads/a.mp3", now=at(6))
    assert draw_all(passages) == []


@pytest.mark.parametrize("extreme", [1e300, -1e300, float("nan"), float("inf")])
def test_numbers_beyond_what_is_stored_do_not_lose_the_song(tracks: TrackStore, extreme: float) -> None:
    odd = (extreme,) * FEATURE_COUNT
    track = attach_track(tracks, make_analysis("a", features=odd, passages=(odd,)))
    assert len(tracks.features_of([track.track_id])[track.track_id]) == 4 * FEATURE_COUNT


def test_lists_and_pages_do_not_read_features(database: MongoDatabase, mongodb_uri: str) -> None:
    """By the bytes that the server sends: 816 of each song would be 48 kB a page."""
    replies: list[int] = []

    class ReplyWatch(CommandListener):
        def started(self, event: CommandStartedEvent) -> None: ...

        def succeeded(self, event: CommandSucceededEvent) -> None:
            replies.append(len(encode(event.reply)))

        def failed(self, event: CommandFailedEvent) -> None: ...

    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_uri, tz_aware=True, event_listeners=[ReplyWatch()])
    watched = MongoTrackStore(client.get_database(database.name))
    made = [attach_track(watched, make_full(f"song {number}", artist="Ada")) for number in range(20)]
    ids = [track.track_id for track in made]
    reads: list[Callable[[], object]] = [
        lambda: watched.find(ids[0]),
        lambda: watched.find_many(ids),
        lambda: watched.find_by_object(made[0].objects[0].key),
        lambda: watched.find_by_title("song 3"),
        lambda: watched.newest(20),
        lambda: watched.sample(20, start=0.3),
        lambda: watched.browse(TrackQuery(), limit=20),
        lambda: watched.browse(TrackQuery(text="song"), limit=20),
        lambda: watched.browse(TrackQuery(text="song 3", artist="Ada"), limit=20),
    ]
    sizes = []
    for read in reads:
        replies.clear()
        read()
        sizes.append(sum(replies))
    for track_id in ids:
        database["tracks"].update_one({"_id": track_id}, {"$set": {"features": bytes(100_000)}})
    for read, size in zip(reads, sizes, strict=True):
        replies.clear()
        read()
        assert abs(sum(replies) - size) < 200
    client.close()
