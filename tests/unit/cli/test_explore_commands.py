"""`timbre similar`, `query`, `radio`, `path` and `evaluate --online`, over stores in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.cli import main as command
from chalicelib.config import Settings
from chalicelib.workflows.current_index import CurrentIndex
from tests.fakes.experiment_store import FakeExperimentStore
from tests.fakes.stores import FakeFeedbackStore, FakePlayStore
from tests.unit.audio.made_audio import write_mp3
from tests.unit.index.music_library import Library, make_library, name_track


@pytest.fixture(scope="module")
def library() -> Library:
    return make_library(60)


@pytest.fixture
def run(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:  # a command
    plays = FakePlayStore()
    index = CurrentIndex(library.bucket, tmp_path / "index", refresh_s=0.0)
    settings = Settings(mongodb_uri="unused", music_bucket="m", index_bucket="i", arms="plays:90,mean:10")
    stores = {
        "tracks": library.tracks,
        "plays": plays,
        "feedback": FakeFeedbackStore(),
        "current_index": index,
        "settings": settings,
        "experiments": FakeExperimentStore(plays),
    }
    for name, store in stores.items():
        monkeypatch.setattr(bootstrap, name, lambda store=store: store)
    monkeypatch.setattr(command, "adopt_running_machine", lambda _: False)

    def run(*words: str) -> list[dict[str, Any]]:
        assert command.main([*words, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_similar_to_one_song_tells_distances(run: Any) -> None:
    found = run("similar", name_track(0), "--count", "5")
    assert [each["distance"] for each in found] == sorted(each["distance"] for each in found)
    assert len(found) == 5


def test_similar_to_several_and_away_from_one_tells_reasons(run: Any) -> None:
    found = run("similar", name_track(0), "Song 1", "--away", name_track(2), "--count", "6")
    assert 1 <= len(found) <= 6
    assert {each["reasons"][0]["track_id"] for each in found} <= {name_track(0), name_track(1)}


def test_a_recording_is_compared_and_does_not_join_the_library(run: Any, library: Library, tmp_path: Path) -> None:
    songs = library.tracks.count_active()
    found = run("query", str(write_mp3(tmp_path / "heard.mp3", 3.0)), "--count", "5")
    assert [each["distance"] for each in found] == sorted(each["distance"] for each in found)
    assert len({each["track_id"] for each in found}) == 5
    assert library.tracks.count_active() == songs


def test_a_recording_that_is_no_sound_is_refused_in_a_sentence(run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run is not None
    (tmp_path / "words.mp3").write_bytes(b"no sound at all" * 50)
    assert command.main(["query", str(tmp_path / "words.mp3")]) == 1
    assert "timbre: " in capsys.readouterr().err


def test_a_radio_plays_each_song_once_and_never_what_was_skipped(run: Any) -> None:
    ids = [each["track_id"] for each in run("radio", name_track(0), "--skip", name_track(6), "--count", "12")]
    assert len(ids) == len(set(ids)) == 12
    assert not {name_track(0), name_track(6)} & set(ids)


def test_a_path_has_both_ends(run: Any) -> None:
    steps = run("path", name_track(0), name_track(1), "--length", "6")
    assert (steps[0]["track_id"], steps[-1]["track_id"], len(steps)) == (name_track(0), name_track(1), 6)


def test_arms_are_reported(run: Any) -> None:
    (report,) = run("evaluate", "--online")
    assert [(arm["arm"], arm["share"], arm["plays"]) for arm in report["arms"]] == [("plays", 0.9, 0), ("mean", 0.1, 0)]


def test_a_song_that_is_not_there_is_named(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run is not None
    assert command.main(["path", "No Such Song", name_track(0)]) == 1
    assert "No Such Song" in capsys.readouterr().err
