from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.errors import AudioError, ConflictError, StoreUnavailableError
from chalicelib.model import Analysis, Cover
from chalicelib.upload_ids import derive_upload_id, is_upload_key
from chalicelib.workflows.ingest_messages import ingest_messages
from chalicelib.workflows.ingest_track import TrackIngestion, ingest_track
from chalicelib.workflows.reanalyse_catalogue import Reanalysing
from chalicelib.workflows.records import ObjectEvent, ObjectMessage
from tests.fakes.buckets import FakeIndexBucket, FakeMusicBucket
from tests.fakes.queues import FakeBuildQueue, FakeUploadQueue
from tests.fakes.redelivery import FakeRedelivery
from tests.fakes.samples import NOW, make_analysis, make_build, make_track_id
from tests.fakes.stores import FakeDeadLetterStore, FakeIndexBuildStore, FakeReanalysisStore, FakeTrackStore, FakeUploadStore

KEY = "uploads/song.mp3"


def analyse_by_content(path: Path, /, *, file_name: str) -> Analysis:  # noqa: ARG001  # the real one's signature
    """`song:NAME` is the song NAME, whatever its file is called; all else is no audio."""
    content = path.read_text()
    if not content.startswith("song:"):
        raise AudioError("This file is not audio.", code="not_audio")
    return make_analysis(content)


@dataclass
class World:
    music: FakeMusicBucket = field(default_factory=FakeMusicBucket)
    index: FakeIndexBucket = field(default_factory=FakeIndexBucket)
    index_builds: FakeIndexBuildStore = field(default_factory=FakeIndexBuildStore)
    tracks: FakeTrackStore = field(default_factory=FakeTrackStore)
    uploads: FakeUploadStore = field(default_factory=FakeUploadStore)
    builds: FakeBuildQueue = field(default_factory=FakeBuildQueue)
    letters: FakeDeadLetterStore = field(default_factory=FakeDeadLetterStore)
    redelivery: FakeRedelivery = field(default_factory=FakeRedelivery)
    queue: FakeUploadQueue = field(default_factory=FakeUploadQueue)
    analyse: Callable[..., Analysis] = analyse_by_content

    def ingestion(self) -> TrackIngestion:
        return TrackIngestion(
            music_bucket=self.music,
            index_bucket=self.index,
            index_builds=self.index_builds,
            tracks=self.tracks,
            uploads=self.uploads,
            build_queue=self.builds,
            analyse=self.analyse,
            clock=lambda: NOW,
            max_upload_bytes=1000,
            build_delay_s=3,
        )

    def ingest(self, event: ObjectEvent) -> str:
        return ingest_track(event, self.ingestion())

    def take(self, *messages: ObjectMessage) -> list[str]:
        reanalysing = Reanalysing(
            tracks=self.tracks,
            reanalyses=FakeReanalysisStore(self.tracks),
            upload_queue=self.queue,
            build_queue=self.builds,
            dead_letters=self.letters,
            clock=lambda: NOW,
            at_once=2,
        )
        ingestion = self.ingestion()
        return ingest_messages(messages, ingestion, dead_letters=self.letters, redelivery=self.redelivery, reanalysing=reanalysing)


@pytest.fixture
def world() -> World:
    return World()


def created(key: str = KEY, sequencer: str = "1") -> ObjectEvent:
    return ObjectEvent(key=key, kind="created", sequencer=sequencer)


def removed(key: str = KEY, sequencer: str = "2") -> ObjectEvent:
    return ObjectEvent(key=key, kind="removed", sequencer=sequencer)


def test_a_dropped_song_becomes_a_track_a_receipt_and_a_build_request(world: World) -> None:
    stored = world.music.put(KEY, b"song:a")
    assert world.ingest(created()) == "analysed"
    track = world.tracks.find(make_track_id("song:a"))
    assert track is not None
    assert track.objects == (stored,)
    assert track.mfcc_standardized is None, "there is no scaler before the first build"
    receipt = world.uploads.find(derive_upload_id(KEY, "1"))
    assert receipt is not None
    assert (receipt.status, receipt.track_id, receipt.seq, receipt.attempts) == ("analysed", track.track_id, track.seq, 1)
    assert world.builds.requests == [3]


