"""A catalogue of the first feature version is brought to this one in the background, over a real MongoDB: wherever it is killed, and at
the same price a song whatever the size of the catalogue.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandListener, CommandStartedEvent

from chalicelib.model import FEATURE_VERSION
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.workflows.show_status import ReanalysisStatus, read_reanalysis
from tests.fakes.samples import attach_track, make_analysis, make_object, make_tags
from tests.integration.reanalysis_process import FEATURES, Machine, name_song, put_song

pytestmark = pytest.mark.integration

SONGS = 24
ROOT = Path(__file__).parents[2]


class CommandCounter(CommandListener):
    def __init__(self) -> None:
        self.count = 0

    def started(self, _event: CommandStartedEvent) -> None:
        self.count += 1

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...


@pytest.fixture
def counter() -> CommandCounter:
    return CommandCounter()


@pytest.fixture
def watched(mongodb_uri: str, database: MongoDatabase, counter: CommandCounter) -> Iterator[MongoDatabase]:
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_uri, tz_aware=True, event_listeners=[counter])
    yield client.get_database(database.name, write_concern=database.write_concern, read_concern=database.read_concern)
    client.close()


def fill_with_old_songs(database: MongoDatabase, count: int) -> None:
    """As version 1 left them: no features, no passages, and fields that it did not know are not there."""
    machine, tracks = Machine(database, 0), MongoTrackStore(database)
    for number in range(count):
        put_song(machine.music, number)
        stored = machine.music.head(f"uploads/{number}.mp3") or make_object("never")
        attach_track(tracks, make_analysis(name_song(number), tags=make_tags(f"Tag {number}", artist="Ada"), feature_version=1), stored)
    database["tracks"].update_many({}, {"$unset": {"features": ""}})
    database["passages"].delete_many({})


def kill_half_way(uri: str, database: MongoDatabase, *, after: int, hours: float) -> None:
    command = [sys.executable, "-m", "tests.integration.reanalysis_process", uri, database.name, str(SONGS), str(after), str(hours)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def test_a_killed_reanalysis_goes_on_where_it_was_and_does_nothing_twice(database: MongoDatabase, mongodb_uri: str) -> None:
    fill_with_old_songs(database, SONGS)
    seqs = {one["_id"]: one["seq"] for one in database["tracks"].find()}
    kill_half_way(mongodb_uri, database, after=5, hours=0.0)
    assert Machine(database, SONGS).versions() == {1: SONGS - 5, FEATURE_VERSION: 5}
    kill_half_way(mongodb_uri, database, after=4, hours=1.0)
    machine = Machine(database, SONGS)
    assert read_reanalysis(machine.reanalyses) == ReanalysisStatus(
        version=FEATURE_VERSION, song_count=SONGS, done=9, failed=0, is_finished=False
    )
    for hours in (1.1, 3.0, 8.0):  # what the dead had in hand is asked for again when it is overdue
        machine.hours = hours
        machine.run_minute()
    assert machine.versions() == {FEATURE_VERSION: SONGS}
    assert machine.times_analysed() == [1] * SONGS
    assert {one["_id"]: one["seq"] for one in database["tracks"].find()} == seqs
    assert machine.builds.requests == [0]
    assert database["passages"].count_documents({}) == SONGS
    assert len(machine.tracks.features_of(list(seqs))) == SONGS
    assert database["reanalyses"].count_documents({}) == 0
    assert read_reanalysis(machine.reanalyses) == ReanalysisStatus(
        version=FEATURE_VERSION, song_count=SONGS, done=SONGS, failed=0, is_finished=True
    )


def test_a_second_time_nothing_is_analysed_and_hardly_anything_read(watched: MongoDatabase, counter: CommandCounter) -> None:
    fill_with_old_songs(watched, 6)
    machine = Machine(watched, 6)
    machine.run_minute()
    machine.run_minute()
    counter.count = 0
    for minute in range(1, 60):
        machine.hours = minute / 60
        machine.run_minute()
    assert counter.count == 59, "one look a minute"
    machine.hours = 5.0
    machine.run_minute()
    assert machine.times_analysed() == [1] * 6
    assert machine.builds.requests == [0]


def count_commands(machine: Machine, counter: CommandCounter, *, songs: int) -> int:
    machine.tend()
    counter.count = 0
    for _ in range(songs):
        machine.deliver()
    return counter.count


def test_a_song_costs_the_same_in_a_small_catalogue_and_in_one_ten_times_as_large(watched: MongoDatabase, counter: CommandCounter) -> None:
    fill_with_old_songs(watched, 12)
    small = count_commands(Machine(watched, 12), counter, songs=5)
    for name in ("tracks", "reanalyses", "analysed", "counters"):
        watched[name].delete_many({})
    fill_with_old_songs(watched, 120)
    assert count_commands(Machine(watched, 120), counter, songs=5) == small


def test_songs_dropped_meanwhile_are_not_taken_for_old_ones(database: MongoDatabase) -> None:
    fill_with_old_songs(database, 4)
    machine = Machine(database, 5)
    machine.tend()
    stored = machine.music.head("uploads/4.mp3")
    assert stored is not None
    attach_track(machine.tracks, make_analysis(name_song(4), features=FEATURES), stored)
    machine.run_minute()
    assert machine.versions() == {FEATURE_VERSION: 5}
    assert machine.times_analysed() == [1] * 4
