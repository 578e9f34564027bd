"""The words of the command, before any act: what is wrong ends in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.cli.main import main


def test_a_run_file_that_was_cut_ends_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MONGODB_URI", raising=False)
    (tmp_path / ".timbre").mkdir()
    (tmp_path / ".timbre" / "run.json").write_text("{broken")
    assert main(["status"]) == 1
    told = capsys.readouterr().err
    assert "run.json cannot be read" in told
    assert "make run" in told


@pytest.mark.parametrize("words", [["analyse", ""], ["upload", ""], ["query", ""], ["evaluate", "--features", ""]])
def test_an_empty_name_is_never_the_whole_folder(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "the name of a file is empty" in capsys.readouterr().err


def test_evaluating_a_file_and_the_arms_at_once_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "--features", "songs.jsonl", "--online"])
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
