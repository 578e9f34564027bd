"""Every file that cannot become a track is refused with its code and a sentence for people, never with a crash or a silent half."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mutagen.id3 import ID3, TIT2

from chalicelib.audio.analysis import Engine, analyse_file
from chalicelib.errors import AudioError
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, split_frames, write_audio, write_mp3


def refuse(path: Path, *, engine: Engine = "streaming", max_duration_s: float = MAX_DURATION_S) -> AudioError:
    with pytest.raises(AudioError) as caught:
        analyse_file(path, file_name=path.name, engine=engine, max_duration_s=max_duration_s)
    assert caught.value.message.endswith(".")
    return caught.value


def write_bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def make_random(count: int) -> bytes:
    return np.random.default_rng(7).bytes(count)


def test_zero_bytes_are_empty(tmp_path: Path) -> None:
    assert refuse(write_bytes(tmp_path / "a.mp3", b"")).code == "empty"


def test_a_wav_without_samples_is_empty(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", np.zeros((0, 2), np.float32))
    assert refuse(path).code == "empty"


@pytest.mark.parametrize("data", [b"Dear diary, this is no song.\n" * 500, make_random(200_000), b"\0" * 50_000, b"\xff", b"ID3"])
def test_text_and_random_bytes_are_no_audio(tmp_path: Path, data: bytes) -> None:
    assert refuse(write_bytes(tmp_path / "a.mp3", data)).code == "not_audio"


def test_a_tag_without_sound_is_no_audio(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    tag = ID3()
    tag.add(TIT2(encoding=3, text="Nothing behind it"))
    tag.save(path)
    assert refuse(path).code == "not_audio"


@pytest.mark.parametrize("engine", ["streaming", "librosa"])
@pytest.mark.parametrize("extension", ["mp3", "wav"])
def test_silence_is_refused(tmp_path: Path, extension: str, engine: Engine) -> None:
    path = write_audio(tmp_path / f"a.{extension}", np.zeros((44_100 * 3, 2), np.float32))
    assert refuse(path, engine=engine).code == "silent"


def test_dither_alone_is_silence(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(-1, 2, (44_100, 2)) / 32_768
    assert refuse(write_audio(tmp_path / "a.wav", noise.astype(np.float32))).code == "silent"


@pytest.mark.parametrize("engine", ["streaming", "librosa"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_short_says_where_and_what_to_do(tmp_path: Path, share: float, engine: Engine) -> None:
    whole = write_mp3(tmp_path / "whole.mp3", 20.0).read_bytes()
    error = refuse(write_bytes(tmp_path / "cut.mp3", whole[: int(len(whole) * share)]), engine=engine)
    assert error.code == "truncated"
    assert "although it says it is 0:20 long" in error.message
    assert "Upload the whole file" in error.message


def test_a_cut_file_without_a_length_in_it_is_known_by_its_broken_last_frame(tmp_path: Path) -> None:
    frames = list(split_frames(write_mp3(tmp_path / "whole.mp3", 10.0).read_bytes()))[1:]
    cut = b"".join(frames[:200]) + frames[200][:50]
    error = refuse(write_bytes(tmp_path / "cut.mp3", cut))
    assert error.code == "truncated"
    assert "after 0:05" in error.message


def test_a_file_cut_within_its_tag_is_truncated(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3")
    tag = ID3()
    tag.add(TIT2(encoding=3, text="x" * 5000))
    tag.save(path)
    assert refuse(write_bytes(path, path.read_bytes()[:1500])).code == "truncated"


@pytest.mark.parametrize(("extension", "subtype"), [("wav", "PCM_16"), ("flac", "PCM_16"), ("ogg", "VORBIS"), ("ogg", "OPUS")])
def test_other_containers_cut_short_are_truncated(tmp_path: Path, extension: str, subtype: str) -> None:
    path = write_audio(tmp_path / f"a.{extension}", make_music(10.0, sample_rate=48_000), 48_000, subtype=subtype)
    data = path.read_bytes()
    assert refuse(write_bytes(path, data[: len(data) // 2])).code in {"truncated", "corrupt"}


def test_garbage_in_the_middle_is_damage(tmp_path: Path) -> None:
    data = bytearray(write_mp3(tmp_path / "a.mp3", 20.0).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40_000] = make_random(40_000)
    assert refuse(write_bytes(tmp_path / "a.mp3", bytes(data))).code == "corrupt"


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_samples_that_are_no_loudness_are_damage(tmp_path: Path, value: float) -> None:
    signal = make_music(2.0)
    signal[5000:20_000] = value
    assert refuse(write_audio(tmp_path / "a.wav", signal, subtype="FLOAT")).code == "corrupt"


@pytest.mark.parametrize("extension", ["mp3", "wav", "flac"])
def test_more_than_the_limit_is_too_long(tmp_path: Path, extension: str) -> None:
    error = refuse(write_audio(tmp_path / f"a.{extension}", make_music(12.0)), max_duration_s=10.0)
    assert error.code == "too_long"
    assert "0:12" in error.message
    assert "0:10" in error.message


def test_too_long_is_found_before_anything_is_decoded(tmp_path: Path) -> None:
    """A file that would decode badly is refused for its length: the walk over the headers came first."""
    frames = list(split_frames(write_mp3(tmp_path / "a.mp3", 20.0).read_bytes()))
    hollow = [frame[:4] + bytes(len(frame) - 4) for frame in frames]
    assert refuse(write_bytes(tmp_path / "a.mp3", b"".join(hollow)), max_duration_s=10.0).code == "too_long"


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\0\0\0\x20ftypM4A \0\0\2\0", "an MP4 or M4A file"),
        (b"\xff\xf1\x50\x80\x2e\x7f\xfc", "an AAC file"),
        (b"0&\xb2u\x8ef\xcf\x11", "a Windows Media file"),
        (b"wvpk", "a WavPack file"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"PK\x03\x04", "a ZIP archive: unpack it"),
        (b"<!DOCTYPE html><html>", "a web page: the download went wrong"),
        (b"\n <HTML>", "a web page: the download went wrong"),
        (b"#EXTM3U\nsong.mp3\n", "a playlist: upload the songs themselves"),
    ],
)
@pytest.mark.parametrize("has_id3", [False, True])
def test_what_is_none_of_ours_is_called_by_its_name(tmp_path: Path, head: bytes, what: str, has_id3: bool) -> None:
    tag = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) if has_id3 else b""
    error = refuse(write_bytes(tmp_path / "a.mp3", tag + head + make_random(30_000)))
    assert error.code == "not_audio"
    assert what in error.message or (has_id3 and "MP3, FLAC, Ogg, WAV and AIFF files are welcome" in error.message)


@pytest.mark.parametrize(
    ("container", "name"), [("FLAC", "a FLAC file"), ("OGG", "an Ogg file"), ("WAV", "a WAV file"), ("AIFF", "an AIFF file")]
)
def test_a_file_of_ours_whose_beginning_is_destroyed_is_damaged_and_not_a_stranger(tmp_path: Path, container: str, name: str) -> None:
    path = write_audio(tmp_path / "a", make_music(2.0), format=container)
    data = path.read_bytes()
    error = refuse(write_bytes(path, data[:12] + make_random(300) + data[312:]))
    assert (error.code, name in error.message) == ("corrupt", True)


def test_a_song_of_which_only_the_header_is_there_is_truncated(tmp_path: Path) -> None:
    frames = split_frames(write_mp3(tmp_path / "a.mp3", 10.0).read_bytes())
    assert refuse(write_bytes(tmp_path / "a.mp3", next(frames))).code == "truncated"
