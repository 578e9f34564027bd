"""Counts are shifted by one command; another one is sent only where a row came down to nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pymongo
import pytest
from pymongo import UpdateOne
from pymongo.monitoring import CommandListener, CommandStartedEvent

from chalicelib.storage.mongo import MongoDatabase, run_transaction
from chalicelib.storage.row_counts import shift_rows


class Sent(CommandListener):
    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ("update", "delete"):
            self.names.append(event.command_name)

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def heard(database: MongoDatabase, sent: Sent) -> Iterator[MongoDatabase]:
    """The same database, asked by a client whose commands are heard."""
    host, port = database.client.address or ("", 0)
    database["rows"].insert_many([{"_id": "one", "count": 1}, {"_id": "two", "count": 2}])
    with pymongo.MongoClient[dict[str, object]](host, port, directConnection=True, event_listeners=[sent]) as client:
        yield client[database.name]


def shift(database: MongoDatabase, by: dict[str, int], *, upsert: bool = True) -> dict[str, int]:
    changes = [UpdateOne({"_id": name}, {"$inc": {"count": count}}, upsert=upsert) for name, count in by.items()]
    lowered = [name for name, count in by.items() if count < 0]
    run_transaction(database, lambda session: shift_rows(database["rows"], changes, lowered, count="count", session=session))
    return {row["_id"]: row["count"] for row in database["rows"].find()}


def test_what_is_left_is_lowered_by_one_command(heard: MongoDatabase, sent: Sent) -> None:
    assert shift(heard, {"two": -1, "new": 1}) == {"one": 1, "two": 1, "new": 1}
    assert sent.names == ["update"]


def test_what_has_come_down_to_nothing_goes(heard: MongoDatabase, sent: Sent) -> None:
    assert shift(heard, {"one": -1, "two": -1, "new": 1}) == {"two": 1, "new": 1}
    assert sent.names == ["update", "delete"]


@pytest.mark.parametrize("upsert", [True, False])
def test_a_row_that_was_missing_hides_no_other_that_is_emptied(heard: MongoDatabase, upsert: bool) -> None:
    assert shift(heard, {"lost": -1, "one": -1}, upsert=upsert) == {"two": 2}


def test_nothing_is_sent_where_nothing_changes(heard: MongoDatabase, sent: Sent) -> None:
    assert shift(heard, {}) == {"one": 1, "two": 2}
    assert sent.names == []
