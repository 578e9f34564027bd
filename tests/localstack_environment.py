"""LocalStack's environments for the tests: installed once, as `make test` does it, and there at once afterwards."""

from __future__ import annotations

from pathlib import Path

from localstack.environment import InstallError, prepare_localstack
from localstack.screen import Screen
from tests.conftest import give_up

ROOT = Path(__file__).parents[1]


def provide_localstack() -> None:
    try:
        prepare_localstack(ROOT, Screen())
    except InstallError as exc:
        give_up(f"LocalStack cannot be installed here: {exc}")
