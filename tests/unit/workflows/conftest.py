"""The room of the tests that explore a library: which one it is their modules say, by a fixture `library`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.index.music_library import Library
from tests.unit.workflows.listening_room import Room


@pytest.fixture(scope="module")
def index_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the index of a module's library is opened, once for all its tests."""
    return tmp_path_factory.mktemp("index")


@pytest.fixture
def room(library: Library, index_folder: Path) -> Room:
    return Room(library, index_folder)