def test_the_same_event_twice_is_one_track_and_one_receipt(world: World) -> None:
    world.music.put(KEY, b"song:a")
    assert [world.ingest(created()), world.ingest(created())] == ["analysed", "analysed"]
    assert len(world.tracks.tracks) == 1
    assert len(world.uploads.uploads) == 1
    assert world.tracks.seq == 1


def test_the_same_audio_under_two_keys_is_one_track_that_dies_with_its_last_object(world: World) -> None:
    world.music.put(KEY, b"song:a")
    world.music.put("uploads/other.mp3", b"song:a")
    world.ingest(created())
    world.ingest(created("uploads/other.mp3"))
    world.music.remove(KEY)
    world.ingest(removed())
    assert world.tracks.find(make_track_id("song:a")) is not None
    world.music.remove("uploads/other.mp3")
    world.ingest(removed("uploads/other.mp3"))
    assert world.tracks.find(make_track_id("song:a")) is None


def test_a_song_that_a_build_covers_already_is_indexed_at_once(world: World) -> None:
    world.music.put(KEY, b"song:a")
    world.ingest(created())
    world.index_builds.add(make_build("b1", is_current=True))
    world.music.put("uploads/again.mp3", b"song:a")
    before = len(world.builds.requests)
    outcome = world.ingest(created())
    assert outcome == "indexed"
    assert len(world.builds.requests) == before, "nothing is left to build"


def test_a_created_event_whose_object_is_gone_fails_its_receipt(world: World) -> None:
    assert world.ingest(created()) == "gone"
    receipt = world.uploads.find(derive_upload_id(KEY, "1"))
    assert receipt is not None
    assert (receipt.status, receipt.error_code) == ("failed", "gone")
    assert receipt.message


def test_a_late_repetition_of_the_creation_does_not_fail_a_finished_receipt(world: World) -> None:
    world.music.put(KEY, b"song:a")
    world.ingest(created())
    world.music.remove(KEY)
    world.ingest(removed())
    world.ingest(created())
    receipt = world.uploads.find(derive_upload_id(KEY, "1"))
    assert receipt is not None
    assert receipt.status == "analysed"
    assert world.tracks.find(make_track_id("song:a")) is None


def test_bytes_that_are_no_audio_fail_the_receipt_with_code_and_sentence(world: World) -> None:
    world.music.put(KEY, b"text")
    assert world.ingest(created()) == "failed"
    receipt = world.uploads.find(derive_upload_id(KEY, "1"))
    assert receipt is not None
    assert (receipt.status, receipt.error_code, receipt.message) == ("failed", "not_audio", "This file is not audio.")


def test_a_file_above_the_limit_is_refused_without_being_analysed(world: World) -> None:
    world.music.put(KEY, b"song:" + b"x" * 2000)
    assert world.ingest(created()) == "failed"
    assert next(iter(world.uploads.uploads.values())).error_code == "too_long"


def test_a_song_overwritten_by_garbage_is_no_longer_a_track(world: World) -> None:
    world.music.put(KEY, b"song:a")
    world.ingest(created())
    world.music.put(KEY, b"garbage")
    assert world.ingest(created(sequencer="2")) == "failed"
    assert world.tracks.find(make_track_id("song:a")) is None


def test_a_file_overwritten_while_it_is_read_is_read_again(world: World) -> None:
    world.music.put(KEY, b"song:a")

    def overwrite_once(path: Path, /, *, file_name: str) -> Analysis:
        analysis = analyse_by_content(path, file_name=file_name)
        world.music.put(KEY, b"song:b")
        return analysis

    world.analyse = overwrite_once
    assert world.ingest(created()) == "analysed"
    assert world.tracks.find(make_track_id("song:a")) is None
    assert world.tracks.find(make_track_id("song:b")) is not None


def test_a_file_removed_while_it_is_read_leaves_no_track(world: World) -> None:
    world.music.put(KEY, b"song:a")

    def remove_meanwhile(path: Path, /, *, file_name: str) -> Analysis:
        world.music.remove(KEY)
        return analyse_by_content(path, file_name=file_name)

    world.analyse = remove_meanwhile
    assert world.ingest(created()) == "gone"
    assert world.tracks.find(make_track_id("song:a")) is None


