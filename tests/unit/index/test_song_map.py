"""The map's file: what is written is read again, and nothing else is taken for it. And which genres have a place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import ArtefactError
from chalicelib.index import manifest as artefact
from chalicelib.index.artefact import open_index
from chalicelib.index.song_map import GENRES_MAX, HEAD, NO_GENRE, OTHER_GENRE, RECORD_BYTES, decode_map, encode_map, pack_ids, sort_genres
from tests.unit.index.music_library import build_music, make_mfcc, name_track

HEX = "0123456789abcdef"


@given(
    ids=st.lists(st.text(HEX, min_size=24, max_size=24), min_size=1, max_size=20, unique=True),
    seed=st.integers(0, 1_000),
)
def test_a_map_that_is_written_is_read_again(ids: list[str], seed: int):
    random = np.random.default_rng(seed)
    positions = random.normal(size=(len(ids), 2)).astype(np.float32) * 50
    genres = random.integers(0, 256, len(ids)).astype(np.uint8)
    content = encode_map(pack_ids(ids), positions, genres)
    assert len(content) == HEAD.size + RECORD_BYTES * len(ids)
    read = decode_map(content)
    assert read.track_ids() == ids
    assert np.array_equal(read.genres, genres)
    side = max(float(np.ptp(positions, axis=0).max()), 1e-3)
    assert np.abs(read.positions - positions).max() <= side / 65_535 + 1e-4
    assert np.array_equal(read.find(pack_ids(ids[::-1])), read.positions[::-1])


def test_a_song_that_was_not_on_the_map_is_nowhere():
    read = decode_map(encode_map(pack_ids([name_track(1)]), np.zeros((1, 2), dtype=np.float32), np.zeros(1, dtype=np.uint8)))
    assert np.isnan(read.find(pack_ids([name_track(2), name_track(1)]))).tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize(
    "damage", [lambda it: it[:-1], lambda it: it + b"x", lambda it: b"MAPT" + it[4:], lambda it: it[:20], lambda _: b""]
)
def test_what_is_no_whole_map_is_refused(damage):  # type: ignore[no-untyped-def]
    content = encode_map(pack_ids([name_track(1)]), np.zeros((1, 2), dtype=np.float32), np.zeros(1, dtype=np.uint8))
    with pytest.raises(ArtefactError, match=r"map\.bin"):
        decode_map(damage(content))


@pytest.mark.parametrize("track_id", ["short", "z" * 24, "ab" * 11 + " a"])
def test_ids_that_do_not_fit_are_refused(track_id: str):
    with pytest.raises(ArtefactError, match="hex digits"):
        pack_ids([name_track(1), track_id])


def test_genres_are_one_whatever_their_case_and_the_largest_comes_first():
    places, genres = sort_genres(["Folk", "jazz", "Jazz", None, " JAZZ ", "Jazz", ""])
    assert [(genre.name, genre.track_count) for genre in genres] == [("Jazz", 4), ("Folk", 1)]
    assert places.tolist() == [1, 0, 0, NO_GENRE, 0, 0, NO_GENRE]


def test_more_genres_than_have_a_place_share_one():
    names = [f"genre {number}" for number in range(GENRES_MAX + 60)]
    places, genres = sort_genres([*names, *names[:GENRES_MAX]])
    assert len(genres) == GENRES_MAX
    assert set(places[GENRES_MAX : GENRES_MAX + 60].tolist()) == {OTHER_GENRE}


def test_a_build_brings_its_map_and_tells_of_it(tmp_path: Path):
    built = build_music(tmp_path / "b", make_mfcc(40))
    assert built.manifest.map is not None
    assert built.manifest.map.track_count == 40
    read = decode_map((tmp_path / "b" / artefact.MAP).read_bytes())
    assert read.track_ids() == [name_track(number) for number in range(40)]
    assert artefact.MAP in built.manifest.files


def test_an_artefact_from_before_there_was_a_map_still_opens(tmp_path: Path):
    built = build_music(tmp_path / "b", make_mfcc(40))
    (tmp_path / "b" / artefact.MAP).unlink()
    written = artefact.encode_manifest(built.manifest)
    older = artefact.decode_manifest(written)
    files = {name: facts for name, facts in older.files.items() if name != artefact.MAP}
    import msgspec

    content = msgspec.json.decode(written)
    content["files"] = {name: content["files"][name] for name in files}
    del content["map"]
    (tmp_path / "b" / artefact.MANIFEST).write_bytes(msgspec.json.encode(content))
    index = open_index(tmp_path / "b")
    assert index.manifest.map is None
    assert len(index) == 40
