"""Covers are made anew from their pixels, small and without whatever else was in the file, or left out with a warning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3
from PIL import Image, PngImagePlugin

from chalicelib.audio.analysis import analyse_file
from chalicelib.audio.cover import LONGEST_SIDE_PX, MAX_JPEG_SCANS, MAX_PICTURE_BYTES, MAX_TRIED_PICTURES, choose_cover
from chalicelib.audio.tags import EmbeddedPicture
from chalicelib.model import Analysis, Cover
from tests.unit.audio.made_audio import MAX_DURATION_S, make_music, write_audio, write_mp3
from tests.unit.audio.made_pictures import decode, encode, look_at, make_hollow_png, paint, repeat_scan

ROOT = Path(__file__).parents[3]
UNREADABLE = "cannot be read as a JPEG, PNG or GIF"
ORIENTATION = 0x0112
SMALL_PICTURES = [encode(paint(80, 60), format_) for format_ in ("JPEG", "PNG", "GIF")]


def choose(*datas: bytes) -> tuple[Cover | None, tuple[str, ...]]:
    return choose_cover([EmbeddedPicture(data, is_front=True) for data in datas])


def make(data: bytes) -> Image.Image:
    """The cover that comes of a picture, decoded."""
    cover, warnings = choose(data)
    assert warnings == ()
    assert cover is not None
    assert (cover.mime, cover.extension, cover.data[:3]) == ("image/jpeg", "jpg", b"\xff\xd8\xff")
    return decode(cover.data)


def analyse(path: Path) -> Analysis:
    return analyse_file(path, file_name=path.name, max_duration_s=MAX_DURATION_S)


def write_mp3_with(path: Path, *pictures: APIC) -> Path:
    write_mp3(path, 1.0)
    tag = ID3()
    for picture in pictures:
        tag.add(picture)
    tag.save(path)
    return path


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF"])
def test_every_format_becomes_a_jpeg_of_the_same_picture(format_: str) -> None:
    cover = make(encode(paint(), format_))
    assert (cover.size, cover.mode) == ((300, 200), "RGB")
    for at, expected in {(8, 8): (7, 10, 40), (290, 8): (247, 10, 40), (8, 190): (7, 243, 40), (290, 190): (247, 243, 40)}.items():
        assert np.abs(np.subtract(look_at(cover, *at), expected)).max() < 40


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_shown(mode: str) -> None:
    image = paint(mode="I" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray((np.mgrid[0:200, 0:300][1] * 219).astype(np.uint16))
    cover = make(encode(image, "PNG"))
    assert cover.size == (300, 200)
    assert look_at(cover, 5, 100)[0] < look_at(cover, 294, 100)[0] - 60


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("is_progressive", [False, True])
def test_every_kind_of_jpeg_is_shown(mode: str, is_progressive: bool) -> None:
    cover = make(encode(paint(mode=mode), progressive=is_progressive))
    assert look_at(cover, 5, 100)[0] < look_at(cover, 294, 100)[0] - 60


@pytest.mark.parametrize(("size", "shown"), [((1300, 1300), (640, 640)), ((2000, 500), (640, 160)), ((90, 60), (90, 60)), ((1, 1), (1, 1))])
@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_a_large_picture_is_made_small_and_a_small_one_stays(size: tuple[int, int], shown: tuple[int, int], format_: str) -> None:
    assert make(encode(paint(*size), format_)).size == shown


def test_the_largest_cover_is_bounded_even_of_noise() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    cover, _ = choose(encode(Image.fromarray(noise), "PNG"))
    assert cover is not None
    assert len(cover.data) < 400_000


def test_a_picture_that_is_small_already_is_made_anew_all_the_same() -> None:
    hidden = b"<script>alert('hidden')</script>"
    original = encode(paint(), comment=hidden) + hidden * 50
    cover, _ = choose(original)
    assert cover is not None
    assert b"hidden" in original
    assert b"hidden" not in cover.data


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_nothing_comes_along_with_the_pixels(format_: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera's name"  # and place, in other files
    options: dict[str, object] = {"exif": exif, "icc_profile": b"profile" * 99, "dpi": (300, 300)}
    if format_ == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "written by someone", zip=True)
        options["pnginfo"] = text
    cover = make(encode(paint(), format_, **options))
    assert set(cover.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert dict(cover.getexif()) == {}


def test_a_photograph_taken_upright_is_shown_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # its top is at the right
    cover = make(encode(paint(900, 600), exif=exif))
    assert cover.size == (427, 640)
    assert look_at(cover, 5, 600)[0] > look_at(cover, 5, 30)[0] + 150  # red now grows downwards


def test_what_is_transparent_is_white() -> None:
    image = paint(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 150, 200))
    cover = make(encode(image, "PNG"))
    assert min(look_at(cover, 40, 100)) > 245
    assert look_at(cover, 290, 100)[2] < 80


def test_of_a_moving_picture_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    cover = make(encode(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert look_at(cover, 20, 20)[0] > 200


def test_the_same_picture_is_the_same_cover() -> None:
    data = encode(paint(1200, 1200), "PNG")
    assert choose(data) == choose(data)


def test_the_front_cover_comes_before_other_pictures() -> None:
    back, front = encode(Image.new("RGB", (9, 9), "blue"), "PNG"), encode(Image.new("RGB", (9, 9), "red"))
    cover, warnings = choose_cover([EmbeddedPicture(back, is_front=False), EmbeddedPicture(front, is_front=True)])
    assert cover is not None
    assert look_at(decode(cover.data), 4, 4)[0] > 200
    assert warnings == ()


def test_another_picture_serves_where_the_front_cover_is_broken() -> None:
    cover, warnings = choose(b"GIF89a", encode(paint(), "PNG"))
    assert cover is not None
    assert warnings == ()


def test_no_picture_is_no_warning() -> None:
    assert choose() == (None, ())


def test_of_very_many_pictures_only_some_are_tried() -> None:
    assert choose(*[b"GIF89a"] * MAX_TRIED_PICTURES, encode(paint()))[0] is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encode(paint()) + bytes(MAX_PICTURE_BYTES), "16 MB is the most"),
        (make_hollow_png(30_000, 300_000), "more pixels than can be shown"),
        (make_hollow_png(6_000, 5_000), "6000 × 5000 pixels"),
        (make_hollow_png(5_001, 5_001), "5001 × 5001 pixels"),
        (make_hollow_png(300, 300), UNREADABLE),
        (make_hollow_png(0, 300), UNREADABLE),
        (b"<svg onload=alert(1)>", UNREADABLE),
        (b"", UNREADABLE),
        (encode(paint(), "PNG")[:60], UNREADABLE),
        (encode(paint())[:400], UNREADABLE),
        (encode(paint(), "GIF")[:400], UNREADABLE),
        (encode(paint(), "BMP"), UNREADABLE),
        (encode(paint(), "TIFF"), UNREADABLE),
        (encode(paint(), "PPM"), UNREADABLE),
        (b"\xff\xd8\xff\xe0\x00\x00" * 10, UNREADABLE),
        (repeat_scan(encode(paint(), progressive=True), MAX_JPEG_SCANS), UNREADABLE),
    ],
)
def test_what_cannot_be_shown_is_left_out_with_a_warning(data: bytes, reason: str) -> None:
    cover, warnings = choose(data)
    assert cover is None
    assert reason in warnings[0]


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_picture_is_shown_as_a_bounded_jpeg_or_not_at_all(data: st.DataObject) -> None:
    broken = bytearray(data.draw(st.sampled_from(SMALL_PICTURES)))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(broken) - 1))
        patch = data.draw(st.binary(min_size=1, max_size=8))
        broken[at : at + len(patch)] = patch
    cover, warnings = choose(bytes(broken))
    assert (cover is None) == bool(warnings)
    if cover is not None:
        assert max(decode(cover.data).size) <= LONGEST_SIDE_PX


def test_the_declared_type_is_not_believed(tmp_path: Path) -> None:
    path = write_mp3_with(tmp_path / "a.mp3", APIC(encoding=3, mime="text/html", type=3, data=encode(paint(), "PNG")))
    cover = analyse(path).cover
    assert cover is not None
    assert decode(cover.data).size == (300, 200)


def test_a_picture_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    """ID3 allows an address in the place of a picture."""
    path = write_mp3_with(tmp_path / "a.mp3", APIC(encoding=0, mime="-->", type=3, data=b"http://127.0.0.1:1/cover.jpg"))
    assert analyse(path).cover is None


def test_a_cover_that_is_too_large_does_not_cost_the_song(tmp_path: Path) -> None:
    large = encode(paint(), "PNG") + bytes(20_000_000)
    analysis = analyse(write_mp3_with(tmp_path / "a.mp3", APIC(encoding=3, mime="image/png", type=3, data=large)))
    assert analysis.cover is None
    assert "more than 16 MB" in analysis.warnings[0]


def test_flac_covers_are_found(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.flac", make_music(1.0))
    file, picture = FLAC(path), Picture()
    picture.data, picture.type = encode(paint(), "PNG"), 3
    file.add_picture(picture)
    file.save()
    cover = analyse(path).cover
    assert cover is not None
    assert decode(cover.data).size == (300, 200)


def test_a_song_without_a_picture_does_not_pay_for_pillow(tmp_path: Path) -> None:
    path = write_mp3(tmp_path / "a.mp3", 1.0)
    code = "import sys, pathlib; from chalicelib.audio.analysis import analyse_file as analyse; "
    code += f"analyse(pathlib.Path({str(path)!r}), file_name='a', max_duration_s=60.0); print('PIL' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
