"""What every UserStore, SessionStore and ThrottleStore does."""

from __future__ import annotations

import pytest

from chalicelib.errors import ConflictError
from chalicelib.storage.sessions import MongoSessionStore
from chalicelib.storage.throttles import MongoThrottleStore
from chalicelib.storage.times import truncate_time
from chalicelib.storage.users import MongoUserStore
from chalicelib.workflows.ports import SessionStore, ThrottleStore, UserStore
from tests.fakes.samples import NOW, at, make_session, make_user
from tests.fakes.stores import FakeSessionStore, FakeThrottleStore, FakeUserStore


@pytest.fixture(params=["fake", "mongo"])
def users(request: pytest.FixtureRequest) -> UserStore:
    return FakeUserStore() if request.param == "fake" else MongoUserStore(request.getfixturevalue("database"))


@pytest.fixture(params=["fake", "mongo"])
def sessions(request: pytest.FixtureRequest) -> SessionStore:
    return FakeSessionStore() if request.param == "fake" else MongoSessionStore(request.getfixturevalue("database"))


@pytest.fixture(params=["fake", "mongo"])
def throttles(request: pytest.FixtureRequest) -> ThrottleStore:
    return FakeThrottleStore() if request.param == "fake" else MongoThrottleStore(request.getfixturevalue("database"))


def test_a_user_is_found_by_id_and_by_name_in_any_case(users: UserStore) -> None:
    users.add(make_user("1", "Zoë"))
    found = users.find("1")
    assert found is not None
    assert (found.username, found.roles, found.created_at) == ("Zoë", ("listener", "uploader"), truncate_time(NOW))
    for spelling in ["Zoë", "ZOË", "zoë", "Zoe\u0308", "\uff3aoë"]:
        assert users.find_by_username(spelling) == found, spelling
    assert users.find_by_username("Zoe") is None
    assert users.find("2") is None


@pytest.mark.parametrize("name", ["anna", "ANNA", "\uff21nna"])
def test_a_name_is_taken_in_every_case(users: UserStore, name: str) -> None:
    users.add(make_user("1", "Anna"))
    with pytest.raises(ConflictError) as caught:
        users.add(make_user("2", name))
    assert caught.value.code == "username_taken"
    assert users.find("2") is None


def test_a_session_lives_until_it_expires(sessions: SessionStore) -> None:
    sessions.add(make_session("a", ttl_s=60))
    found = sessions.find("a", now=at(59.9))
    assert found is not None
    assert (found.token_sha256, found.user_id, found.csrf_token, found.expires_at) == ("a", "ann", "csrf", truncate_time(at(60)))
    assert sessions.find("a", now=at(60)) is None
    assert sessions.find("b", now=NOW) is None


def test_a_removed_session_is_gone(sessions: SessionStore) -> None:
    sessions.add(make_session("a"))
    sessions.remove("a")
    sessions.remove("a")
    assert sessions.find("a", now=NOW) is None


def test_events_are_counted_per_key_and_window(throttles: ThrottleStore) -> None:
    assert [throttles.count("ann", window_s=60, now=NOW) for _ in range(3)] == [1, 2, 3]
    assert throttles.count("bob\ud800", window_s=60, now=NOW) == 1
    assert throttles.count("ann", window_s=3600, now=NOW) == 1
    assert throttles.count("ann", window_s=60, now=at(59)) == 4
    assert throttles.count("ann", window_s=60, now=at(60)) == 1
