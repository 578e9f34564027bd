"""The mongod of the wheel as a replica set of one: it accepts transactions, and its data follow it to another port."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pymongo
import pytest

from localstack.mongod import MongodError, become_primary, describe_mongod, find_mongod, make_uri, read_version
from localstack.processes import Child

pytestmark = pytest.mark.integration


def find_free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    try:
        read_version(find_mongod())
    except MongodError as exc:
        pytest.skip(str(exc))
    return tmp_path


def start(home: Path, port: int) -> Child:
    spec = describe_mongod(home, port=port)
    child = Child(spec, home)
    while not spec.is_ready():
        assert child.is_alive(), child.last_lines()
    become_primary(port)
    return child


def test_data_and_transactions_survive_a_restart_on_another_port(home: Path) -> None:
    for round_ in range(2):
        port = find_free_port()
        child = start(home, port)
        try:
            with pymongo.MongoClient(make_uri(port)) as client:
                assert client.t.rounds.count_documents({}) == round_
                with client.start_session() as session, session.start_transaction():
                    client.t.rounds.insert_one({"_id": round_}, session=session)
        finally:
            child.stop()
        assert child.process.returncode == 0


def test_becoming_primary_twice_changes_nothing(home: Path) -> None:
    port = find_free_port()
    child = start(home, port)
    try:
        become_primary(port)
    finally:
        child.stop()
