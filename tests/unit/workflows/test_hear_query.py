"""A clip that asks for songs like it: heard, answered once, removed; never a track."""

from __future__ import annotations

import struct
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.errors import AudioError, StoreUnavailableError
from chalicelib.model import Analysis
from chalicelib.query_model import SoundQuery
from chalicelib.workflows.hear_query import QueryHearing, hear_query
from chalicelib.workflows.records import ObjectEvent
from tests.fakes.buckets import FakeMusicBucket
from tests.fakes.query_store import FakeQueryStore
from tests.fakes.samples import NOW, make_analysis

QUERY_ID = "a" * 24
KEY = f"queries/{QUERY_ID}/hum.wav"


class Room:
    def __init__(self) -> None:
        self.queries, self.music = FakeQueryStore(), FakeMusicBucket()
        self.now = NOW
        self.fault: Exception | None = None
        self.heard: list[bytes] = []

    def analyse(self, path: Path, /, *, file_name: str) -> Analysis:
        assert file_name == "hum.wav"
        self.heard.append(path.read_bytes())
        if self.fault is not None:
            raise self.fault
        return make_analysis("hum")

    def ask(self) -> None:
        self.queries.create(SoundQuery(query_id=QUERY_ID, user_id="ann", key=KEY, created_at=NOW, expires_at=NOW + timedelta(hours=1)))
        self.music.put(KEY, b"a hum")

    def hear(self, key: str = KEY, kind: str = "created") -> str:
        hearing = QueryHearing(queries=self.queries, music_bucket=self.music, analyse=self.analyse, clock=lambda: self.now, max_bytes=1000)
        return hear_query(ObjectEvent(key=key, kind=kind, sequencer="1"), hearing)  # type: ignore[arg-type]

    @property
    def query(self) -> SoundQuery:
        return self.queries.queries[QUERY_ID]


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_clip_is_heard_and_removed(room: Room) -> None:
    room.ask()
    assert room.hear() == "ready"
    analysis = make_analysis("hum")
    assert (room.query.status, room.query.mfcc, room.query.duration_s) == ("ready", analysis.mfcc, analysis.duration_s)
    packed = struct.pack(f"<{len(analysis.features)}f", *analysis.features) if analysis.features else None
    assert room.query.features == packed
    assert room.music.head(KEY) is None


def test_the_same_event_again_hears_nothing_again(room: Room) -> None:
    room.ask()
    room.hear()
    assert room.hear() == "ready"
    assert room.heard == [b"a hum"]


def test_what_is_no_audio_fails_with_a_sentence_and_is_removed(room: Room) -> None:
    room.ask()
    room.fault = AudioError("This is no audio.", code="corrupt")
    assert room.hear() == "failed"
    assert (room.query.status, room.query.error_code, room.query.message) == ("failed", "corrupt", "This is no audio.")
    assert room.music.head(KEY) is None


def test_a_clip_that_is_too_large_or_gone_fails(room: Room) -> None:
    room.ask()
    room.music.put(KEY, b"x" * 1001)
    assert room.hear() == "failed"
    other = Room()
    other.ask()
    other.music.remove(KEY)
    assert other.hear() == "failed"
    assert other.query.error_code == "gone"


@pytest.mark.parametrize("key", [KEY, f"queries/{'b' * 24}/hum.wav", "queries/anything.wav", f"queries/{QUERY_ID}/another.wav"])
def test_a_clip_that_nobody_waits_for_is_removed_unheard(room: Room, key: str) -> None:
    room.ask()
    room.now += timedelta(hours=2) if key == KEY else timedelta()
    room.music.put(key, b"a hum")
    assert room.hear(key) == "unknown"
    assert room.heard == []
    assert room.music.head(key) is None


def test_a_removal_is_no_question(room: Room) -> None:
    room.ask()
    assert room.hear(kind="removed") == "ignored"
    assert room.query.status == "queued"


def test_while_the_store_is_away_the_clip_stays_and_the_event_comes_again(room: Room) -> None:
    room.ask()
    room.queries.is_down = True
    with pytest.raises(StoreUnavailableError):
        room.hear()
    assert room.music.head(KEY) is not None
    room.queries.is_down = False
    assert room.hear() == "ready"
