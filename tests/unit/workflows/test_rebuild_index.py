from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field, replace

import msgspec
import pytest

from chalicelib.errors import ConflictError, StoreUnavailableError
from chalicelib.index.manifest import decode_manifest, encode_manifest
from chalicelib.model import MFCC_COUNT
from chalicelib.workflows.publish_index import decode_current, encode_current
from chalicelib.workflows.rebuild_index import LEASE, IndexBuilding, rebuild_index
from chalicelib.workflows.records import BuildMessage, BuildRequest
from chalicelib.workflows.scaler_in_force import read_scaler_in_force
from chalicelib.workflows.serve_build_request import serve_build_request
from tests.fakes.buckets import FakeIndexBucket
from tests.fakes.queues import FakeBuildQueue
from tests.fakes.redelivery import FakeRedelivery
from tests.fakes.samples import NOW, at, make_analysis, make_object, make_track_id
from tests.fakes.stores import FakeIndexBuildStore, FakeLeaseStore, FakeTrackStore, FakeUploadStore
from tests.fakes.track_store import FakePassageStore


@dataclass
class World:
    tracks: FakeTrackStore = field(default_factory=FakeTrackStore)
    uploads: FakeUploadStore = field(default_factory=FakeUploadStore)
    builds: FakeIndexBuildStore = field(default_factory=FakeIndexBuildStore)
    index: FakeIndexBucket = field(default_factory=FakeIndexBucket)
    leases: FakeLeaseStore = field(default_factory=FakeLeaseStore)
    queue: FakeBuildQueue = field(default_factory=FakeBuildQueue)
    calls: int = 0

    def building(self) -> IndexBuilding:
        self.calls += 1
        return IndexBuilding(
            tracks=self.tracks,
            passages=FakePassageStore(self.tracks),
            uploads=self.uploads,
            index_builds=self.builds,
            index_bucket=self.index,
            leases=self.leases,
            build_queue=self.queue,
            clock=lambda: NOW,
            build_id=f"build-{self.calls}",
            build_delay_s=3,
        )

    def rebuild(self, *, refit: bool = False) -> str:
        return rebuild_index(self.building(), refit=refit)

    def add_song(self, name: str, *, spread: float = 10.0) -> None:
        """Attached and with an `analysed` receipt, as ingestion leaves it."""
        dice = random.Random(name)
        analysis = make_analysis(name, mfcc=tuple(dice.gauss(0, spread) for _ in range(MFCC_COUNT)))
        track = self.tracks.attach_object(
            analysis, make_object(f"uploads/{name}"), cover_key=None, mfcc_standardized=None, scaler_version=None, now=NOW
        )
        self.uploads.begin_attempt(name, key=f"uploads/{name}", now=NOW)
        self.uploads.mark_analysed(name, track_id=track.track_id, seq=track.seq, warnings=(), now=NOW)

    def current_build(self) -> str:
        assert self.index.current is not None
        return decode_current(self.index.current).build_id


@pytest.fixture
def world() -> World:
    world = World()
    for number in range(20):
        world.add_song(f"song-{number}")
    return world


def test_a_build_is_published_noted_and_tells_the_receipts(world: World) -> None:
    assert world.rebuild() == "published"
    assert world.current_build() == "build-1"
    current = world.builds.current()
    assert current is not None
    assert (current.build_id, current.track_count, current.max_seq, current.status) == ("build-1", 20, 20, "published")
    assert world.uploads.count_by_status()["indexed"] == 20
    assert world.leases.leases == {}


def test_every_indexed_track_has_its_standardized_values_of_the_scaler_in_force(world: World) -> None:
    world.rebuild()
    scaler = read_scaler_in_force(world.index)
    assert scaler is not None
    for track in world.tracks.tracks.values():
        assert track.scaler_version == scaler.version
        assert track.mfcc_standardized == pytest.approx(scaler.transform(track.mfcc).tolist())


def test_nothing_changed_means_nothing_built(world: World) -> None:
    world.rebuild()
    swaps = world.index.swaps
    assert world.rebuild() == "unchanged"
    assert world.index.swaps == swaps


def test_an_index_of_an_older_version_gets_its_map_though_nothing_changed(world: World) -> None:
    world.rebuild()
    _take_the_map_away(world.index)
    assert world.rebuild() == "published"
    assert world.rebuild() == "unchanged"


def _take_the_map_away(index: FakeIndexBucket) -> None:
    current = decode_current(index.current or b"")
    name = (current.build_id, "manifest.json")
    manifest = msgspec.structs.replace(decode_manifest(index.files[name]), map=None)
    index.files[name] = encode_manifest(manifest)
    sha256 = hashlib.sha256(index.files[name]).hexdigest()
    index.current = encode_current(manifest, manifest_sha256=sha256, published_at=current.published_at)


def test_a_large_catalogue_is_not_built_for_one_song_unless_that_is_asked_for(world: World) -> None:
    world.rebuild()
    _pretend_many_tracks(world.index)
    world.add_song("late")
    assert world.rebuild() == "put_off"
    assert world.queue.requests == [], "later messages and the schedule ask again"
    assert world.current_build() == "build-1"
    assert rebuild_index(world.building(), at_once=True) == "published"


def _pretend_many_tracks(index: FakeIndexBucket) -> None:
    current = decode_current(index.current or b"")
    name = (current.build_id, "manifest.json")
    manifest = msgspec.structs.replace(decode_manifest(index.files[name]), track_count=1_000_000)
    index.files[name] = encode_manifest(manifest)
    sha256 = hashlib.sha256(index.files[name]).hexdigest()
    index.current = encode_current(manifest, manifest_sha256=sha256, published_at=current.published_at)


