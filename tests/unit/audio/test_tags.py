"""Tags from strangers: read where they can be, harmless in any case, and never the reason why a song is dropped."""

from __future__ import annotations

import unicodedata
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.id3 import ID3, TALB, TCON, TDRC, TIT2, TPE1, TPE2, TRCK, Frame

from chalicelib.audio.analysis import analyse_file
from chalicelib.audio.tag_text import MAX_TEXT_LENGTH, clean_text, mend_latin1, mend_utf16, parse_track_number, parse_year
from chalicelib.model import Analysis, Tags
from tests.unit.audio.made_audio import MAX_DURATION_S, write_mp3
from tests.unit.audio.made_pictures import encode, paint


@pytest.fixture(scope="module")
def bare_mp3(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_mp3(tmp_path_factory.mktemp("tags") / "bare.mp3", 1.0).read_bytes()


def analyse(path: Path, file_name: str = "file name.mp3") -> Analysis:
    return analyse_file(path, file_name=file_name, max_duration_s=MAX_DURATION_S)


def tag_mp3(path: Path, mp3: bytes, *frames: Frame, v2_version: int = 4) -> Path:
    path.write_bytes(mp3)
    tag = ID3()
    for frame in frames:
        tag.add(frame)
    if v2_version == 3:
        tag.update_to_v23()
    tag.save(path, v2_version=v2_version)
    return path


@pytest.mark.parametrize("v2_version", [3, 4])
@pytest.mark.parametrize("encoding", [1, 3])
def test_all_fields_are_read_in_utf16_and_utf8(tmp_path: Path, bare_mp3: bytes, v2_version: int, encoding: int) -> None:
    path = tag_mp3(
        tmp_path / "a.mp3",
        bare_mp3,
        TIT2(encoding=encoding, text="Für Élise ♪"),
        TPE1(encoding=encoding, text="坂本 龍一"),
        TALB(encoding=encoding, text="Album"),
        TPE2(encoding=encoding, text="Various Artists"),
        TCON(encoding=encoding, text="(17)"),
        TDRC(encoding=encoding, text="1987-03-02"),
        TRCK(encoding=encoding, text="03/12"),
        v2_version=v2_version,
    )
    assert analyse(path).tags == Tags(
        title="Für Élise ♪",
        artist="坂本 龍一",
        album="Album",
        album_artist="Various Artists",
        genre="Rock",
        year=1987,
        track_number=3,
    )


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf16_that_does_not_say_which_byte_comes_first_is_read_either_way(tmp_path: Path, bare_mp3: bytes, order: str) -> None:
    text = "\x01".encode("latin-1") + "Título".encode(order)
    frame = b"TIT2" + len(text).to_bytes(4, "big") + b"\0\0" + text
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x03\0\0\0\0\0" + bytes([len(frame)]) + frame + bare_mp3)
    analysis = analyse(path)
    assert analysis.tags.title == "Título"
    assert analysis.duration_s == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("text", ["一", "Ж", "吀椀A", "吀椀", ""])
def test_utf16_that_may_be_meant_so_stays(text: str) -> None:
    assert mend_utf16(text) == text


def test_odd_numbers_and_genres_come_out_as_what_is_sure_of_them(tmp_path: Path, bare_mp3: bytes) -> None:
    frames = (TDRC(encoding=3, text="2019-00-00"), TRCK(encoding=3, text="3/"), TCON(encoding=3, text="(17)(18)Foo"))
    tags = analyse(tag_mp3(tmp_path / "a.mp3", bare_mp3, *frames)).tags
    assert (tags.year, tags.track_number, tags.genre) == (2019, 3, "Rock")
    assert analyse(tag_mp3(tmp_path / "a.mp3", bare_mp3, TCON(encoding=3, text="(255)"))).tags.genre is None


@pytest.mark.parametrize("v2_version", [3, 4])
def test_latin1_declared_as_such_is_read(tmp_path: Path, bare_mp3: bytes, v2_version: int) -> None:
    path = tag_mp3(tmp_path / "a.mp3", bare_mp3, TIT2(encoding=0, text="Café"), TPE1(encoding=0, text="Sigur Rós"), v2_version=v2_version)
    assert (analyse(path).tags.title, analyse(path).tags.artist) == ("Café", "Sigur Rós")


def test_windows_1252_declared_latin1_keeps_its_quotes(tmp_path: Path, bare_mp3: bytes) -> None:
    path = tag_mp3(tmp_path / "a.mp3", bare_mp3, TIT2(encoding=0, text="It\x92s \x93here\x94"))
    assert analyse(path).tags.title == "It’s “here”"


@pytest.mark.parametrize("encoding", [0, 1, 3])
def test_markup_controls_and_overrides_in_every_field_are_harmless_text(tmp_path: Path, bare_mp3: bytes, encoding: int) -> None:
    nasty = "<img src=x onerror=alert(1)>\x00\x1b[31m\r\n" + ("\u202e\u2066\ufeff" if encoding else "\x85")
    frames = [frame(encoding=encoding, text=nasty + "end") for frame in (TIT2, TPE1, TALB, TPE2, TCON, TDRC, TRCK)]
    tags = analyse(tag_mp3(tmp_path / "a.mp3", bare_mp3, *frames)).tags
    for text in (tags.title, tags.artist, tags.album, tags.album_artist):
        assert text is not None
        assert text.startswith("<img src=x onerror=alert(1)>")
        assert text.isprintable()
    assert (tags.year, tags.track_number) == (None, None)


def test_id3v2_2_is_read_with_its_picture(tmp_path: Path, bare_mp3: bytes) -> None:
    def make_frame(name: bytes, body: bytes) -> bytes:
        return name + len(body).to_bytes(3, "big") + body

    picture = encode(paint(40, 40), "PNG")
    frames = make_frame(b"TT2", b"\0Old title") + make_frame(b"TRK", b"\x004/9") + make_frame(b"PIC", b"\0PNG\x03\0" + picture)
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x02\0\0" + size + frames + bare_mp3)
    analysis = analyse(path)
    assert (analysis.tags.title, analysis.tags.track_number) == ("Old title", 4)
    assert analysis.cover is not None


def test_several_artists_are_joined(tmp_path: Path, bare_mp3: bytes) -> None:
    path = tag_mp3(tmp_path / "a.mp3", bare_mp3, TPE1(encoding=3, text=["Simon", "Garfunkel", "Simon"]))
    assert analyse(path).tags.artist == "Simon, Garfunkel"


@pytest.mark.parametrize(
    ("file_name", "title"),
    [
        ("My Song.mp3", "My Song"),
        ("folder/01 - a+b ü.MP3", "01 - a+b ü"),
        ("no extension", "no extension"),
        ("\u202e.mp3", "Untitled"),
        ("", "Untitled"),
    ],
)
def test_without_a_title_the_file_name_serves(tmp_path: Path, bare_mp3: bytes, file_name: str, title: str) -> None:
    path = tag_mp3(tmp_path / "a.mp3", bare_mp3, TIT2(encoding=3, text=" \u200b\n "))
    assert analyse(path, file_name).tags == Tags(title=title)


def test_id3v1_and_ape_tags_serve_where_there_is_no_id3v2(tmp_path: Path, bare_mp3: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(bare_mp3 + b"TAG" + "Café".encode("latin-1").ljust(30, b"\0") + b"Band".ljust(30, b"\0") + bytes(65))
    assert analyse(path).tags.title == "Café"


def test_utf8_declared_as_latin1_is_mended(tmp_path: Path, bare_mp3: bytes) -> None:
    wrong = "Mötley Crüe".encode().decode("latin-1")
    path = tag_mp3(tmp_path / "a.mp3", bare_mp3, TIT2(encoding=0, text=wrong), TPE1(encoding=3, text=wrong))
    tags = analyse(path).tags
    assert tags.title == "Mötley Crüe"
    assert tags.artist == clean_text(wrong)  # declared UTF-8: it may be meant so


def test_broken_tags_cost_the_tags_not_the_song(tmp_path: Path, bare_mp3: bytes) -> None:
    frame = b"TIT2\x00\x00\x00\x04\x00\x00\x01\xff\xfe\x00" + b"TDRC\x7f\x7f\x7f\x7f\x00\x00" + b"\xff" * 20
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x04\x00\x00\x00\x00\x00" + bytes([len(frame)]) + frame + bare_mp3)
    analysis = analyse(path)
    assert analysis.tags.title == "file name"
    assert analysis.duration_s == pytest.approx(1.0, abs=0.01)


def test_tags_that_make_mutagen_give_up_leave_a_warning(tmp_path: Path, bare_mp3: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x09\x00\x00\x00\x00\x00\x14" + b"\x01" * 20 + bare_mp3)  # ID3 version 2.9
    analysis = analyse(path)
    assert analysis.tags == Tags(title="file name")
    assert "could not be read" in analysis.warnings[0]


def test_a_compressed_frame_is_not_unpacked(tmp_path: Path, bare_mp3: bytes) -> None:
    """256 MB of zeros fit into 256 KB: the frame is left out, the others are read."""
    bomb = zlib.compress(b"\x03" + b"A" * 3_000_000)
    payload = len(bomb).to_bytes(4, "big")
    frames = b"TPE1" + (len(bomb) + 4).to_bytes(4, "big") + b"\x00\x80" + payload + bomb
    frames += b"TIT2" + (6).to_bytes(4, "big") + b"\x00\x00" + b"\x00Title"
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x03\x00\x00" + size + frames + bare_mp3)
    assert analyse(path).tags == Tags(title="Title")


@given(st.text(max_size=400))
def test_cleaned_text_is_one_short_harmless_line(raw: str) -> None:
    text = clean_text(raw)
    if text is not None:
        assert 0 < len(text) <= MAX_TEXT_LENGTH
        assert text == unicodedata.normalize("NFC", text) == text.strip()
        assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text)
        assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")
        assert clean_text(text) == text
        text.encode("utf-8")


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("  two \t\r\n lines \x00", "two lines"),
        ("\u202eevil\u202c", "evil"),
        ("e\u0301", "é"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ud800", None),
        ("\u200d \u200c", None),
        ("a" + "\u0300" * 100, "à" + "\u0300" * 8),
        ("x" * 10_000, "x" * MAX_TEXT_LENGTH),
    ],
)
def test_text_is_cleaned(raw: str, cleaned: str | None) -> None:
    assert clean_text(raw) == cleaned


@pytest.mark.parametrize(
    ("declared_latin1", "meant"),
    [
        ("Bj\u00c3\u00b6rk", "Björk"),
        ("Björk", "Björk"),
        ("It\x92s", "It’s"),
        ("plain", "plain"),
        ("\u00c3", "Ã"),
        ("\u0416", "Ж"),
        ("\x81", "\x81"),
    ],
)
def test_latin1_is_mended_only_where_it_is_certain(declared_latin1: str, meant: str) -> None:
    assert mend_latin1(declared_latin1) == meant


@pytest.mark.parametrize(
    ("raw", "year"), [("1987", 1987), ("1987-03-02T10:00", 1987), ("c. 2001", 2001), ("87", None), ("99999", None), ("", None)]
)
def test_years_are_read(raw: str, year: int | None) -> None:
    assert parse_year(raw) == year


@pytest.mark.parametrize(("raw", "number"), [("3", 3), ("03/12", 3), ("0", None), ("A1", None), ("99999", None), ("12 of 30", None)])
def test_track_numbers_are_read(raw: str, number: int | None) -> None:
    assert parse_track_number(raw) == number
