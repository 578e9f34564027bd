from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from chalicelib.model import FEATURE_VERSION
from chalicelib.upload_ids import derive_upload_id
from chalicelib.workflows.record_dead_letter import record_dead_letters
from chalicelib.workflows.records import DeadMessage, ObjectEvent
from tests.fakes.buckets import FakeMusicBucket
from tests.fakes.samples import NOW, at, attach_track, make_analysis, make_object
from tests.fakes.stores import FakeDeadLetterStore, FakeReanalysisStore, FakeTrackStore, FakeUploadStore

KEY = "uploads/killer.mp3"
UPLOAD_ID = derive_upload_id(KEY, "1")
KILLER = DeadMessage(
    letter_id="uploads-m-1",
    source="uploads",
    payload="{}",
    reason="Every attempt failed.",
    attempts=4,
    events=(ObjectEvent(key=KEY, kind="created", sequencer="1"),),
)


@dataclass
class World:
    letters: FakeDeadLetterStore = field(default_factory=FakeDeadLetterStore)
    uploads: FakeUploadStore = field(default_factory=FakeUploadStore)
    music: FakeMusicBucket = field(default_factory=FakeMusicBucket)
    tracks: FakeTrackStore = field(default_factory=FakeTrackStore)

    def record(self, *messages: DeadMessage) -> list[DeadMessage]:
        return record_dead_letters(
            messages,
            dead_letters=self.letters,
            uploads=self.uploads,
            music_bucket=self.music,
            reanalyses=FakeReanalysisStore(self.tracks),
            now=NOW,
        )


@pytest.fixture
def world() -> World:
    return World()


def test_a_file_that_killed_the_function_has_a_failed_receipt_and_a_letter(world: World) -> None:
    world.music.put(KEY, b"poison")
    world.uploads.begin_attempt(UPLOAD_ID, key=KEY, now=NOW)
    assert world.record(KILLER) == []
    receipt = world.uploads.find(UPLOAD_ID)
    assert receipt is not None
    assert (receipt.status, receipt.error_code) == ("failed", "crashed")
    assert receipt.message
    assert world.letters.count() == 1


def test_a_file_that_killed_it_before_any_receipt_gets_one(world: World) -> None:
    world.music.put(KEY, b"poison")
    world.record(KILLER)
    receipt = world.uploads.find(UPLOAD_ID)
    assert receipt is not None
    assert receipt.status == "failed"


def test_a_finished_receipt_keeps_its_word(world: World) -> None:
    world.music.put(KEY, b"song")
    world.uploads.begin_attempt(UPLOAD_ID, key=KEY, now=NOW)
    world.uploads.mark_analysed(UPLOAD_ID, track_id="t", seq=1, warnings=(), now=NOW)
    world.record(KILLER)
    receipt = world.uploads.find(UPLOAD_ID)
    assert receipt is not None
    assert receipt.status == "analysed"


def test_of_a_file_that_is_gone_there_is_only_the_letter(world: World) -> None:
    world.record(KILLER)
    assert world.uploads.find(UPLOAD_ID) is None
    assert world.letters.count() == 1


def test_the_same_message_twice_is_one_letter(world: World) -> None:
    world.record(KILLER, KILLER)
    assert world.letters.count() == 1


def test_a_store_that_is_away_has_the_message_come_again(world: World) -> None:
    other = DeadMessage(letter_id="builds-1", source="builds", payload="?", reason="r", attempts=1)
    world.music.is_down = True
    assert world.record(KILLER, other) == [KILLER]
    assert world.letters.count() == 2


def test_a_song_whose_new_analysis_kills_the_function_stays_as_it_is(world: World) -> None:
    """Nor does its uploader hear of it."""
    world.music.put(KEY, b"once a song")
    world.uploads.begin_attempt(UPLOAD_ID, key=KEY, now=NOW)
    track = attach_track(world.tracks, make_analysis("a", feature_version=1), make_object(KEY))
    reanalyses = FakeReanalysisStore(world.tracks)
    reanalyses.request(track.track_id, FEATURE_VERSION, due_at=at(60))
    event = ObjectEvent(key=KEY, kind="outdated", sequencer="1", track_id=track.track_id)
    assert world.record(replace(KILLER, events=(event,))) == []
    assert (reanalyses.count_failed(FEATURE_VERSION), world.letters.count()) == (1, 1)
    assert world.tracks.find(track.track_id) == track
    receipt = world.uploads.find(UPLOAD_ID)
    assert receipt is not None
    assert receipt.status == "queued"