def test_a_file_that_never_comes_to_rest_is_put_off(world: World) -> None:
    numbers = iter(range(1000))
    world.music.put(KEY, b"song:a")

    def overwrite_always(path: Path, /, *, file_name: str) -> Analysis:
        analysis = analyse_by_content(path, file_name=file_name)
        world.music.put(KEY, f"song:{next(numbers)}".encode())
        return analysis

    world.analyse = overwrite_always
    with pytest.raises(ConflictError):
        world.ingest(created())


def with_cover(path: Path, /, *, file_name: str) -> Analysis:
    """What follows the song's name tells the picture's kind."""
    mime = "image/jpeg" if path.read_text().endswith("jpeg") else "image/png"
    analysis = analyse_by_content(path, file_name=file_name)
    return msgspec.structs.replace(analysis, cover=Cover(data=mime.encode(), mime=mime))


def list_covers(world: World) -> list[str]:
    return sorted(key for key in world.music.objects if key.startswith("covers/"))


def test_the_cover_is_put_beside_the_track_and_goes_with_it(world: World) -> None:
    world.analyse = with_cover
    world.music.put(KEY, b"song:a")
    world.ingest(created())
    assert list_covers(world) == [f"covers/{make_track_id('song:a')}.png"]
    world.music.remove(KEY)
    world.ingest(removed())
    assert list_covers(world) == []


def test_the_cover_of_a_song_goes_when_its_key_is_given_to_other_audio(world: World) -> None:
    world.analyse = with_cover
    world.music.put(KEY, b"song:a")
    world.ingest(created())
    world.music.put(KEY, b"song:b")
    world.ingest(created(sequencer="2"))
    assert list_covers(world) == [f"covers/{make_track_id('song:b')}.png"]


def test_the_cover_of_a_song_that_another_key_still_holds_stays(world: World) -> None:
    world.analyse = with_cover
    for key in (KEY, "uploads/other.mp3"):
        world.music.put(key, b"song:a")
        world.ingest(created(key))
    world.music.put(KEY, b"song:b")
    world.ingest(created(sequencer="2"))
    assert list_covers(world) == sorted(f"covers/{make_track_id(name)}.png" for name in ("song:a", "song:b"))


def test_a_cover_of_another_kind_takes_the_place_of_the_old_one(world: World) -> None:
    def same_audio(path: Path, /, *, file_name: str) -> Analysis:
        return msgspec.structs.replace(with_cover(path, file_name=file_name), track_id=make_track_id("song:a"))

    world.analyse = same_audio
    world.music.put(KEY, b"song:a")
    world.ingest(created())
    world.music.put(KEY, b"song:a, mended, jpeg")
    world.ingest(created(sequencer="2"))
    assert list_covers(world) == [f"covers/{make_track_id('song:a')}.jpg"]


@pytest.mark.parametrize("key", ["covers/x.png", "queries/clip.mp3", "uploads/folder/", "elsewhere.mp3"])
def test_what_is_not_in_the_drop_zone_is_ignored(world: World, key: str) -> None:
    world.music.put(key, b"song:a")
    assert world.ingest(created(key)) == "ignored"
    assert not world.uploads.uploads
    assert not world.tracks.tracks


def test_a_finding_goes_with_the_receipt_that_the_object_has(world: World) -> None:
    world.music.put(KEY, b"song:a")
    world.uploads.begin_attempt(derive_upload_id(KEY, "1"), key=KEY, now=NOW)
    assert world.ingest(ObjectEvent(key=KEY, kind="found", sequencer="etag")) == "analysed"
    assert [receipt.status for receipt in world.uploads.uploads.values()] == ["analysed"]


def test_an_unreadable_scaler_does_not_keep_a_song_out(world: World) -> None:
    world.index.current = b"not json"
    world.music.put(KEY, b"song:a")
    assert world.ingest(created()) == "analysed"


