"""A tag may claim 256 MB, a RIFF chunk 4 GB: what is read of it stays bounded, and the song is kept."""

from __future__ import annotations

import base64
import io
import struct
from pathlib import Path

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2
from mutagen.oggvorbis import OggVorbis

from chalicelib.audio.analysis import analyse_file
from chalicelib.audio.tag_bounds import MOST_TAG_BYTES
from chalicelib.model import Analysis
from tests.bench.extractors import run_fresh
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, write_audio, write_mp3
from tests.unit.audio.made_pictures import encode, paint

HUGE_BYTES = 200 * 1024 * 1024
LEFT_OUT = "more than 16 MB"


def analyse(path: Path) -> Analysis:
    return analyse_file(path, file_name="file name.mp3", max_duration_s=MAX_DURATION_S)


def make_synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def make_frame(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "big") + b"\0\0" + body


def write_huge_id3(path: Path, mp3: bytes) -> Path:
    """A picture of 200 MB, mostly a hole in the file, between a title and an artist."""
    picture_head = b"\0image/png\0\3\0\x89PNG"
    before, after = make_frame(b"TIT2", b"\3A title"), make_frame(b"TPE1", b"\3A band")
    size = len(before) + 10 + HUGE_BYTES + len(after)
    with path.open("wb") as file:
        file.write(b"ID3\x03\0\0" + make_synchsafe(size) + before)
        file.write(b"APIC" + HUGE_BYTES.to_bytes(4, "big") + b"\0\0" + picture_head)
        file.seek(HUGE_BYTES - len(picture_head), io.SEEK_CUR)
        file.write(after + mp3)
    return path


def test_a_huge_tag_is_read_without_its_large_parts_in_bounded_memory(tmp_path: Path) -> None:
    plain = write_mp3(tmp_path / "plain.mp3", 3.0)
    huge = write_huge_id3(tmp_path / "huge.mp3", plain.read_bytes())
    analysis = analyse(huge)
    assert (analysis.tags.title, analysis.tags.artist, analysis.cover) == ("A title", "A band", None)
    assert LEFT_OUT in analysis.warnings[0]
    assert analysis.track_id == analyse(plain).track_id
    assert run_fresh("all", huge)["peak_mb"] < run_fresh("all", plain)["peak_mb"] + 64


def test_the_largest_tag_that_is_read_whole_takes_bounded_memory(tmp_path: Path) -> None:
    plain = write_mp3(tmp_path / "plain.mp3", 3.0)
    tag, head = ID3(), io.BytesIO()
    tag.add(APIC(encoding=0, mime="image/png", type=3, data=bytes(MOST_TAG_BYTES - 100_000)))
    tag.save(head)
    tagged = tmp_path / "tagged.mp3"
    tagged.write_bytes(head.getvalue() + plain.read_bytes())
    assert LEFT_OUT not in analyse(tagged).warnings[0]
    assert run_fresh("all", tagged)["peak_mb"] < run_fresh("all", plain)["peak_mb"] + 96


def test_of_many_pictures_those_are_read_that_there_is_room_for(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", 1.0)
    cover = encode(paint(60, 40), "PNG")
    tag = ID3()
    tag.add(TIT2(encoding=3, text="A title"))
    tag.add(APIC(encoding=0, mime="image/png", type=3, desc="front", data=cover))
    for number in range(8):
        tag.add(APIC(encoding=0, mime="image/png", type=4, desc=str(number), data=bytes(3_000_000)))
    tag.save(path)
    analysis = analyse(path)
    assert analysis.tags.title == "A title"
    assert analysis.cover is not None
    assert LEFT_OUT in analysis.warnings[0]


def test_ten_thousand_frames_of_no_use_cost_neither_the_title_nor_much_time(tmp_path: Path) -> None:
    frames = b"".join(make_frame(b"TXXX", b"\3key%d\0value" % number) for number in range(10_000)) + make_frame(b"TIT2", b"\3After all")
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x03\0\0" + make_synchsafe(len(frames)) + frames + write_mp3(tmp_path / "plain.mp3", 1.0).read_bytes())
    assert analyse(path).tags.title == "After all"


def test_a_flac_with_more_pictures_than_are_read_keeps_its_comments(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.flac", make_music(1.0), format="FLAC")
    file = FLAC(path)
    file["title"], file["artist"] = "A title", "A band"
    for _ in range(4):
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/png", bytes(6_000_000)
        file.add_picture(picture)
    file.save()
    analysis = analyse(path)
    assert (analysis.tags.title, analysis.tags.artist) == ("A title", "A band")
    assert LEFT_OUT in analysis.warnings[0]


def test_ogg_comments_of_many_megabytes_cost_the_tags_alone(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.ogg", make_music(1.0), format="OGG")
    file = OggVorbis(path)
    file["title"], file["metadata_block_picture"] = "A title", base64.b64encode(bytes(15_000_000)).decode("ascii")
    file.save()
    analysis = analyse(path)
    assert analysis.tags.title == "file name"
    assert LEFT_OUT in analysis.warnings[0]


@pytest.mark.parametrize("claimed", [17_000_000, (1 << 32) - 2])
def test_a_riff_chunk_of_tags_that_is_huge_costs_the_tags_alone(tmp_path: Path, claimed: int) -> None:
    path = write_audio(tmp_path / "a.wav", make_music(1.0))
    data = path.read_bytes()
    tag = b"ID3\x03\0\0" + make_synchsafe(min(claimed, (1 << 28) - 1) - 10)
    riff_bytes = min(len(data) + claimed, 0xFFFFFFFF)
    path.write_bytes(data[:4] + struct.pack("<I", riff_bytes) + data[8:] + b"id3 " + struct.pack("<I", claimed) + tag + bytes(17_000_000))
    analysis = analyse(path)
    assert analysis.tags.title == "file name"
    assert analysis.warnings
    assert analysis.duration_s == pytest.approx(1.0, abs=0.01)
