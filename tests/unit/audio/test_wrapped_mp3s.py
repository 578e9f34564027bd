"""MP3s with tags in their middle, joined, wrapped or of free format: heard whole, or refused by name."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import APIC, ID3, TIT2

from chalicelib.audio.analysis import analyse_file
from chalicelib.errors import AudioError
from chalicelib.model import Analysis
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, split_frames, write_audio, write_mp3


def analyse(path: Path) -> Analysis:
    return analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S)


@pytest.fixture(scope="module")
def mp3(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_mp3(tmp_path_factory.mktemp("wrapped") / "song.mp3", 20.0).read_bytes()


@pytest.mark.parametrize("kind", ["ID3", "APE", "ID3v1", "lying ID3"])
def test_a_tag_in_the_middle_hides_nothing(tmp_path: Path, mp3: bytes, kind: str) -> None:
    tag, ape = io.BytesIO(), io.BytesIO()
    id3 = ID3()
    id3.add(TIT2(encoding=3, text="x" * 30_000))
    id3.save(tag)
    items = APEv2()
    items["Title"] = "x" * 30_000
    items.save(ape)
    middle = {
        "ID3": tag.getvalue(),
        "APE": ape.getvalue(),
        "ID3v1": b"TAG".ljust(128, b"\0"),
        "lying ID3": b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
    }
    frames = list(split_frames(mp3))
    path = tmp_path / "a.mp3"
    path.write_bytes(b"".join((*frames[:400], middle[kind], *frames[400:])))
    assert analyse(path).duration_s == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize(("sample_rate", "channels"), [(48_000, 2), (44_100, 1), (22_050, 2)])
def test_songs_of_different_kinds_joined_do_not_pass_for_the_first_of_them(
    tmp_path: Path, mp3: bytes, sample_rate: int, channels: int
) -> None:
    other = tmp_path / "other.mp3"
    write_audio(other, make_music(10.0, sample_rate=sample_rate, channels=channels), sample_rate)
    path = tmp_path / "joined.mp3"
    path.write_bytes(mp3 + other.read_bytes())
    with pytest.raises(AudioError) as caught:
        analyse(path)
    assert caught.value.code == "corrupt"
    assert "joined after 0:20" in caught.value.message


def test_a_tag_that_lacks_some_of_its_bytes_hides_no_sound(tmp_path: Path, mp3: bytes) -> None:
    """What it counts reaches into the song: the song begins where frames do, in what is said to be the picture."""
    tag, head = ID3(), io.BytesIO()
    tag.add(APIC(encoding=0, mime="image/png", type=3, data=np.random.default_rng(3).bytes(150_000)))
    tag.save(head)
    whole = head.getvalue() + mp3
    path = tmp_path / "a.mp3"
    path.write_bytes(whole[:60_000] + whole[100_000:])
    assert analyse(path).duration_s == pytest.approx(20.0, abs=0.05)


def test_frames_of_free_format_are_left_to_the_decoder(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.mp3", make_music(10.0, sample_rate=48_000), 48_000, bitrate_mode="CONSTANT", compression_level=0.5)
    frames = list(split_frames(path.read_bytes()))[1:]
    path.write_bytes(b"".join(frame[:2] + bytes([frame[2] & 0x0F]) + frame[3:] for frame in frames))
    assert analyse(path).duration_s == pytest.approx(10.0, abs=0.1)


def test_a_riff_file_with_an_mp3_in_it_is_an_mp3(tmp_path: Path, mp3: bytes) -> None:
    frames = b"".join(list(split_frames(mp3))[1:])
    shape = struct.pack("<HHIIHHHHIHHH", 0x55, 2, 44_100, 16_000, 1, 0, 12, 1, 2, 417, 1, 1393)
    body = b"WAVEfmt " + struct.pack("<I", len(shape)) + shape + b"data" + struct.pack("<I", len(frames)) + frames
    path, bare = tmp_path / "a.wav", tmp_path / "a.mp3"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    bare.write_bytes(frames)
    assert analyse(path).mfcc == analyse(bare).mfcc
    assert analyse(path).duration_s == pytest.approx(20.0, abs=0.1)


def test_an_id3_tag_appended_without_a_mark_is_no_damage(tmp_path: Path, mp3: bytes) -> None:
    tag, tail = ID3(), io.BytesIO()
    tag.add(APIC(encoding=0, mime="image/png", type=3, data=np.random.default_rng(4).bytes(150_000)))
    tag.save(tail)
    path = tmp_path / "a.mp3"
    path.write_bytes(b"".join(list(split_frames(mp3))[1:]) + tail.getvalue())
    analysis = analyse(path)
    assert analysis.duration_s == pytest.approx(20.0, abs=0.1)
    assert analysis.warnings == ()
