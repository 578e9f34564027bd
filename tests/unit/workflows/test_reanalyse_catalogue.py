"""Songs of an older feature version are analysed anew: each once, a few at a time, wherever it is cut off, and none is lost by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.errors import AudioError
from chalicelib.events.queues import encode_notification
from chalicelib.events.s3_events import OUTDATED, parse_object_messages
from chalicelib.feature_model import FEATURE_COUNT
from chalicelib.model import FEATURE_VERSION, Analysis, Track
from chalicelib.workflows import reanalyse_catalogue
from chalicelib.workflows.ingest_messages import ingest_messages
from chalicelib.workflows.ingest_track import TrackIngestion
from chalicelib.workflows.reanalyse_catalogue import LOOK_AGAIN_S, WAITS_S, Reanalysing, tend_reanalysis
from chalicelib.workflows.records import ObjectMessage
from chalicelib.workflows.show_status import ReanalysisStatus, read_reanalysis
from tests.fakes.buckets import FakeIndexBucket, FakeMusicBucket
from tests.fakes.queues import FakeBuildQueue, FakeUploadQueue
from tests.fakes.redelivery import FakeRedelivery
from tests.fakes.samples import NOW, at, attach_track, make_analysis, make_tags, retag
from tests.fakes.stores import FakeDeadLetterStore, FakeIndexBuildStore, FakeReanalysisStore, FakeTrackStore, FakeUploadStore

OLD, NEW = FEATURE_VERSION - 1, FEATURE_VERSION


@dataclass
class World:
    at_once: int = 2
    tracks: FakeTrackStore = field(default_factory=FakeTrackStore)
    music: FakeMusicBucket = field(default_factory=FakeMusicBucket)
    uploads: FakeUploadStore = field(default_factory=FakeUploadStore)
    builds: FakeBuildQueue = field(default_factory=FakeBuildQueue)
    queue: FakeUploadQueue = field(default_factory=FakeUploadQueue)
    letters: FakeDeadLetterStore = field(default_factory=FakeDeadLetterStore)
    redelivery: FakeRedelivery = field(default_factory=FakeRedelivery)
    analysed: list[str] = field(default_factory=list)
    most_outstanding: int = 0
    refused: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.reanalyses = FakeReanalysisStore(self.tracks)

    def clock(self) -> datetime:
        return at(self.seconds)

    def add_songs(self, count: int, *, feature_version: int = OLD) -> list[Track]:
        return [self.add_song(f"{feature_version}-{number}", feature_version) for number in range(count)]

    def add_song(self, name: str, feature_version: int = OLD) -> Track:
        stored = self.music.put(f"uploads/{name}.mp3", name.encode())
        return attach_track(self.tracks, make_analysis(name, tags=make_tags(name), feature_version=feature_version), stored)

    def analyse(self, path: Path, /, *, file_name: str) -> Analysis:  # the real one's signature
        name = path.read_text()
        self.analysed.append(name)
        if name in self.refused:
            raise AudioError("This song is silent.", code="silent")
        return make_analysis(name, tags=make_tags("As the file says"), features=(0.5,) * FEATURE_COUNT)

    def reanalysing(self) -> Reanalysing:
        return Reanalysing(
            tracks=self.tracks,
            reanalyses=self.reanalyses,
            upload_queue=self.queue,
            build_queue=self.builds,
            dead_letters=self.letters,
            clock=self.clock,
            at_once=self.at_once,
        )

    def tend(self) -> None:
        tend_reanalysis(self.reanalysing(), is_time_up=lambda: False)
        self.most_outstanding = max(self.most_outstanding, len(self.queue.outdated))

    def deliver(self) -> list[str]:
        """The oldest message, as SQS would: which must come again."""
        track_id, stored = self.queue.outdated.pop(0)
        body = encode_notification("music", stored, event_name=OUTDATED, track_id=track_id)
        failed = self.take(parse_object_messages({"Records": [{"messageId": "m", "receiptHandle": "r", "body": body}]}))
        self.most_outstanding = max(self.most_outstanding, len(self.queue.outdated))
        return failed

    def take(self, messages: list[ObjectMessage]) -> list[str]:
        ingestion = TrackIngestion(
            music_bucket=self.music,
            index_bucket=FakeIndexBucket(),
            index_builds=FakeIndexBuildStore(),
            tracks=self.tracks,
            uploads=self.uploads,
            build_queue=self.builds,
            analyse=self.analyse,
            clock=self.clock,
            max_upload_bytes=1000,
            build_delay_s=3,
        )
        return ingest_messages(messages, ingestion, dead_letters=self.letters, redelivery=self.redelivery, reanalysing=self.reanalysing())

    def run(self) -> None:
        """A minute, and all that it brings."""
        self.tend()
        while self.queue.outdated:
            self.deliver()
        self.seconds += 60

    def versions(self) -> set[int]:
        return {track.feature_version for track in self.tracks.tracks.values() if track.status == "active"}

    def status(self) -> ReanalysisStatus | None:
        return read_reanalysis(self.reanalyses)

    def is_finished(self) -> bool:
        status = self.status()
        return status is not None and status.is_finished


@pytest.fixture
def world() -> World:
    return World()


def test_every_old_song_is_analysed_once_and_then_a_build_is_asked_for(world: World) -> None:
    world.add_songs(250)
    world.add_songs(3, feature_version=NEW)
    max_seq = world.tracks.max_seq()
    world.run()
    assert world.versions() == {NEW}
    assert len(world.analysed) == len(set(world.analysed)) == 250
    assert world.builds.requests == []
    world.run()
    assert world.is_finished()
    assert world.builds.requests == [0]
    assert world.tracks.max_seq() == max_seq + 1, "one, so that the build is worth while; the songs drew none"
    assert world.most_outstanding == 2


def test_nothing_is_analysed_again_afterwards(world: World) -> None:
    world.add_songs(5)
    for _ in range(200):
        world.run()
    assert len(world.analysed) == 5
    assert world.builds.requests == [0]


def test_a_catalogue_of_one_version_is_left_alone(world: World) -> None:
    world.add_songs(3, feature_version=NEW)
    world.run()
    assert world.analysed == world.builds.requests == []
    assert world.status() is None


def test_a_song_keeps_its_tags_edits_and_plays_and_its_uploader_hears_nothing(world: World) -> None:
    [track] = world.add_songs(1)
    world.tracks.edit_tags(track.track_id, retag("By hand"), now=NOW)
    world.tracks.count_start(track.track_id)
    before = world.tracks.find(track.track_id)
    assert before is not None
    world.run()
    after = world.tracks.find(track.track_id)
    assert after == replace(before, feature_version=NEW)
    assert world.tracks.features_of([track.track_id])
    assert world.uploads.uploads == {}


def test_progress_is_told_while_it_goes_on(world: World) -> None:
    world.add_songs(3)
    world.add_songs(1, feature_version=NEW)
    world.tend()
    world.deliver()
    assert world.status() == ReanalysisStatus(version=NEW, song_count=4, done=2, failed=0, is_finished=False)


def test_a_song_that_is_refused_now_stays_as_it_is_with_one_letter(world: World) -> None:
    first, *_ = world.add_songs(3)
    world.refused = {f"{OLD}-0"}
    for _ in range(200):
        world.run()
    assert world.tracks.find(first.track_id) == first
    assert world.analysed.count(f"{OLD}-0") == 1, "the same bytes would be refused every time"
    [letter] = world.letters.list_newest(limit=9)
    assert "silent" in letter.reason
    assert first.track_id in letter.reason
    assert world.status() == ReanalysisStatus(version=NEW, song_count=3, done=2, failed=1, is_finished=True)
    assert world.builds.requests == [0]


def test_the_letter_of_a_refused_song_can_be_sent_again(world: World) -> None:
    """After what was wrong with us is mended; then a build takes it up."""
    world.add_songs(1)
    world.refused = {f"{OLD}-0"}
    world.run()
    world.run()
    [letter] = world.letters.list_newest(limit=9)
    world.refused = set()
    assert world.take(parse_object_messages({"Records": [{"messageId": "m", "receiptHandle": "r", "body": letter.payload}]})) == []
    assert world.versions() == {NEW}
    for _ in range(70):
        world.run()
    assert world.builds.requests == [0, 0]
    assert world.status() == ReanalysisStatus(version=NEW, song_count=1, done=1, failed=0, is_finished=True)


def test_another_object_of_the_song_will_do(world: World) -> None:
    [track] = world.add_songs(1)
    again = world.music.put("uploads/again.mp3", f"{OLD}-0".encode())
    attach_track(world.tracks, make_analysis(f"{OLD}-0", feature_version=OLD), again)
    world.music.remove(track.objects[0].key)
    world.run()
    assert world.versions() == {NEW}


def test_a_song_without_its_object_is_given_up_and_not_removed(world: World) -> None:
    """Whoever removed the object announced it: that event removes the song."""
    [track] = world.add_songs(1)
    world.music.remove(track.objects[0].key)
    world.run()
    world.run()
    assert world.tracks.find(track.track_id) == track
    assert world.is_finished()
    assert world.letters.count() == 1


def test_an_engine_that_only_makes_old_numbers_does_not_go_on_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add_songs(2)
    monkeypatch.setattr(world, "analyse", lambda path, *, file_name: make_analysis(path.read_text() or file_name, feature_version=OLD))
    world.run()
    world.run()
    assert (world.is_finished(), world.letters.count()) == (True, 2)


def test_a_lost_message_is_asked_for_again_and_given_up_after_three(world: World) -> None:
    world.add_songs(1)
    asked_at = []
    for minute in range(40 * 60):
        world.tend()
        if world.queue.outdated:
            asked_at.append(minute)
            world.queue.outdated.clear()
        world.seconds += 60
    assert asked_at == [0, 10, 70]
    assert world.letters.count() == 1
    assert world.is_finished()
    assert world.versions() == {OLD}


def test_what_comes_late_after_all_is_taken(world: World) -> None:
    world.add_songs(1)
    world.tend()
    [late] = world.queue.outdated
    for _ in range(40 * 60):
        world.tend()
        world.queue.outdated.clear()
        world.seconds += 60
    world.queue.outdated.append(late)
    world.deliver()
    assert world.versions() == {NEW}
    assert world.reanalyses.count_failed(NEW) == 0


def test_the_same_message_twice_analyses_once(world: World) -> None:
    world.add_songs(1)
    world.tend()
    world.queue.outdated *= 2
    world.deliver()
    world.deliver()
    assert len(world.analysed) == 1


def test_a_song_that_was_deleted_meanwhile_blocks_nobody(world: World) -> None:
    world.at_once = 1
    world.add_songs(3)
    world.tend()
    [(track_id, _)] = world.queue.outdated
    world.tracks.move_to_trash(track_id, now=NOW)
    while world.queue.outdated:
        world.deliver()
    assert world.versions() == {NEW}
    world.tracks.restore(track_id, trashed_after=at(-1), now=NOW)
    for _ in range(70):
        world.run()
    assert world.versions() == {NEW}


def test_a_passing_fault_of_a_store_puts_the_song_off(world: World) -> None:
    world.add_songs(1)
    world.tend()
    world.music.is_down = True
    assert world.deliver() == ["m"]
    assert world.letters.count() == 0


def test_nobody_is_asked_for_with_none_at_once(world: World) -> None:
    world.at_once = 0
    world.add_songs(2)
    world.run()
    assert world.status() is None


def test_a_newer_version_of_us_is_not_disturbed(world: World) -> None:
    world.add_songs(2)
    world.tend()
    progress = world.reanalyses.progress()
    assert progress is not None
    world.reanalyses.save_progress(replace(progress, version=NEW + 1))
    world.queue.outdated.clear()
    world.tend()
    assert world.queue.outdated == []


def test_many_that_were_given_up_do_not_hide_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reanalyse_catalogue, "LOOKED_AT", 4)
    monkeypatch.setattr(reanalyse_catalogue, "LOOKS", 2)
    world.add_songs(40)
    world.refused = {f"{OLD}-{number}" for number in range(35)}
    for _ in range(5):
        world.run()
    world.seconds += LOOK_AGAIN_S
    late = world.add_song("late")
    world.run()
    found = world.tracks.find(late.track_id)
    assert found is not None
    assert found.feature_version == NEW
    assert world.letters.count() == 35


@given(st.lists(st.integers(0, 12), max_size=8))
@settings(max_examples=60, deadline=None)
def test_wherever_it_is_cut_off_every_song_is_done_and_none_twice_at_once(cuts: list[int]) -> None:
    """A process dies at some call of its stores; what it had in hand, and the messages, are lost."""
    world = World()
    world.add_songs(6)
    for cut in cuts:
        calls_left = [cut]

        def die(*_: object, left: list[int] = calls_left, **__: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

        broken = Dying(world, die)
        try:
            broken.run()
        except KeyboardInterrupt:
            world.queue.outdated.clear()
        world.seconds += WAITS_S[-1]
    for _ in range(6):
        world.run()
        world.seconds += WAITS_S[-1]
    assert world.versions() <= {NEW} or world.letters.count() > 0
    status = world.status()
    assert status is not None
    assert status.done + status.failed == 6
    assert status.is_finished


class Dying:
    """A world whose stores die at some call."""

    def __init__(self, world: World, die: object) -> None:
        self._world, self._die = world, die

    def run(self) -> None:
        world = self._world
        kept = world.tracks, world.reanalyses, world.queue
        proxies = [_DyingStore(each, self._die) for each in kept]
        world.tracks, world.reanalyses, world.queue = proxies  # type: ignore[assignment]
        try:
            world.run()
        finally:
            world.tracks, world.reanalyses, world.queue = kept


class _DyingStore:
    def __init__(self, store: object, die: object) -> None:
        self.__dict__.update(_store=store, _die=die)

    def __getattr__(self, name: str) -> object:
        found = getattr(self._store, name)
        if callable(found):
            self._die()
        return found


def test_a_queue_that_is_away_costs_nothing_but_time(world: World) -> None:
    world.add_songs(3)
    world.queue.is_down = True
    world.tend()
    assert world.reanalyses.count_waiting(NEW, limit=9) == 0
    world.queue.is_down = False
    world.run()
    world.run()
    assert world.versions() == {NEW}
