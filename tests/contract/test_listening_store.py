"""What every ListeningStore does: one place per listener, and the last change wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from chalicelib.storage.listening import MongoListeningStore
from chalicelib.storage.times import truncate_time
from chalicelib.workflows.player_ports import ListeningStore
from tests.fakes.samples import NOW, at, make_listening
from tests.fakes.stores import FakeListeningStore


@pytest.fixture(params=["fake", "mongo"])
def listening(request: pytest.FixtureRequest) -> ListeningStore:
    return FakeListeningStore() if request.param == "fake" else MongoListeningStore(request.getfixturevalue("database"))


def test_what_was_saved_is_found_whole(listening: ListeningStore) -> None:
    assert listening.find("ann") is None
    saved = make_listening("a", "b", "c", place=1, position_s=151.5)
    assert listening.save(saved)
    found = listening.find("ann")
    assert found == replace(saved, changed_at=truncate_time(NOW))
    assert found is not None
    assert found.track_id == "b"


def test_a_later_change_replaces_and_an_earlier_one_changes_nothing(listening: ListeningStore) -> None:
    listening.save(make_listening("a", changed_at=at(5)))
    assert not listening.save(make_listening("b", changed_at=at(4), device_id="device-2"))
    assert listening.save(make_listening("c", changed_at=at(6), device_id="device-2"))
    found = listening.find("ann")
    assert found is not None
    assert (found.queue, found.device_id) == (("c",), "device-2")


def test_the_same_change_again_is_no_conflict(listening: ListeningStore) -> None:
    assert listening.save(make_listening("a"))
    assert listening.save(make_listening("a"))


def test_an_empty_queue_is_kept_so_that_a_late_change_does_not_bring_the_old_one_back(listening: ListeningStore) -> None:
    listening.save(make_listening(changed_at=at(5)))
    assert not listening.save(make_listening("a", changed_at=at(4)))
    found = listening.find("ann")
    assert found is not None
    assert found.track_id is None


def test_listeners_do_not_see_each_other(listening: ListeningStore) -> None:
    listening.save(make_listening("a"))
    listening.save(make_listening("b", user_id="bob"))
    listening.remove("ann")
    listening.remove("ann")
    assert listening.find("ann") is None
    assert listening.find("bob") is not None


def test_of_many_changes_at_once_the_last_stands(listening: ListeningStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda second: listening.save(make_listening(f"t{second}", changed_at=at(second))), range(16)))
    found = listening.find("ann")
    assert found is not None
    assert found.queue == ("t15",)
