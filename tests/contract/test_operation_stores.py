"""What every IndexBuildStore, LeaseStore and DeadLetterStore does."""

from __future__ import annotations

import msgspec
import pytest

from chalicelib.errors import LeaseHeldError, NotFoundError
from chalicelib.model import Backfill
from chalicelib.storage.backfills import MongoBackfillStore
from chalicelib.storage.dead_letters import MongoDeadLetterStore
from chalicelib.storage.index_builds import MongoIndexBuildStore
from chalicelib.storage.leases import MongoLeaseStore
from chalicelib.storage.times import truncate_time
from chalicelib.workflows.operator_ports import BackfillStore
from chalicelib.workflows.ports import DeadLetterStore, IndexBuildStore, LeaseStore
from tests.fakes.samples import NOW, at, make_build, make_letter
from tests.fakes.stores import FakeBackfillStore, FakeDeadLetterStore, FakeIndexBuildStore, FakeLeaseStore


@pytest.fixture(params=["fake", "mongo"])
def builds(request: pytest.FixtureRequest) -> IndexBuildStore:
    return FakeIndexBuildStore() if request.param == "fake" else MongoIndexBuildStore(request.getfixturevalue("database"))


@pytest.fixture(params=["fake", "mongo"])
def leases(request: pytest.FixtureRequest) -> LeaseStore:
    return FakeLeaseStore() if request.param == "fake" else MongoLeaseStore(request.getfixturevalue("database"))


@pytest.fixture(params=["fake", "mongo"])
def letters(request: pytest.FixtureRequest) -> DeadLetterStore:
    return FakeDeadLetterStore() if request.param == "fake" else MongoDeadLetterStore(request.getfixturevalue("database"))


@pytest.fixture(params=["fake", "mongo"])
def backfills(request: pytest.FixtureRequest) -> BackfillStore:
    return FakeBackfillStore() if request.param == "fake" else MongoBackfillStore(request.getfixturevalue("database"))


def test_no_build_is_current_before_one_is_made_so(builds: IndexBuildStore) -> None:
    assert builds.current() is None
    builds.add(make_build("b1"))
    assert builds.current() is None
    with pytest.raises(NotFoundError):
        builds.set_current("nothing")


def test_one_build_is_current_at_a_time(builds: IndexBuildStore) -> None:
    for number in range(3):
        builds.add(make_build(f"b{number}", created_at=at(number)))
    for build_id in ["b0", "b2", "b1", "b1"]:
        builds.set_current(build_id)
        current = builds.current()
        assert current is not None
        assert current.build_id == build_id
    assert [(build.build_id, build.is_current) for build in builds.list_newest(limit=9)] == [("b2", False), ("b1", True), ("b0", False)]
    with pytest.raises(NotFoundError):
        builds.set_current("nothing")
    assert builds.current() is not None
    assert len(builds.list_newest(limit=2)) == 2


def test_one_build_at_most_is_pinned_and_only_while_it_is_in_force(builds: IndexBuildStore) -> None:
    for number in range(2):
        builds.add(make_build(f"b{number}", created_at=at(number)))
    builds.set_current("b0", is_pinned=True)
    builds.add(make_build("b0", created_at=at(0)))  # its bookkeeping is completed again
    found = builds.find("b0")
    assert found is not None
    assert (found.is_current, found.is_pinned) == (True, True)
    builds.set_current("b1")
    assert [(build.is_current, build.is_pinned) for build in builds.list_newest(limit=9)] == [(True, False), (False, False)]
    assert builds.find("nothing") is None


def test_of_holding_a_build_and_collecting_it_one_comes_first(builds: IndexBuildStore) -> None:
    for number in range(3):
        builds.add(make_build(f"b{number}", created_at=at(number)))
    builds.set_current("b2")
    assert builds.hold("b0", now=at(100))
    assert not builds.begin_collection("b0", held_before=at(50), now=at(110))
    assert builds.begin_collection("b0", held_before=at(101), now=at(110))  # the hold is an old one
    assert not builds.hold("b0", now=at(120))
    assert builds.begin_collection("b0", held_before=at(101), now=at(130))
    assert not builds.begin_collection("b2", held_before=at(101), now=at(130))
    assert builds.begin_collection("b1", held_before=at(101), now=at(130))
    assert not builds.hold("nothing", now=at(1))
    assert not builds.begin_collection("nothing", held_before=at(1), now=at(1))
    builds.add(make_build("b0", created_at=at(0)))
    found = builds.find("b0")
    assert found is not None
    assert found.collected_at == truncate_time(at(130))


def test_a_build_may_be_added_as_current(builds: IndexBuildStore) -> None:
    builds.add(make_build("b0", is_current=True))
    builds.add(make_build("b1", is_current=True))
    expected = msgspec.structs.replace(make_build("b1", is_current=True), created_at=truncate_time(NOW))
    assert builds.current() == expected


