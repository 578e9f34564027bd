"""Builds of the index for who operates them: listed, put back in force, let go of, collected, asked as they were."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chalicelib.errors import ArtefactError, ConflictError, InvalidInputError, NotFoundError
from chalicelib.index.manifest import MANIFEST
from chalicelib.model import MFCC_COUNT
from chalicelib.workflows.collect_builds import LEFT_ALONE_FOR, collect_builds
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.find_neighbours import find_neighbours
from chalicelib.workflows.list_indexes import list_indexes
from chalicelib.workflows.past_index import PastIndex
from chalicelib.workflows.publish_index import decode_current
from chalicelib.workflows.rebuild_index import IndexBuilding, rebuild_index
from chalicelib.workflows.roll_back_index import release_index, roll_back_index
from tests.fakes.buckets import FakeIndexBucket
from tests.fakes.queues import FakeBuildQueue
from tests.fakes.samples import NOW, make_analysis, make_build, make_object, make_track_id
from tests.fakes.stores import FakeIndexBuildStore, FakeLeaseStore, FakeTrackStore, FakeUploadStore
from tests.fakes.track_store import FakePassageStore


class World:
    """Every build adds three songs, and a day goes by."""

    def __init__(self) -> None:
        self.tracks, self.builds, self.bucket = FakeTrackStore(), FakeIndexBuildStore(), FakeIndexBucket()
        self.queue, self.now, self.calls = FakeBuildQueue(), NOW, 0
        self.kept = 900

    def add_songs(self, count: int = 3) -> None:
        for _ in range(count):
            name = f"song {len(self.tracks.tracks)}"
            dice = random.Random(name)
            analysis = make_analysis(name, mfcc=tuple(dice.gauss(0, 10) for _ in range(MFCC_COUNT)))
            self.tracks.attach_object(
                analysis, make_object(f"uploads/{name}"), cover_key=None, mfcc_standardized=None, scaler_version=None, now=self.now
            )

    def build(self, *, at_once: bool = False, songs: int = 3) -> str:
        self.calls += 1
        self.add_songs(songs)
        self.now = self.bucket.now = self.now + timedelta(days=1)
        return rebuild_index(self.building(), at_once=at_once)

    def building(self) -> IndexBuilding:
        return IndexBuilding(
            tracks=self.tracks,
            passages=FakePassageStore(self.tracks),
            uploads=FakeUploadStore(),
            index_builds=self.builds,
            index_bucket=self.bucket,
            leases=FakeLeaseStore(),
            build_queue=self.queue,
            clock=lambda: self.now,
            build_id=f"b{self.calls}",
            build_delay_s=3,
            builds_kept=self.kept,
        )

    def roll_back(self, build_id: str) -> None:
        roll_back_index(build_id, index_builds=self.builds, bucket=self.bucket, now=self.now)

    def release(self) -> None:
        release_index(index_builds=self.builds, bucket=self.bucket, build_queue=self.queue, now=self.now)

    def collect(self, keep: int = 2) -> list[str]:
        return collect_builds(index_builds=self.builds, bucket=self.bucket, keep=keep, clock=lambda: self.now)

    def in_force(self) -> tuple[str, bool]:
        found = self.bucket.read_current()
        assert found is not None
        current = decode_current(found[0])
        return current.build_id, current.is_pinned

    def states(self) -> dict[str, str]:
        return {each.build.build_id: each.state for each in list_indexes(index_builds=self.builds, bucket=self.bucket, limit=20)}

    def stored(self) -> set[str]:
        return {each.build_id for each in self.bucket.list_builds()}


@pytest.fixture
def world() -> World:
    world = World()
    for _ in range(3):
        assert world.build() == "published"
    return world


def test_builds_are_listed_with_what_they_are_good_for(world: World) -> None:
    assert world.states() == {"b3": "in force", "b2": "kept", "b1": "kept"}
    world.builds.add(make_build("failed"))
    world.bucket.remove_build("b1")
    listed = list_indexes(index_builds=world.builds, bucket=world.bucket, limit=20)
    newest = next(each for each in listed if each.build.build_id == "b3")
    assert newest.build.spaces == ("mfcc",)
    assert newest.size_bytes is not None
    assert newest.build.size_bytes is not None
    assert newest.size_bytes > newest.build.size_bytes > 0  # and the manifest
    assert world.states()["b1"] == "collected"


def test_builds_are_listed_where_nothing_says_which_is_in_force(world: World) -> None:
    world.bucket.current = b"garbage"
    assert world.states() == {"b3": "kept", "b2": "kept", "b1": "kept"}
    roll_back_index("b2", index_builds=world.builds, bucket=world.bucket, now=world.now)
    assert world.states()["b2"] == "pinned"


def test_a_build_is_put_back_in_force_and_warm_processes_follow(world: World, tmp_path: Path) -> None:
    warm = CurrentIndex(world.bucket, tmp_path, refresh_s=0.0)
    before = warm.open_catalogue(world.tracks)
    assert before is not None
    assert before.build_id == "b3"
    world.roll_back("b1")
    world.roll_back("b1")
    after = warm.open_catalogue(world.tracks)
    assert after is not None
    assert after.build_id == "b1"
    assert after.vector_of(make_track_id("song 8")) is not None  # what came since is its delta
    assert (world.in_force(), world.states()["b1"]) == (("b1", True), "pinned")
    assert world.builds.current() == world.builds.find("b1")


def test_a_pinned_build_stays_whatever_comes_and_what_comes_is_not_lost(world: World) -> None:
    world.roll_back("b1")
    assert world.build() == "pinned"
    assert world.in_force() == ("b1", True)
    world.release()
    assert (world.in_force(), world.queue.requests[-1]) == (("b1", False), 0)
    assert world.build(songs=0) == "published"
    assert world.in_force() == ("b5", False)


def test_a_build_by_hand_ends_a_pin_even_where_nothing_changed(world: World) -> None:
    world.roll_back("b3")
    assert world.build(songs=0, at_once=True) == "published"
    assert world.in_force() == ("b4", False)
    assert world.states()["b3"] == "kept"


def test_a_builder_that_began_before_the_rollback_does_not_undo_it(world: World) -> None:
    world.add_songs()
    world.calls += 1
    world.now += timedelta(days=1)
    building = world.building()
    publish_files = world.bucket.publish_files

    def publish_then_roll_back(build_id: str, folder: Path) -> None:
        publish_files(build_id, folder)
        world.roll_back("b2")

    world.bucket.publish_files = publish_then_roll_back  # type: ignore[method-assign]
    assert rebuild_index(building) == "superseded"
    assert world.in_force() == ("b2", True)


@pytest.mark.parametrize("damage", ["lost", "changed", "cut"])
def test_a_build_that_is_not_whole_is_not_put_in_force(world: World, damage: str) -> None:
    key = next(each for each in sorted(world.bucket.files) if each[0] == "b1" and each[1].endswith("tracks.ann"))
    content = world.bucket.files.pop(key)
    if damage != "lost":
        world.bucket.files[key] = content[:-8] if damage == "cut" else b"\x00" + content[1:]
    with pytest.raises(ArtefactError):
        world.roll_back("b1")
    assert world.in_force() == ("b3", False)


def test_a_manifest_that_was_changed_after_the_build_is_noticed(world: World) -> None:
    world.bucket.files["b1", MANIFEST] += b"\n"
    with pytest.raises(ArtefactError, match="SHA-256"):
        world.roll_back("b1")


def test_what_was_never_published_cannot_be_put_in_force(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.roll_back("b9")
    world.builds.add(replace(make_build("f1"), status="failed", reason="recall"))
    with pytest.raises(InvalidInputError, match="recall"):
        world.roll_back("f1")
    with pytest.raises(NotFoundError):
        world.release()


def test_a_build_that_is_swapped_in_meanwhile_does_not_stop_a_rollback(world: World) -> None:
    swap, losses = world.bucket.swap_current, iter([True, True, False])

    def lose_twice(content: bytes, *, expected_etag: str | None) -> None:
        if next(losses):
            raise ConflictError("Another build was published meanwhile.")
        swap(content, expected_etag=expected_etag)

    world.bucket.swap_current = lose_twice  # type: ignore[method-assign]
    world.roll_back("b1")
    assert world.in_force() == ("b1", True)


def test_the_last_builds_stay_and_older_ones_go(world: World) -> None:
    for _ in range(2):
        world.build()
    assert world.collect(keep=3) == ["b2", "b1"]
    assert world.stored() == {"b5", "b4", "b3"}
    assert world.collect(keep=3) == []
    assert world.states()["b1"] == "collected"
    with pytest.raises(NotFoundError, match="collected"):
        world.roll_back("b1")


def test_fewer_than_two_are_never_kept_and_each_build_collects(world: World) -> None:
    world.kept = 0
    world.build()
    assert world.stored() == {"b4", "b3"}


def test_what_is_pinned_held_or_young_stays(world: World) -> None:
    for _ in range(4):
        world.build()
    world.roll_back("b1")
    world.now += timedelta(days=1)
    world.builds.hold("b2", now=world.now)
    world.bucket.changed["b3"] = world.now - timedelta(minutes=5)
    assert world.collect() == ["b5", "b4"]
    assert world.stored() == {"b1", "b2", "b3", "b6", "b7"}
    world.now += LEFT_ALONE_FOR + timedelta(minutes=1)
    world.release()
    assert world.collect() == ["b3", "b2"]


def test_what_a_dead_builder_left_half_uploaded_goes_once_nobody_can_be_at_it(world: World) -> None:
    world.bucket.files["dead", "track_ids.json"] = b"[]"
    world.bucket.changed["dead"] = world.now
    assert world.collect(keep=9) == []
    world.now += LEFT_ALONE_FOR + timedelta(minutes=1)
    assert world.collect(keep=9) == ["dead"]


def test_a_collection_that_broke_off_is_finished_by_the_next(world: World) -> None:
    world.build()
    world.builds.begin_collection("b1", held_before=world.now, now=world.now)
    del world.bucket.files["b1", MANIFEST]
    world.now += LEFT_ALONE_FOR + timedelta(minutes=1)
    assert "b1" in world.collect(keep=3)


def test_without_a_word_of_what_is_in_force_nothing_goes(world: World) -> None:
    world.now += timedelta(days=9)
    world.bucket.current = b"garbage"
    assert world.collect() == []


def test_a_past_build_answers_without_what_came_after_it(world: World, tmp_path: Path) -> None:
    def ask(build_id: str) -> set[str]:
        past = PastIndex(build_id, world.bucket, tmp_path / build_id, space="mfcc")
        found = find_neighbours(make_track_id("song 0"), count=20, index=past, tracks=world.tracks)
        return {each.track.display_title.lower() for each in found}

    assert ask("b1") == {"song 1", "song 2"}
    assert len(ask("b2")) == 5
    with pytest.raises(NotFoundError):
        ask("b9")


def test_a_past_build_that_was_harmed_says_which_file(world: World, tmp_path: Path) -> None:
    world.bucket.files["b1", "spaces/mfcc/vectors.npy"] = b"harmed"
    with pytest.raises(ArtefactError, match=r"spaces/mfcc/vectors\.npy"):
        PastIndex("b1", world.bucket, tmp_path, space="mfcc")
