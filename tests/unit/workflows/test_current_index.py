"""Publishing a build and following `current.json`."""

from __future__ import annotations

import multiprocessing
import os
import threading
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chalicelib.errors import ArtefactError, ConflictError, StoreUnavailableError
from chalicelib.index import manifest as artefact
from chalicelib.index.scaler import Scaler
from chalicelib.workflows.current_index import INCOMING, CurrentIndex
from chalicelib.workflows.publish_index import decode_current, publish_build
from chalicelib.workflows.scaler_in_force import read_scaler_in_force
from tests.fakes.buckets import FakeIndexBucket
from tests.unit.index.music_library import NOW, Library, build_music, make_library, make_mfcc


class CountingBucket(FakeIndexBucket):
    """Counts looks and fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.fetched: list[str] = []

    def read_current(self) -> tuple[bytes, str] | None:
        self.looks += 1
        return super().read_current()

    def fetch_file(self, build_id: str, name: str, to: Path) -> None:
        self.fetched.append(name)
        super().fetch_file(build_id, name, to)


def publish(bucket: FakeIndexBucket, folder: Path, build_id: str, *, count: int = 20, max_seq: int = 0) -> None:
    build_music(folder / build_id, make_mfcc(count), build_id=build_id, max_seq=max_seq)
    publish_build(folder / build_id, bucket, now=NOW)


def spoil(bucket: FakeIndexBucket, build_id: str, name: str) -> bytes:
    good = bucket.files[build_id, name]
    bucket.files[build_id, name] = good[:-1] + bytes([good[-1] ^ 1])
    return good


@pytest.fixture
def bucket() -> CountingBucket:
    return CountingBucket()


@pytest.fixture
def current(bucket: CountingBucket, tmp_path: Path) -> CurrentIndex:
    return CurrentIndex(bucket, tmp_path / "index", refresh_s=10.0)


def name_of(current: CurrentIndex, now: float) -> str | None:
    index = current.get(now)
    return None if index is None else index.manifest.build_id


def test_before_the_first_build_there_is_no_index(current: CurrentIndex):
    assert current.get(0.0) is None


def test_the_published_build_is_loaded_and_current_json_names_it(current: CurrentIndex, bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one", max_seq=5)
    index = current.get(0.0)
    assert index is not None
    assert len(index) == 20
    assert bucket.current is not None
    named = decode_current(bucket.current)
    assert (named.build_id, named.max_seq, named.published_at) == ("one", 5, NOW)
    assert set(msgspec.json.decode(bucket.current)) >= {"build_id", "manifest_sha256", "published_at"}


def test_current_json_is_looked_at_no_more_often_than_asked(current: CurrentIndex, bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one")
    looks = bucket.looks
    for now in (0.0, 1.0, 9.9):
        assert name_of(current, now) == "one"
    assert bucket.looks == looks + 1
    publish(bucket, tmp_path, "two", max_seq=1)
    assert name_of(current, 9.99) == "one"
    assert name_of(current, 10.0) == "two"


def test_a_look_that_finds_nothing_new_downloads_nothing(current: CurrentIndex, bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one")
    before = current.get(0.0)
    fetched = len(bucket.fetched)
    assert current.get(20.0) is before
    assert len(bucket.fetched) == fetched


@pytest.mark.parametrize("name", [*artefact.REQUIRED_FILES, artefact.MANIFEST])
def test_a_new_build_that_fails_its_checks_leaves_the_last_good_one_in_force(
    current: CurrentIndex, bucket: CountingBucket, tmp_path: Path, name: str
):
    publish(bucket, tmp_path, "one")
    assert name_of(current, 0.0) == "one"
    publish(bucket, tmp_path, "two", max_seq=1)
    good = spoil(bucket, "two", name)
    assert name_of(current, 10.0) == "one"
    bucket.files["two", name] = good
    assert name_of(current, 20.0) == "two"


def test_a_build_that_fails_again_and_again_is_fetched_ever_more_seldom(bucket: CountingBucket, tmp_path: Path):
    current = CurrentIndex(bucket, tmp_path / "index", refresh_s=0.0)
    publish(bucket, tmp_path, "one")
    current.get(0.0)
    publish(bucket, tmp_path, "two", max_seq=1)
    spoil(bucket, "two", artefact.TREES)
    bucket.fetched.clear()
    for second in range(1, 61):
        assert name_of(current, float(second)) == "one"
    assert 3 <= bucket.fetched.count(artefact.TREES) <= 7


def test_a_bucket_that_does_not_answer_leaves_the_last_good_one_in_force(current: CurrentIndex, bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one")
    current.get(0.0)
    bucket.is_down = True
    assert name_of(current, 50.0) == "one"


def test_an_index_that_cannot_be_had_is_not_taken_for_none(current: CurrentIndex, bucket: CountingBucket, tmp_path: Path):
    """Else an outage of S3 would turn everyone's list into random songs."""
    publish(bucket, tmp_path, "one")
    bucket.is_down = True
    with pytest.raises(StoreUnavailableError):
        current.get(0.0)
    bucket.is_down = False
    with pytest.raises(StoreUnavailableError):
        current.get(0.5)  # not asked again at once
    assert name_of(current, 20.0) == "one"


