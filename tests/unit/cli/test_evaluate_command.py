"""`timbre evaluate --features`: what it prints, and that it needs no server."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.progress import Progress

from chalicelib.cli.evaluate_output import Steps
from chalicelib.cli.main import main
from tests.unit.workflows.test_evaluate_features import LINES

INTERVAL_OF = {"precision_at_10": "interval", "ndcg_at_10": "ndcg_at_10_interval", "coverage": "coverage_interval"}


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a running machine, and no settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("MONGODB_URI", "MUSIC_BUCKET", "INDEX_BUCKET"):
        monkeypatch.delenv(name, raising=False)


def write(path: Path, lines: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def test_the_last_line_is_json_with_both_spaces_and_their_intervals(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["evaluate", "--features", write(tmp_path / "songs.jsonl", LINES[:80])]) == 0
    table, _, last = capsys.readouterr().out.rstrip("\n").rpartition("\n")
    assert all(name in table for name in ("precision", "hit rate", "NDCG", "timbre annoy", "80 queries"))
    assert max(map(len, table.splitlines())) <= 80
    summary = json.loads(last)
    assert summary["n"] == 80
    assert summary["notes"] == []
    for space in ("mfcc", "timbre"):
        for measure, interval in INTERVAL_OF.items():
            low, high = summary[space][interval]
            assert low <= summary[space][measure] <= high
    gain = summary["timbre"]["precision_at_10"] - summary["mfcc"]["precision_at_10"]
    assert summary["timbre_minus_mfcc"]["precision_at_10"] == pytest.approx(gain, abs=2e-4)


def test_every_step_shows_its_total_where_it_is_known_and_at_its_end():
    with Progress(disable=True) as bar:
        steps = Steps(bar)
        steps.advance("read", 17)
        assert bar.tasks[0].total is None
        steps.advance("taste_mean", 3, 12)
        steps.advance("taste_mean", 4, 12)
        assert [(task.completed, task.total) for task in bar.tasks] == [(17, 17), (7, 12)]


def test_with_json_every_line_is_json_and_notes_go_elsewhere(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    content = "".join(json.dumps(line) + "\n" for line in LINES[:60]) + '{"error": "unreadable"}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert main(["evaluate", "--features", "-", "--json"]) == 0
    printed = capsys.readouterr()
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert [line["method"] for line in lines[:-1]] == ["mfcc", "mfcc_annoy", "timbre", "timbre_annoy", "random"]
    assert lines[-1]["n"] == 60
    assert "1 files that could not be analysed." in printed.err


def test_a_file_without_labels_fails_with_its_reason_and_still_ends_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    unlabelled = [{key: value for key, value in line.items() if key != "label"} for line in LINES[:60]]
    assert main(["evaluate", "--features", write(tmp_path / "songs.jsonl", unlabelled)]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["n"] == 60
    assert "nothing to judge by" in printed.err


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]):
    assert main(["evaluate", "--features", "missing.jsonl"]) == 1
    assert "missing.jsonl: No such file" in capsys.readouterr().err