def test_a_refit_builds_though_nothing_changed(world: World) -> None:
    world.rebuild()
    assert world.rebuild(refit=True) == "published"
    assert world.current_build() == "build-2"


def test_a_receipt_that_came_late_is_indexed_by_the_next_message(world: World) -> None:
    """Analysed before the build, marked after it."""
    world.rebuild()
    track = world.tracks.find(make_track_id("song-1"))
    assert track is not None
    world.uploads.mark_analysed("song-1", track_id="other", seq=track.seq, warnings=(), now=NOW)
    assert world.rebuild() == "unchanged"
    assert world.uploads.count_by_status()["indexed"] == 20


def test_a_builder_that_died_after_its_swap_is_completed_by_the_next(world: World) -> None:
    world.builds.is_down = True
    with pytest.raises(StoreUnavailableError):
        world.rebuild()
    world.builds.is_down = False
    assert world.current_build() == "build-1", "it was published"
    assert world.builds.current() is None, "and noted nowhere"
    assert world.rebuild() == "unchanged"
    current = world.builds.current()
    assert current is not None
    assert current.build_id == "build-1"
    assert world.uploads.count_by_status()["indexed"] == 20


def test_a_current_build_that_cannot_be_read_is_replaced(world: World) -> None:
    world.rebuild()
    del world.index.files["build-1", "manifest.json"]
    assert world.rebuild() == "published"
    assert world.current_build() == "build-2"


def test_a_held_lease_asks_for_a_later_build_and_is_done(world: World) -> None:
    world.leases.acquire(LEASE, holder="somebody", ttl_s=60, now=NOW)
    assert world.rebuild() == "lease_held"
    assert world.queue.requests == [5]
    assert world.index.current is None


def test_an_expired_lease_of_a_killed_builder_holds_nobody_up(world: World) -> None:
    world.leases.acquire(LEASE, holder="killed", ttl_s=60, now=at(-120))
    assert world.rebuild() == "published"


def test_a_builder_that_lost_its_lease_does_not_publish(world: World) -> None:
    class LosingTracks(FakeTrackStore):
        def write_standardized(self, rows: object, *, scaler_version: int) -> int:
            world.leases.leases[LEASE] = ("somebody", at(60))
            return 0

    tracks = LosingTracks()
    tracks.tracks, tracks.seq = world.tracks.tracks, world.tracks.seq
    assert rebuild_index(replace(world.building(), tracks=tracks)) == "lease_held"
    assert world.index.current is None


def test_a_swap_by_somebody_else_meanwhile_is_superseded_and_looked_at_again(world: World) -> None:
    class RacedBucket(FakeIndexBucket):
        def swap_current(self, content: bytes, *, expected_etag: str | None) -> None:
            raise ConflictError("Another build was published meanwhile.")

    assert rebuild_index(replace(world.building(), index_bucket=RacedBucket())) == "superseded"
    assert world.queue.requests == [5]


def test_when_the_last_song_is_gone_the_old_index_stays(world: World) -> None:
    world.rebuild()
    for number in range(20):
        world.tracks.detach_object(f"uploads/song-{number}", now=NOW)
    assert world.rebuild() == "nothing_active"
    assert world.current_build() == "build-1"
    assert World().rebuild() == "nothing_active"


def test_one_track_with_impossible_numbers_does_not_keep_the_others_out(world: World) -> None:
    broken = make_analysis("broken", mfcc=(float("nan"),) * MFCC_COUNT)
    world.tracks.attach_object(broken, make_object("uploads/broken"), cover_key=None, mfcc_standardized=None, scaler_version=None, now=NOW)
    assert world.rebuild() == "published"
    current = world.builds.current()
    assert current is not None
    assert current.track_count == 20


def test_a_failed_gate_is_noted_and_leaves_the_old_build_in_force(world: World) -> None:
    world.rebuild()

    class TwiceTracks(FakeTrackStore):
        def stream_vectors(self, *, feature_version: int):  # type: ignore[no-untyped-def]
            rows = list(super().stream_vectors(feature_version=feature_version))
            return iter([*rows, rows[0]])

    tracks = TwiceTracks()
    tracks.tracks, tracks.seq = world.tracks.tracks, world.tracks.seq + 1
    assert rebuild_index(replace(world.building(), tracks=tracks)) == "failed"
    failed = world.builds.builds["build-2"]
    assert failed.status == "failed"
    assert failed.reason
    assert world.current_build() == "build-1"
    current = world.builds.current()
    assert current is not None
    assert current.build_id == "build-1"


def test_a_batch_of_messages_is_one_build_and_a_store_away_puts_all_of_them_off(world: World) -> None:
    request = BuildRequest(refit=False, messages=(BuildMessage("m-1", "h-1", 1), BuildMessage("m-2", "h-2", 4)))
    redelivery = FakeRedelivery()
    world.tracks.is_down = True
    assert serve_build_request(request, world.building(), redelivery=redelivery) == (None, ["m-1", "m-2"])
    assert redelivery.put_off == [("h-1", 5), ("h-2", 20)]
    with pytest.raises(StoreUnavailableError):
        serve_build_request(BuildRequest(refit=False, messages=()), world.building(), redelivery=redelivery)
    world.tracks.is_down = False
    assert serve_build_request(request, world.building(), redelivery=redelivery) == ("published", [])
    assert world.index.swaps == 1


def test_an_index_of_a_database_that_is_gone_is_replaced(world: World) -> None:
    world.rebuild()
    fresh = World(index=world.index, calls=1)  # the bucket outlived the database, whose seq begins anew
    for number in range(5):
        fresh.add_song(f"new-{number}")
    assert fresh.rebuild() == "published"
    assert fresh.current_build() == "build-2"
    assert fresh.rebuild() == "unchanged"
