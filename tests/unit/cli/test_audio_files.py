"""Which files are meant by files and folders that a person names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chalicelib.cli.audio_files import explain_no_file, find_songs, looks_like_audio
from tests.unit.audio.made_audio import make_music, write_audio, write_mp3


def write(path: Path, data: bytes = b"no audio") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_what_was_named_itself_comes_along_whatever_it_is(tmp_path: Path) -> None:
    text, gone = write(tmp_path / "notes.txt"), tmp_path / "gone.mp3"
    assert list(find_songs([text, gone, text])) == [text, gone]


def test_a_folder_is_searched_to_the_bottom_for_audio_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path / "cover.jpg", b"\xff\xd8\xff\xe0")
    write(tmp_path / "b" / "notes.txt")
    write(tmp_path / "._song.mp3")
    write(tmp_path / ".trash" / "song.mp3")
    songs = [
        write_mp3(write(tmp_path / "a" / "deep" / "one.MP3"), 0.5),
        write(tmp_path / "b" / "broken.flac"),
        write_mp3(tmp_path / "nameless", 0.5),
    ]
    assert list(find_songs([tmp_path])) == songs


def test_links_to_folders_are_followed_and_a_loop_is_entered_once(tmp_path: Path) -> None:
    elsewhere, music = write(tmp_path / "elsewhere" / "song.mp3").parent, tmp_path / "music"
    own = write(music / "own.mp3")
    (music / "link").symlink_to(elsewhere)
    (music / "loop").symlink_to(music)
    (music / "self.mp3").symlink_to("self.mp3")
    assert list(find_songs([music])) == [music / "link" / "song.mp3", own]


def test_a_folder_that_cannot_be_read_is_told_and_hides_nothing_else(tmp_path: Path) -> None:
    song = write(tmp_path / "song.mp3")
    closed = write(tmp_path / "closed" / "hidden.mp3").parent
    closed.chmod(0)
    try:
        if os.access(closed, os.R_OK):
            pytest.skip("permissions do not hold for this user")
        assert list(find_songs([tmp_path])) == [closed, song]
        assert "permissions" in str(explain_no_file(closed))
    finally:
        closed.chmod(0o700)


def test_a_pipe_is_explained_before_anybody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    assert "pipe" in str(explain_no_file(tmp_path / "pipe.mp3"))
    assert explain_no_file(write(tmp_path / "song.mp3")) is None
    assert explain_no_file(tmp_path / "gone.mp3") is None


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "aiff", "caf", "au", "w64"])
def test_audio_is_known_by_its_bytes(tmp_path: Path, extension: str) -> None:
    written = write_audio(tmp_path / f"song.{extension}", make_music(0.2))
    assert looks_like_audio(written.rename(tmp_path / "song"))


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xd8\xff\xe0 a JPEG", b"RIFF\0\0\0\0AVI ", b"<html>", b"\xff\xfe" + "UTF-16".encode("utf-16-le")]
)
def test_other_bytes_are_no_audio(tmp_path: Path, data: bytes) -> None:
    assert not looks_like_audio(write(tmp_path / "file", data))
