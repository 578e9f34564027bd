"""`make bench`: one part that fails costs its own figures alone."""

from __future__ import annotations

import json
import os
import signal
from importlib.util import find_spec

import pytest

from tests.bench.__main__ import list_parts, main, run_parts


def test_parts_behind_a_failing_one_are_run_and_it_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    commands = {
        "first": ["-c", 'print(\'{"bench": "first"}\')'],
        "broken": ["-c", "import sys; sys.exit(3)"],
        "killed": ["-c", f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"],
        "last": ["-c", 'print(\'{"bench": "last"}\')'],
    }
    assert run_parts(commands) == ["broken", "killed"]
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["bench"] for line in lines] == ["first", "broken", "killed", "last"]
    assert [line.get("failed") for line in lines] == [None, "exit status 3", "ended by signal 9", None]
    assert "2 of 4: broken …" in err
    assert "4 of 4: last: done" in err


def test_every_part_has_a_process_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_parts({name: ["-c", "import os; print(os.getpid())"] for name in "ab"}) == []
    pids = set(capfd.readouterr().out.split())
    assert len(pids | {str(os.getpid())}) == 3


@pytest.mark.parametrize("is_long", [False, True])
def test_every_part_is_a_module_that_can_be_run(is_long: bool) -> None:
    for name, command in list_parts(is_long=is_long).items():
        assert command[:2] == ("-m", f"tests.bench.{name}")
        assert find_spec(command[1]) is not None


def test_a_million_songs_are_for_long_runs() -> None:
    for name in ("index", "upload_cost"):
        assert "1000000" not in list_parts(is_long=False)[name]
        assert list_parts(is_long=True)[name][-1] == "1000000"


def test_a_part_that_is_not_there_is_told_with_those_that_are(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["cold_start", "nonsense"]) == 2
    assert "no such part: nonsense; there are cold_start, " in capfd.readouterr().err