def test_a_build_added_twice_is_one_and_stays_current(builds: IndexBuildStore) -> None:
    builds.add(make_build("b0"))
    builds.set_current("b0")
    builds.add(make_build("b0"))
    assert [(build.build_id, build.is_current) for build in builds.list_newest(limit=9)] == [("b0", True)]


def test_a_lease_is_held_until_it_is_released(leases: LeaseStore) -> None:
    leases.acquire("build", holder="one", ttl_s=60, now=NOW)
    with pytest.raises(LeaseHeldError):
        leases.acquire("build", holder="two", ttl_s=60, now=at(59))
    leases.acquire("another", holder="two", ttl_s=60, now=NOW)
    leases.release("build", holder="two")
    with pytest.raises(LeaseHeldError):
        leases.acquire("build", holder="two", ttl_s=60, now=at(59))
    leases.release("build", holder="one")
    leases.acquire("build", holder="two", ttl_s=60, now=at(59))


def test_a_lease_of_a_dead_holder_expires(leases: LeaseStore) -> None:
    leases.acquire("build", holder="one", ttl_s=60, now=NOW)
    leases.acquire("build", holder="two", ttl_s=60, now=at(60))
    with pytest.raises(LeaseHeldError):
        leases.acquire("build", holder="one", ttl_s=60, now=at(61))
    leases.release("build", holder="one")
    with pytest.raises(LeaseHeldError):
        leases.acquire("build", holder="one", ttl_s=60, now=at(61))


def test_the_holder_renews(leases: LeaseStore) -> None:
    leases.acquire("build", holder="one", ttl_s=60, now=NOW)
    leases.acquire("build", holder="one", ttl_s=60, now=at(50))
    with pytest.raises(LeaseHeldError):
        leases.acquire("build", holder="two", ttl_s=60, now=at(100))


def test_the_same_failure_is_one_letter(letters: DeadLetterStore) -> None:
    letters.add(make_letter("a", attempts=3))
    letters.add(msgspec.structs.replace(make_letter("a", attempts=1, created_at=at(9)), reason="still not JSON"))
    [letter] = letters.list_newest(limit=9)
    assert (letter.attempts, letter.created_at, letter.payload, letter.reason) == (4, truncate_time(NOW), "{", "still not JSON")
    assert letters.count() == 1


def test_a_letter_keeps_the_id_of_the_request_behind_it(letters: DeadLetterStore) -> None:
    letters.add(msgspec.structs.replace(make_letter("l1"), request_id="r1"))
    assert [letter.request_id for letter in letters.list_newest(limit=1)] == ["r1"]


def test_letters_come_newest_first_and_by_source(letters: DeadLetterStore) -> None:
    assert (letters.count(), letters.list_newest(limit=9)) == (0, [])
    for number, source in enumerate(["plays", "uploads", "plays"]):
        letters.add(make_letter(f"l{number}", source=source, created_at=at(number)))
    assert [letter.letter_id for letter in letters.list_newest(limit=9)] == ["l2", "l1", "l0"]
    assert [letter.letter_id for letter in letters.list_newest(source="plays", limit=9)] == ["l2", "l0"]
    assert [letter.letter_id for letter in letters.list_newest(source="plays", limit=1)] == ["l2"]
    assert letters.list_newest(source="builds", limit=9) == []
    assert letters.count() == 3


def test_a_letter_that_was_made_good_is_removed_and_another_stays(letters: DeadLetterStore) -> None:
    letters.add(make_letter("a"))
    letters.add(make_letter("b"))
    letters.remove("a")
    letters.remove("a")
    assert [letter.letter_id for letter in letters.list_newest(limit=9)] == ["b"]


def test_a_backfill_is_read_back_as_it_was_saved_last(backfills: BackfillStore) -> None:
    assert backfills.find("s3://old/") is None
    first = Backfill(source="s3://old/", started_at=truncate_time(NOW), updated_at=truncate_time(NOW))
    further = msgspec.structs.replace(first, last_key="ä b.mp3", queued=5, skipped=1, failed=2, is_finished=True)
    backfills.save(first)
    backfills.save(further)
    backfills.save(msgspec.structs.replace(first, source="s3://other/"))
    assert backfills.find("s3://old/") == further
    assert backfills.find("s3://other/") == msgspec.structs.replace(first, source="s3://other/")


@pytest.mark.parametrize("garbage", ["", "\x00\x01", "\ud800", "x" * 1_000_001])
def test_any_garbage_fits_into_a_letter(letters: DeadLetterStore, garbage: str) -> None:
    letters.add(make_letter("a", payload=garbage))
    [letter] = letters.list_newest(limit=9)
    assert len(letter.payload) <= 1_000_000
    assert letter.payload.encode()[:10] == garbage.encode(errors="backslashreplace")[:10]
