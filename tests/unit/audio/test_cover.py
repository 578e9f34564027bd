"""Covers are known by their bytes, bounded in size, and left out with a warning rather than shown broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3

from chalicelib.audio.analysis import analyse_file
from chalicelib.audio.cover import MAX_COVER_BYTES, choose_cover
from chalicelib.audio.tags import EmbeddedPicture
from chalicelib.model import Cover
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, write_audio, write_mp3


def make_png(width: int = 300, height: int = 300, size_bytes: int = 100) -> bytes:
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return head.ljust(size_bytes, b"\0")


def make_jpeg(width: int = 300, height: int = 300) -> bytes:
    application = b"\xff\xe0\x00\x10JFIF\x00" + bytes(9)
    frame = b"\xff\xc2\x00\x11\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + bytes(10)
    return b"\xff\xd8" + application + b"\xff" + frame


def choose(*datas: bytes) -> tuple[Cover | None, tuple[str, ...]]:
    return choose_cover([EmbeddedPicture(data, is_front=True) for data in datas])


def test_the_front_cover_comes_before_other_pictures() -> None:
    back, front = make_png(), make_jpeg()
    cover, warnings = choose_cover([EmbeddedPicture(back, is_front=False), EmbeddedPicture(front, is_front=True)])
    assert cover == Cover(data=front, mime="image/jpeg")
    assert warnings == ()


def test_another_picture_serves_where_the_front_cover_is_broken() -> None:
    cover, warnings = choose(b"GIF89a", make_png())
    assert cover == Cover(data=make_png(), mime="image/png")
    assert warnings == ()


def test_no_picture_is_no_warning() -> None:
    assert choose() == (None, ())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (make_png(size_bytes=MAX_COVER_BYTES + 1), "2 MB is the most"),
        (make_png(width=30_000), "30000 × 300 pixels"),
        (make_jpeg(height=20_000), "300 × 20000 pixels"),
        (make_png(width=0), "neither a JPEG nor a PNG"),
        (b"<svg onload=alert(1)>", "neither a JPEG nor a PNG"),
        (b"", "neither a JPEG nor a PNG"),
        (make_png()[:14], "neither a JPEG nor a PNG"),
        (make_jpeg()[:25], "neither a JPEG nor a PNG"),
        (b"\xff\xd8\xff\xe0\x00\x00" * 10, "neither a JPEG nor a PNG"),
    ],
)
def test_what_cannot_be_shown_is_left_out_with_a_warning(data: bytes, reason: str) -> None:
    cover, warnings = choose(data)
    assert cover is None
    assert reason in warnings[0]


def test_the_declared_type_is_not_believed(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", 1.0)
    tag = ID3()
    tag.add(APIC(encoding=3, mime="text/html", type=3, data=make_jpeg()))
    tag.save(path)
    analysis = analyse_file(path, file_name="a.mp3", max_duration_s=MAX_DURATION_S)
    assert analysis.cover == Cover(data=make_jpeg(), mime="image/jpeg")


def test_a_ten_megabyte_cover_does_not_cost_the_song(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", 1.0)
    tag = ID3()
    tag.add(APIC(encoding=3, mime="image/png", type=3, data=make_png(size_bytes=10_000_000)))
    tag.save(path)
    analysis = analyse_file(path, file_name="a.mp3", max_duration_s=MAX_DURATION_S)
    assert analysis.cover is None
    assert "9.5 MB" in analysis.warnings[0]


def test_flac_covers_are_found(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.flac", make_music(1.0))
    file, picture = FLAC(path), Picture()
    picture.data, picture.type = make_png(), 3
    file.add_picture(picture)
    file.save()
    assert analyse_file(path, file_name="a", max_duration_s=MAX_DURATION_S).cover == Cover(data=make_png(), mime="image/png")
