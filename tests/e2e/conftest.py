"""One machine and a few real MP3s for all end-to-end tests. TIMBRE_RUN_FILE=.timbre/run.json uses a machine that is already up."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localstack.demo_music.compose import compose_library
from tests.e2e.machine import Machine

PIECES = 12


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("machine") / "home")
    yield machine
    machine.stop()


@pytest.fixture(scope="session")
def running(machine: Machine) -> dict[str, Any]:
    given = os.environ.get("TIMBRE_RUN_FILE")
    if given:
        answer: dict[str, Any] = json.loads(Path(given).read_text())
        return answer
    return machine.start()


@pytest.fixture(scope="session")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return compose_library(tmp_path_factory.mktemp("pieces"), count=PIECES, seed=7)
