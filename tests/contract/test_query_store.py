"""What every QueryStore does: a question is answered or fails once, and is gone when its time is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.query_model import SoundQuery
from chalicelib.storage.mongo import ensure_indexes
from chalicelib.storage.sound_queries import MongoQueryStore
from chalicelib.workflows.query_ports import QueryStore
from tests.fakes.query_store import FakeQueryStore
from tests.fakes.samples import at

QUERY_ID = "a" * 24
QUERY = SoundQuery(query_id=QUERY_ID, user_id="ann", key=f"queries/{QUERY_ID}/hum.wav", created_at=at(0), expires_at=at(60))


@pytest.fixture(params=["fake", "mongo"])
def queries(request: pytest.FixtureRequest) -> QueryStore:
    return FakeQueryStore() if request.param == "fake" else MongoQueryStore(request.getfixturevalue("database"))


def test_a_query_is_found_as_it_was_made_until_it_expires(queries: QueryStore) -> None:
    assert queries.find(QUERY_ID, now=at(1)) is None
    queries.create(QUERY)
    found = queries.find(QUERY_ID, now=at(1))
    assert found is not None
    assert (found.status, found.user_id, found.key, found.mfcc, found.features) == ("queued", "ann", QUERY.key, (), None)
    assert found.expires_at - found.created_at == timedelta(seconds=60)
    assert queries.find(QUERY_ID, now=at(60)) is None


def test_it_is_answered_once(queries: QueryStore) -> None:
    assert not queries.answer(QUERY_ID, mfcc=(1.0,), features=None, duration_s=1.0)
    queries.create(QUERY)
    assert queries.answer(QUERY_ID, mfcc=(1.5, 2.0), features=b"\x00\x01", duration_s=12.5)
    assert not queries.answer(QUERY_ID, mfcc=(9.0,), features=None, duration_s=1.0)
    assert not queries.fail(QUERY_ID, error_code="corrupt", message="No.")
    found = queries.find(QUERY_ID, now=at(1))
    assert found is not None
    assert (found.status, found.mfcc, found.features, found.duration_s, found.error_code) == ("ready", (1.5, 2.0), b"\x00\x01", 12.5, None)


def test_it_fails_once(queries: QueryStore) -> None:
    assert not queries.fail(QUERY_ID, error_code="corrupt", message="No.")
    queries.create(QUERY)
    assert queries.fail(QUERY_ID, error_code="corrupt", message="No.")
    assert not queries.fail(QUERY_ID, error_code="silent", message="Hush.")
    found = queries.find(QUERY_ID, now=at(1))
    assert found is not None
    assert (found.status, found.error_code, found.message) == ("failed", "corrupt", "No.")


def test_mongodb_sweeps_what_has_expired(request: pytest.FixtureRequest) -> None:
    database = request.getfixturevalue("database")
    ensure_indexes(database)
    assert database["sound_queries"].index_information()["expiry"]["expireAfterSeconds"] == 0