def test_a_store_that_is_away_puts_the_message_off_for_seconds(world: World) -> None:
    world.music.put(KEY, b"song:a")
    world.tracks.is_down = True
    message = ObjectMessage(message_id="m-1", receipt_handle="h-1", receive_count=1, events=(created(),), payload="body")
    assert world.take(message) == ["m-1"]
    assert world.redelivery.put_off == [("h-1", 5)]
    world.tracks.is_down = False
    assert world.take(message) == []
    assert world.tracks.find(make_track_id("song:a")) is not None


def test_a_long_absence_of_a_store_does_not_use_up_the_deliveries_of_a_message(world: World) -> None:
    """A message at the queue's limit would count as one that kills the function, and its receipt would fail."""
    world.music.put(KEY, b"song:a")
    world.tracks.is_down = True
    message = ObjectMessage(message_id="m-1", receipt_handle="h-1", receive_count=2, events=(created(),), payload="body")
    assert world.take(message) == [], "this copy is done with"
    assert world.redelivery.sent_again == [("body", 10)]
    world.redelivery.is_down = True
    assert world.take(message) == ["m-1"], "no copy waits, so this one must come again"


def test_an_unknown_error_does_use_up_the_deliveries(world: World) -> None:
    def break_always(path: Path, /, *, file_name: str) -> Analysis:
        raise ZeroDivisionError(f"a bug with {path} ({file_name})")

    world.analyse = break_always
    world.music.put(KEY, b"song:a")
    assert world.take(ObjectMessage(message_id="m-1", receipt_handle="h-1", receive_count=50, events=(created(),))) == ["m-1"]
    assert world.redelivery.put_off == [("h-1", 60)]
    assert world.redelivery.sent_again == []


def test_a_redelivery_that_cannot_be_shortened_changes_nothing(world: World) -> None:
    world.music.put(KEY, b"song:a")
    world.tracks.is_down = world.redelivery.is_down = True
    assert world.take(ObjectMessage(message_id="m-1", receipt_handle="h-1", events=(created(),))) == ["m-1"]


def test_one_bad_message_does_not_hold_up_the_others(world: World) -> None:
    world.music.put(KEY, b"song:a")
    bad = ObjectMessage(message_id="m-bad", fault="not JSON", payload="{")
    good = ObjectMessage(message_id="m-good", events=(created(),))
    assert world.take(bad, good) == []
    assert [letter.letter_id for letter in world.letters.list_newest(limit=5)] == ["uploads-m-bad"]
    assert len(world.tracks.tracks) == 1


def test_an_error_nobody_thought_of_fails_its_own_message_only(world: World) -> None:
    def break_on_a(path: Path, /, *, file_name: str) -> Analysis:
        if path.read_bytes() == b"song:a":
            raise ZeroDivisionError("a bug")
        return analyse_by_content(path, file_name=file_name)

    world.analyse = break_on_a
    world.music.put(KEY, b"song:a")
    world.music.put("uploads/b.mp3", b"song:b")
    messages = [ObjectMessage(message_id="m-a", events=(created(),)), ObjectMessage(message_id="m-b", events=(created("uploads/b.mp3"),))]
    assert world.take(*messages) == ["m-a"]
    assert world.tracks.find(make_track_id("song:b")) is not None


def test_a_direct_event_that_fails_is_raised_so_that_lambda_repeats_it(world: World) -> None:
    world.music.is_down = True
    with pytest.raises(StoreUnavailableError):
        world.take(ObjectMessage(message_id=None, events=(created(),)))


class Baton:
    """Runs workers in threads, one at a time: each call of a store is a step, and the test says whose step is next."""

    def __init__(self) -> None:
        self._turns: dict[threading.Thread, threading.Semaphore] = {}
        self._back = threading.Semaphore(0)
        self.alive: list[threading.Thread] = []

    def start(self, work: Callable[[], None]) -> None:
        def run() -> None:
            self._turns[threading.current_thread()].acquire()
            try:
                work()
            finally:
                self.alive.remove(threading.current_thread())
                self._back.release()

        thread = threading.Thread(target=run, daemon=True)
        self._turns[thread] = threading.Semaphore(0)
        self.alive.append(thread)
        thread.start()

    def step(self, thread: threading.Thread) -> None:
        if thread in self.alive:
            self._turns[thread].release()
            self._back.acquire()

    def yield_turn(self) -> None:
        turn = self._turns.get(threading.current_thread())
        if turn is not None:
            self._back.release()
            turn.acquire()


