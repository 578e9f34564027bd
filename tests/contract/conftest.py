"""The stores that more than one module of the suite runs over."""

from __future__ import annotations

import pytest

from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.workflows.ports import TrackStore
from tests.fakes.stores import FakeTrackStore


@pytest.fixture(params=["fake", "mongo"])
def tracks(request: pytest.FixtureRequest) -> TrackStore:
    return FakeTrackStore() if request.param == "fake" else MongoTrackStore(request.getfixturevalue("database"))
