"""MiniStack's data folder: at another port than before, what names the old one is forgotten, and the objects stay."""

from __future__ import annotations

from pathlib import Path

from localstack.emulator import describe_emulator, forget_unpacked


def _run_once(home: Path, *, port: int) -> Path:
    describe_emulator(home, home, port=port)
    data = home / "emulator-data"
    (data / "state" / "sqs.json").write_text(f'{{"QueueUrl": "http://127.0.0.1:{port}/q"}}')
    (data / "s3" / "song.mp3").write_bytes(b"song")
    return data


def test_at_the_same_port_everything_is_kept(tmp_path: Path) -> None:
    data = _run_once(tmp_path, port=4566)
    describe_emulator(tmp_path, tmp_path, port=4566)
    assert (data / "state" / "sqs.json").is_file()


def test_at_another_port_the_addresses_are_forgotten_and_the_music_stays(tmp_path: Path) -> None:
    data = _run_once(tmp_path, port=4566)
    describe_emulator(tmp_path, tmp_path, port=4600)
    assert list((data / "state").iterdir()) == []
    assert (data / "s3" / "song.mp3").is_file()


def test_what_was_kept_before_the_port_was_noted_is_not_trusted(tmp_path: Path) -> None:
    data = _run_once(tmp_path, port=4566)
    (data / "port").unlink()
    describe_emulator(tmp_path, tmp_path, port=4566)
    assert list((data / "state").iterdir()) == []


def test_what_a_killed_emulator_had_unpacked_is_gone_at_the_next_start(tmp_path: Path) -> None:
    data = _run_once(tmp_path, port=4566)
    (data / "tmp" / "ministack-lambda-build-index-x").mkdir()
    spec = describe_emulator(tmp_path, tmp_path, port=4566)
    assert spec.environment["TMPDIR"] == str(data / "tmp")
    assert list((data / "tmp").iterdir()) == []


def test_a_run_that_ends_leaves_nothing_unpacked_behind(tmp_path: Path) -> None:
    data = _run_once(tmp_path, port=4566)
    (data / "tmp" / "ministack-lambda-build-index-x").mkdir()
    forget_unpacked(tmp_path)
    assert not (data / "tmp").exists()
    assert (data / "s3" / "song.mp3").is_file()