class Stepwise:
    """Any store, with a step before each of its calls."""

    def __init__(self, store: Any, baton: Baton) -> None:
        self._store = store
        self._baton = baton

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._baton.yield_turn()
            return method(*args, **kwargs)

        return call


CONTENTS: list[bytes | None] = [b"song:a", b"song:b", b"garbage", None]
Changes = list[tuple[str, bytes | None]]


class Simulation:
    """Clients change the bucket while workers, step by step, handle the events of it in any order, some twice."""

    def __init__(self, changes: Changes, dice: Random) -> None:
        self.world = World()
        self._dice = dice
        self._baton = Baton()
        self._to_come = list(enumerate(changes))
        self._waiting: list[ObjectEvent] = []
        self._asleep: set[threading.Thread] = set()
        self.announced: list[ObjectEvent] = []
        music, tracks = Stepwise(self.world.music, self._baton), Stepwise(self.world.tracks, self._baton)
        self._ingestion = replace(self.world.ingestion(), music_bucket=music, tracks=tracks)

    def run(self) -> None:
        while self._to_come or self._waiting or self._baton.alive:
            action = self._dice.choice([self._change, self._deliver, self._step])
            action()

    def _change(self) -> None:
        if not self._to_come:
            return
        number, (key, content) = self._to_come.pop(0)
        if content is not None:
            self.world.music.put(key, content)
        elif key in self.world.music.objects:
            self.world.music.remove(key)
        else:
            return
        event = ObjectEvent(key=key, kind="removed" if content is None else "created", sequencer=str(number))
        self.announced.append(event)
        self._waiting.extend([event] * self._dice.choice([1, 1, 2]))

    def _deliver(self) -> None:
        if self._waiting and len(self._baton.alive) - len(self._asleep) < 3:
            event = self._waiting.pop(self._dice.randrange(len(self._waiting)))
            self._baton.start(lambda: self._work(event))

    def _step(self) -> None:
        """A worker goes some way; then it may fall asleep wherever it is, until all others have nothing left to do."""
        awake = [worker for worker in self._baton.alive if worker not in self._asleep]
        if not awake and not self._to_come and not self._waiting:
            self._asleep.clear()
        if not awake:
            return
        worker = self._dice.choice(awake)
        for _ in range(self._dice.randrange(1, 7)):
            self._baton.step(worker)
        if self._dice.random() < 0.3:
            self._asleep.add(worker)

    def _work(self, event: ObjectEvent) -> None:
        try:
            ingest_track(event, self._ingestion)
        except ConflictError:
            self._waiting.append(event)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changes=st.lists(st.tuples(st.sampled_from(["uploads/1.mp3", "uploads/2.mp3"]), st.sampled_from(CONTENTS)), min_size=2, max_size=6),
    seed=st.integers(0, 2**32),
)
def test_events_repeated_reordered_and_concurrent_end_in_the_state_of_the_bucket(changes: Changes, seed: int) -> None:
    """Whatever comes between the steps of several workers: every object that is a song is on its track, nothing else is."""
    simulation = Simulation(changes, Random(seed))
    simulation.run()
    check_tracks_mirror_bucket(simulation.world)
    for event in simulation.announced:
        receipt = simulation.world.uploads.find(event.upload_id)
        assert event.kind == "removed" or (receipt is not None and receipt.status != "queued")


def check_tracks_mirror_bucket(world: World) -> None:
    expected = {
        (make_track_id(content.decode()), key)
        for key, content in world.music.objects.items()
        if is_upload_key(key) and content.startswith(b"song:")
    }
    assert {(track_id, stored.key) for track_id, stored in world.tracks.stream_objects()} == expected
    for _, stored in world.tracks.stream_objects():
        assert world.music.head(stored.key) == stored


def test_the_clock_is_passed_in(world: World) -> None:
    """Times in receipts are the workflow's clock's, not the machine's."""
    world.music.put(KEY, b"song:a")
    moment = datetime.fromisoformat("2031-01-01T00:00:00+00:00")
    ingest_track(created(), replace(world.ingestion(), clock=lambda: moment))
    assert next(iter(world.uploads.uploads.values())).updated_at == moment
