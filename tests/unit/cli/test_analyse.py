"""`timbre analyse`, as it is called: lines, order, exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from chalicelib.cli.analyse import shorten
from chalicelib.cli.main import main
from chalicelib.feature_model import FEATURE_COUNT
from localstack.environment import write_command
from tests.unit.audio.made_audio import write_mp3

ROOT = Path(__file__).parents[3]
FIELDS = ["file", "title", "artist", "album", "genre", "duration_s", "track_id", "mfcc", "features", "passages", "preview_start_s"]
# Where the tests run in the background of a shell, interrupts are ignored, and children inherit that.
HEED_INTERRUPTS = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    write_mp3(folder / "a long one.mp3", 30.0)
    (folder / "b broken.mp3").write_bytes(b"no song" * 100)
    write_mp3(folder / "c short.mp3", 2.0)
    return folder


def read_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_holds_tags_numbers_and_warnings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", "--json", str(folder / "c short.mp3")]) == 0
    [line] = read_lines(capsys.readouterr().out)
    assert list(line) == [*FIELDS, "warnings", "seconds"]
    assert (len(line["mfcc"]), len(line["features"]), [len(each) for each in line["passages"]]) == (20, FEATURE_COUNT, [FEATURE_COUNT])
    assert line["features"][:20] == pytest.approx(line["mfcc"], rel=1e-5)
    assert (line["title"], line["duration_s"]) == ("c short", pytest.approx(2.0, abs=0.1))


def test_many_files_have_their_lines_in_order_and_a_bad_one_stops_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", "--json", str(folder), str(folder / "gone.mp3")]) == 1
    lines = read_lines(capsys.readouterr().out)
    assert [Path(str(line["file"])).name for line in lines] == ["a long one.mp3", "b broken.mp3", "c short.mp3", "gone.mp3"]
    assert [line.get("error") for line in lines] == [None, "not_audio", None, "unreadable"]
    assert all(str(line["message"]).endswith(".") for line in lines if "error" in line)


def test_people_get_a_table_and_a_sentence_for_each_bad_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(folder)]) == 1
    shown = capsys.readouterr()
    assert "c short" in shown.out
    assert "b broken.mp3: This is not an audio file" in shown.err


def test_people_are_told_what_of_a_song_was_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_mp3(tmp_path / "song.mp3", 30.0).read_bytes()
    (tmp_path / "song.mp3").write_bytes(data[:100_000] + bytes(3_000) + data[103_000:])
    assert main(["analyse", str(tmp_path / "song.mp3")]) == 0
    assert "song.mp3: About 0.2 s near 0:06 could not be decoded" in capsys.readouterr().err.replace("\n", " ")


def test_a_folder_without_audio_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "There is no audio file there.\n"


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system knows UTF-8 only")
def test_a_name_that_is_no_utf_8_costs_a_letter_and_no_song(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song = write_mp3(tmp_path / "plain.mp3", 1.0)
    song.rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp3"))
    assert main(["analyse", "--json", str(tmp_path)]) == 0
    [line] = read_lines(capsys.readouterr().out)
    assert Path(str(line["file"])).name == "caf?.mp3"
    assert main(["analyse", str(tmp_path)]) == 0


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    assert main(["analyse", "--json", str(tmp_path / "pipe.mp3")]) == 1
    [line] = read_lines(capsys.readouterr().out)
    assert (line["error"], "save what comes out of it" in str(line["message"])) == ("unreadable", True)


def test_a_reader_that_goes_ends_the_command_without_a_traceback(folder: Path, tmp_path: Path) -> None:
    songs = [folder / "c short.mp3", *(tmp_path / f"{number}.mp3" for number in range(4))]
    for copy in songs[1:]:
        copy.hardlink_to(folder / "a long one.mp3")
    with start_command(["analyse", "--json", *songs], tmp_path) as process:
        assert process.stdout is not None
        assert "c short" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(timeout=DEADLINE_S) == 141
    assert "Traceback" not in err
    wait_until_gone(process.pid)


def test_numbers_are_as_long_as_they_mean_something() -> None:
    assert shorten([1 / 3, -1234.56789, 0.0, 1e-9 / 3]) == [0.333333, -1234.57, 0.0, 3.33333e-10]


def start_command(arguments: Sequence[str | Path], folder: Path) -> subprocess.Popen[str]:
    """As the script that stands in a person's `.venv/bin`, in a process group of its own."""
    write_command(ROOT, folder / "python")
    command = [sys.executable, str(folder / "timbre"), *map(str, arguments)]
    heeding = [sys.executable, "-c", HEED_INTERRUPTS, *command]
    return subprocess.Popen(heeding, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def test_the_command_in_the_environment_analyses_many_files(folder: Path, tmp_path: Path) -> None:
    with start_command(["analyse", "--json", folder / "c short.mp3", folder / "a long one.mp3"], tmp_path) as process:
        out, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, err
    assert [line["title"] for line in read_lines(out)] == ["c short", "a long one"]


def test_an_interrupt_ends_all_processes_without_their_tracebacks(folder: Path, tmp_path: Path) -> None:
    long_song = write_mp3(tmp_path / "long.mp3", 90.0)
    copies = [tmp_path / f"{number}.mp3" for number in range(6)]
    for copy in copies:
        copy.hardlink_to(long_song)
    with start_command(["analyse", "--json", folder / "c short.mp3", *copies], tmp_path) as process:
        assert process.stdout is not None
        assert "c short" in process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130
    assert "Traceback" not in err
    wait_until_gone(process.pid)


def wait_until_gone(group: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail(f"processes of group {group} are still there")