def test_a_spoilt_first_build_is_not_served(current: CurrentIndex, bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one")
    spoil(bucket, "one", artefact.TREES)
    with pytest.raises(StoreUnavailableError):
        current.get(0.0)
    assert list((tmp_path / "index").iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"build_id":"../up","manifest_sha256":"0","max_seq":0,"published_at":"2026-11-22T00:00:00Z"}']
)
def test_a_current_json_that_is_none_of_ours_changes_nothing(current: CurrentIndex, bucket: CountingBucket, tmp_path: Path, content: bytes):
    publish(bucket, tmp_path, "one")
    current.get(0.0)
    bucket.current = content
    assert name_of(current, 10.0) == "one"
    with pytest.raises(ArtefactError):
        decode_current(content)


def test_a_new_process_that_meets_a_spoilt_build_serves_the_last_good_one(bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one", max_seq=1)
    publish(bucket, tmp_path, "two", max_seq=2)
    good = spoil(bucket, "two", artefact.name_files("mfcc").trees)
    new_process = CurrentIndex(bucket, tmp_path / "index", refresh_s=1.0)
    assert name_of(new_process, 0.0) == "one"
    bucket.files["two", artefact.name_files("mfcc").trees] = good
    assert name_of(new_process, 100.0) == "two"


def test_a_build_in_force_that_is_gone_leaves_a_new_process_an_earlier_one(bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one", max_seq=1)
    publish(bucket, tmp_path, "two", max_seq=2)
    bucket.remove_build("two")
    assert name_of(CurrentIndex(bucket, tmp_path / "index", refresh_s=1.0), 0.0) == "one"


def test_only_the_build_in_force_stays_on_disk_and_an_open_one_goes_on(current: CurrentIndex, bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one", count=30)
    old = current.get(0.0)
    assert old is not None
    query = old.scaler.transform(make_mfcc(30)[3])
    before = old.search(query, 5)
    publish(bucket, tmp_path, "two", max_seq=1)
    current.get(10.0)
    assert [each.name for each in (tmp_path / "index").iterdir()] == ["two.timbre"]
    assert old.search(query, 5) == before


def test_downloads_that_a_dead_process_left_are_swept_and_fresh_ones_are_not(current: CurrentIndex, bucket: CountingBucket, tmp_path: Path):
    for name in ("dead", "alive"):
        (tmp_path / "index" / f"{INCOMING}{name}").mkdir(parents=True)
    os.utime(tmp_path / "index" / f"{INCOMING}dead", (0, 0))
    publish(bucket, tmp_path, "one")
    current.get(0.0)
    assert {each.name for each in (tmp_path / "index").iterdir()} == {"one.timbre", f"{INCOMING}alive"}


def test_another_process_finds_the_build_on_disk_and_downloads_nothing(bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one")
    CurrentIndex(bucket, tmp_path / "index", refresh_s=1.0).get(0.0)
    bucket.fetched.clear()
    assert name_of(CurrentIndex(bucket, tmp_path / "index", refresh_s=1.0), 0.0) == "one"
    assert bucket.fetched == []


def test_a_build_that_was_spoilt_on_disk_is_fetched_again(bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one")
    CurrentIndex(bucket, tmp_path / "index", refresh_s=1.0).get(0.0)
    os.truncate(tmp_path / "index" / "one.timbre" / artefact.TREES, 100)
    assert name_of(CurrentIndex(bucket, tmp_path / "index", refresh_s=1.0), 0.0) == "one"
    assert (tmp_path / "index" / "one.timbre" / artefact.TREES).stat().st_size > 100


def test_many_threads_share_one_download(bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one")
    current = CurrentIndex(bucket, tmp_path / "index", refresh_s=1000.0)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(current.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(found) == 8
    assert len({id(each) for each in found}) == 1
    assert found[0] is not None
    assert bucket.fetched.count(artefact.TREES) == 1


def load_in_a_process(files: dict[tuple[str, str], bytes], content: bytes, folder: Path, barrier: object, answers: object) -> None:
    bucket = FakeIndexBucket()
    bucket.files, bucket.current = files, content
    barrier.wait(30)  # type: ignore[attr-defined]
    index = CurrentIndex(bucket, folder, refresh_s=1.0).get()
    answers.put(None if index is None else len(index.search(index.scaler.transform(make_mfcc(1)[0]), 5)))  # type: ignore[attr-defined]


def test_processes_that_load_into_one_folder_at_once_all_get_the_index(bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one")
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(3), spawn.Queue()
    arguments = (bucket.files, bucket.current, tmp_path / "index", barrier, answers)
    processes = [spawn.Process(target=load_in_a_process, args=arguments) for _ in range(3)]
    for process in processes:
        process.start()
    assert [answers.get(timeout=60) for _ in processes] == [5, 5, 5]
    for process in processes:
        process.join(timeout=30)
    assert [each.name for each in (tmp_path / "index").iterdir()] == ["one.timbre"]


def test_publishing_the_same_build_again_is_harmless(bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "one", max_seq=3)
    before = bucket.current
    publish_build(tmp_path / "one", bucket, now=NOW)
    assert bucket.current == before


def test_a_builder_that_outlived_its_lease_does_not_put_an_older_build_in_force(bucket: CountingBucket, tmp_path: Path):
    publish(bucket, tmp_path, "newer", max_seq=9)
    with pytest.raises(ConflictError, match="later changes"):
        publish(bucket, tmp_path, "older", max_seq=8)
    assert bucket.current is not None
    assert decode_current(bucket.current).build_id == "newer"


def test_a_swap_by_another_between_look_and_write_is_a_conflict(tmp_path: Path):
    class RacingBucket(FakeIndexBucket):
        def read_current(self) -> tuple[bytes, str] | None:
            found = super().read_current()
            self.current = b"someone else's"
            return found

    with pytest.raises(ConflictError):
        publish(RacingBucket(), tmp_path, "one")


def test_a_current_json_that_nobody_can_read_is_replaced(bucket: CountingBucket, tmp_path: Path):
    bucket.current = b"garbage"
    publish(bucket, tmp_path, "one")
    assert decode_current(bucket.current).build_id == "one"


def test_files_that_changed_after_the_gate_are_not_published(bucket: CountingBucket, tmp_path: Path):
    build_music(tmp_path / "one", make_mfcc(20), build_id="one")
    os.truncate(tmp_path / "one" / artefact.TREES, 100)
    with pytest.raises(ArtefactError):
        publish_build(tmp_path / "one", bucket, now=NOW)
    assert bucket.current is None
    assert bucket.files == {}


def test_a_swap_that_fails_leaves_the_old_build_in_force(bucket: CountingBucket, current: CurrentIndex, tmp_path: Path):
    """Files of a build whose swap never came are not looked at."""
    publish(bucket, tmp_path, "one")
    build_music(tmp_path / "two", make_mfcc(20), build_id="two", max_seq=1)
    bucket.publish_files("two", tmp_path / "two")
    assert name_of(current, 0.0) == "one"


def test_the_scaler_in_force_is_read_without_the_index(bucket: CountingBucket, tmp_path: Path):
    assert read_scaler_in_force(bucket) is None
    publish(bucket, tmp_path, "one")
    bucket.fetched.clear()
    scaler = read_scaler_in_force(bucket)
    assert isinstance(scaler, Scaler)
    assert scaler.version == 1
    assert bucket.fetched == [artefact.MANIFEST, artefact.SCALER]
    spoil(bucket, "one", artefact.SCALER)
    with pytest.raises(ArtefactError):
        read_scaler_in_force(bucket)


def test_only_what_the_space_needs_is_fetched(bucket: CountingBucket, tmp_path: Path):
    build_music(tmp_path / "one", make_mfcc(60), build_id="one", has_features=True)
    publish_build(tmp_path / "one", bucket, now=NOW)
    for space in artefact.SPACES:
        bucket.fetched.clear()
        index = CurrentIndex(bucket, tmp_path / "index", refresh_s=1.0, space=space).get(0.0)
        assert index is not None
        assert (index.space, len(index)) == (space, 60)
        assert set(bucket.fetched) == {artefact.MANIFEST, artefact.TRACK_IDS, *artefact.name_files(space).names()}
    bucket.fetched.clear()
    again = CurrentIndex(bucket, tmp_path / "index", refresh_s=1.0, space="mfcc").get(0.0)
    assert again is not None
    assert bucket.fetched == [], "each space's process has its own copy"


def test_a_build_without_the_wanted_space_is_served_by_the_other_until_one_has_it(tmp_path: Path):
    library = make_library(60)
    current = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=1.0, space="timbre")
    before = current.get(0.0)
    assert before is not None
    assert before.space == "mfcc"
    richer = make_library(60, has_features=True, build=False)
    library.tracks, library.passages = richer.tracks, richer.passages
    library.build("build-2")
    after = current.get(1.0)
    assert after is not None
    assert (after.space, after.manifest.build_id) == ("timbre", "build-2")


def test_what_was_added_since_the_build_is_found_by_its_features_in_the_timbre_space(tmp_path: Path):
    library = make_library(60, has_features=True)
    current = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=1.0, space="timbre")
    late = library.add(make_mfcc(1, seed=5)[0], has_features=True)
    poor = library.add(make_mfcc(1, seed=6)[0])
    catalogue = current.open_catalogue(library.tracks, 0.0)
    assert catalogue is not None
    vector = catalogue.vector_of(late.track_id)
    assert vector is not None
    assert vector.shape == (catalogue.index.facts.dimension,)
    assert catalogue.search(vector, 1)[0].track_id == late.track_id
    assert catalogue.vector_of(poor.track_id) is None, "without features there is no place for it in this space"


def open_ids(current: CurrentIndex, library: Library, now: float) -> set[str]:
    catalogue = current.open_catalogue(library.tracks, now)
    assert catalogue is not None
    return {each.track_id for each in catalogue.search(catalogue.index.scaler.transform(make_mfcc(1)[0]), 1000)}


def test_the_catalogue_holds_what_was_added_since_the_build_and_follows_builds(tmp_path: Path):
    library = make_library(30)
    current = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=1.0)
    assert len(open_ids(current, library, 0.0)) == 30
    first = library.add(make_mfcc(1, seed=5)[0])
    assert first.track_id not in open_ids(current, library, 0.5)
    assert first.track_id in open_ids(current, library, 1.0)
    second = library.add(make_mfcc(1, seed=6)[0])
    assert {first.track_id, second.track_id} <= open_ids(current, library, 2.0)
    library.build("build-2")
    third = library.add(make_mfcc(1, seed=7)[0])
    assert {first.track_id, second.track_id, third.track_id} <= open_ids(current, library, 3.0)
    assert len(open_ids(current, library, 4.0)) == 33


def test_the_delta_is_read_on_from_where_it_was_read_to(tmp_path: Path):
    library = make_library(10)
    asked: list[int] = []
    inner = library.tracks.changed_since

    def changed_since(seq: int, *, limit: int) -> list[object]:
        asked.append(seq)
        return inner(seq, limit=limit)

    library.tracks.changed_since = changed_since  # type: ignore[assignment, method-assign]
    current = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=1.0)
    for now in range(4):
        library.add(make_mfcc(1, seed=now)[0])
        open_ids(current, library, float(now))
    assert asked == [10, 11, 12, 13]


def test_what_a_new_build_holds_is_scanned_no_longer(tmp_path: Path):
    library = make_library(10)
    current = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=1.0)
    sizes = []
    for now in range(3):
        library.add(make_mfcc(1, seed=now)[0])
        catalogue = current.open_catalogue(library.tracks, float(now))
        assert catalogue is not None
        sizes.append(catalogue.delta_size)
        if now == 1:
            library.build("build-2")
    assert sizes == [1, 2, 1]


def test_going_back_to_an_older_build_loses_no_track(tmp_path: Path):
    library = make_library(10)
    before = library.bucket.current
    for seed in range(5):
        library.add(make_mfcc(1, seed=seed)[0])
    library.build("build-2")
    current = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=1.0)
    assert len(open_ids(current, library, 0.0)) == 15
    library.bucket.current = before
    assert len(open_ids(current, library, 1.0)) == 15
    assert name_of(current, 1.0) == "build-1"


def test_publishing_later_is_told_in_current_json(bucket: CountingBucket, tmp_path: Path):
    build_music(tmp_path / "one", make_mfcc(5), build_id="one")
    assert publish_build(tmp_path / "one", bucket, now=NOW + timedelta(hours=1)).published_at == NOW + timedelta(hours=1)
