"""What operators type about builds of the index: listed, put back, let go of, asked."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.cli import main as cli
from chalicelib.config import Settings
from tests.fakes.samples import make_track_id
from tests.unit.workflows.test_index_builds import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    world = World()
    for _ in range(2):
        world.build()
    settings = Settings(mongodb_uri="unused", music_bucket="music", index_bucket="index")
    stores = {
        "settings": settings,
        "tracks": world.tracks,
        "index_builds": world.builds,
        "index_bucket": world.bucket,
        "build_queue": world.queue,
    }
    for name, store in stores.items():
        monkeypatch.setattr(bootstrap, name, lambda store=store: store)
    monkeypatch.setenv("MONGODB_URI", "unused")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield world
    bootstrap.reset()


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert cli.main([*words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_builds_are_listed_put_back_and_let_go_of(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    listed = ask(capsys, "indexes")
    assert [(each["build"]["build_id"], each["state"]) for each in listed] == [("b2", "in force"), ("b1", "kept")]
    assert ask(capsys, "rollback", "b1")[0]["is_pinned"] is True
    assert [each["state"] for each in ask(capsys, "indexes")] == ["kept", "pinned"]
    assert cli.main(["indexes"]) == 0
    assert "pinned" in capsys.readouterr().out
    assert cli.main(["rollback", "--release"]) == 0
    assert "no longer pinned" in capsys.readouterr().err
    assert world.queue.requests[-1] == 0


@pytest.mark.parametrize("words", [["rollback", "b9"], ["rollback", "--release"], ["similar", "song 0", "--build", "b9"]])
@pytest.mark.usefixtures("world")
def test_what_is_not_there_is_said(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert cli.main(words) == 1
    assert capsys.readouterr().err.startswith("timbre: ")


def test_a_past_build_is_asked_for_similar_songs(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.now += timedelta(days=1)
    assert len(ask(capsys, "similar", make_track_id("song 0"), "--build", "b1")) == 2
    assert len(ask(capsys, "similar", make_track_id("song 0"), "--build", "b2")) == 5
