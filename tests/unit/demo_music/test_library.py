"""The library on disk: names, tags, covers, and what an interruption leaves behind."""

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3
from mutagen.mp3 import MP3

from localstack.demo_music import __main__ as command
from localstack.demo_music.catalogue import ALBUMS, Entry, list_entries
from localstack.demo_music.compose import compose_file, compose_library, encode_mp3
from localstack.demo_music.covers import paint_cover
from localstack.demo_music.png import encode_png
from localstack.demo_music.score import SAMPLE_RATE
from localstack.demo_music.styles import STYLES
from localstack.demo_music.tags import read_stamp, write_tags


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    compose_library(folder, count=1, workers=1)
    return folder


def test_sixty_pieces_have_names_of_their_own_in_eight_styles() -> None:
    entries = list_entries(60)
    assert len({entry.title for entry in entries}) == 60
    assert len({entry.file_name for entry in entries}) == 60
    assert {entry.style for entry in entries} == set(STYLES) == set(ALBUMS)
    assert len({entry.album.artist for entry in entries}) >= 20
    assert all(entry.title in entry.album.tracks for entry in entries)


def test_a_shorter_library_is_the_beginning_of_a_longer_one_and_a_long_one_repeats_no_name() -> None:
    assert list_entries(12) == list_entries(60)[:12]
    assert len({entry.file_name for entry in list_entries(300)}) == 300


def test_search_has_something_to_chew_on_accents_and_words_shared_by_titles() -> None:
    titles = [entry.title.lower() for entry in list_entries(60)]
    assert any("ü" in title for title in titles)
    assert sum("blue hour" in title for title in titles) >= 3
    assert sum("rain" in title for title in titles) >= 3


def test_a_composed_file_carries_its_tags_and_its_cover(library: Path) -> None:
    entry = list_entries(1)[0]
    path = library / entry.file_name
    tags = ID3(path)
    assert str(tags["TIT2"]) == entry.title
    assert str(tags["TPE1"]) == entry.album.artist
    assert str(tags["TALB"]) == entry.album.title
    assert str(tags["TCON"]) == STYLES[entry.style].genre
    assert str(tags["TDRC"]) == str(entry.album.year)
    assert str(tags["TRCK"]) == "1"
    cover = tags.getall("APIC")[0]
    assert (cover.mime, cover.data[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", cover.data[16:24]) == (500, 500)


def test_what_is_decoded_is_as_long_as_declared_and_does_not_clip(library: Path) -> None:
    path = library / list_entries(1)[0].file_name
    samples, rate = soundfile.read(path)
    assert 20 <= len(samples) / rate <= 40
    assert MP3(path).info.length == pytest.approx(len(samples) / rate, abs=0.1)
    assert np.abs(samples).max() < 1.0


def test_a_complete_folder_is_left_alone_and_reported_as_done(library: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in library.iterdir()}
    seen: list[tuple[int, int]] = []
    paths = compose_library(library, count=1, report=lambda done, count: seen.append((done, count)))
    assert {path: path.stat().st_mtime_ns for path in library.iterdir()} == before
    assert paths == sorted(before)
    assert seen == [(1, 1)]


def test_workers_compose_only_what_is_missing_and_report_each_piece(library: Path, tmp_path: Path) -> None:
    name = list_entries(1)[0].file_name
    (tmp_path / name).write_bytes((library / name).read_bytes())
    before = (tmp_path / name).stat().st_mtime_ns
    seen: list[tuple[int, int]] = []
    paths = compose_library(tmp_path, count=3, workers=2, report=lambda done, count: seen.append((done, count)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)
    assert (tmp_path / name).stat().st_mtime_ns == before


def test_a_file_of_another_seed_is_recognized_as_another(library: Path) -> None:
    assert "seed 2026" in read_stamp(library / list_entries(1)[0].file_name)
    assert read_stamp(library / "absent.mp3") == ""


def test_garbage_in_the_place_of_a_piece_has_no_stamp(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp3"
    path.write_bytes(b"not an mp3 at all" * 10)
    assert read_stamp(path) == ""


def test_what_a_killed_composer_left_is_swept_and_no_half_file_has_a_name(tmp_path: Path, library: Path) -> None:
    (tmp_path / ".999999999-abc.part").write_bytes(b"half")
    name = list_entries(1)[0].file_name
    (tmp_path / name).write_bytes((library / name).read_bytes())
    compose_library(tmp_path, count=1)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_interrupted_write_leaves_neither_part_nor_piece(tmp_path: Path) -> None:
    entry = list_entries(60)[7]
    (tmp_path / entry.file_name).mkdir()  # so that the rename, the last step, fails
    with pytest.raises(OSError, match=entry.album.artist):
        compose_file(entry, tmp_path, 2026)
    assert [path.name for path in tmp_path.iterdir()] == [entry.file_name]


def test_every_album_has_a_cover_of_its_own_that_comes_back_the_same() -> None:
    covers = {(style, i): paint_cover(style, i, 2026) for style, albums in ALBUMS.items() for i in range(len(albums))}
    assert len(set(covers.values())) == len(covers)
    assert max(len(cover) for cover in covers.values()) < 200_000
    paint_cover.cache_clear()
    assert paint_cover("chiptune", 0, 2026) == covers["chiptune", 0]


def test_a_png_unpacks_to_the_pixels_that_went_in() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    pixels[3:6] = 40
    data = encode_png(pixels)
    length = struct.unpack(">I", data[33:37])[0]
    rows = np.frombuffer(zlib.decompress(data[41 : 41 + length]), dtype=np.uint8).reshape(9, 22)
    assert np.array_equal(unfilter(rows), pixels)


def unfilter(rows: np.ndarray) -> np.ndarray:
    out = np.zeros((len(rows), 7, 3), dtype=np.uint8)
    for i, row in enumerate(rows):
        line = row[1:].reshape(7, 3)
        if row[0] == 1:
            out[i] = np.cumsum(line, axis=0, dtype=np.uint8)
        else:
            out[i] = line + (out[i - 1] if row[0] == 2 and i else 0)
    return out


def test_tags_do_not_change_the_sound() -> None:
    entry: Entry = list_entries(1)[0]
    tone = (0.3 * np.sin(np.arange(SAMPLE_RATE) * 0.08)).astype(np.float32)
    mp3 = encode_mp3(np.stack([tone, tone]))
    tagged = write_tags(mp3, entry, genre="Test", cover_png=b"png", stamp="x")
    assert tagged.endswith(mp3)
    samples, _ = soundfile.read(io.BytesIO(tagged))
    assert np.corrcoef(samples[2000:30_000, 0], tone[2000:30_000])[0, 1] > 0.999


@pytest.mark.parametrize("arguments", [["--count", "0"], ["--seed", "-1"], []])
def test_the_command_refuses_what_makes_no_sense(arguments: Sequence[str], tmp_path: Path) -> None:
    folder = [str(tmp_path)] if arguments else []
    with pytest.raises(SystemExit):
        command.main([*folder, *arguments])


def test_the_command_says_how_many_pieces_stand_where(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(library), "--count", "1"]) == 0
    assert "1 pieces in" in capsys.readouterr().out.replace("\n", " ")
