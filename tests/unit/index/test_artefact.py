"""Opening an artefact: whatever happened to a file is found before Annoy maps it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import ArtefactError
from chalicelib.index import manifest as artefact
from chalicelib.index.artefact import decode_track_ids, open_index
from tests.unit.index.music_library import build_music, make_mfcc

FILES = (*artefact.REQUIRED_FILES, artefact.MANIFEST)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artefact") / "b"
    build_music(folder, make_mfcc(200))
    return folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "b"))


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_a_node(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 12 - 4 * 20)  # Annoy would load this without a word


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def fill_with_noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(path.stat().st_size))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0" * 100)


DAMAGES: list[Callable[[Path], None]] = [cut_in_half, flip_a_bit, fill_with_noise, empty, lengthen, Path.unlink]


def is_mapped(path: Path) -> bool:
    return sys.platform == "linux" and str(path) in Path("/proc/self/maps").read_text()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_found_before_annoy_maps_anything(folder: Path, name: str, damage: Callable[[Path], None]):
    sha256 = artefact.read_manifest(folder)[1]
    damage(folder / name)
    with pytest.raises(ArtefactError, match=Path(name).name):
        open_index(folder, expected_manifest_sha256=sha256)
    assert not is_mapped(folder / artefact.TREES)


def test_trees_cut_at_the_border_of_a_node_are_found(folder: Path):
    cut_a_node(folder / artefact.TREES)
    with pytest.raises(ArtefactError, match=r"tracks\.ann has \d+ bytes"):
        open_index(folder)


def test_a_manifest_of_another_build_is_refused(folder: Path):
    with pytest.raises(ArtefactError, match=r"manifest\.json has SHA-256"):
        open_index(folder, expected_manifest_sha256="0" * 64)


def edit_manifest(folder: Path, **changes: object) -> None:
    manifest, _ = artefact.read_manifest(folder)
    (folder / artefact.MANIFEST).write_bytes(artefact.encode_manifest(msgspec.structs.replace(manifest, **changes)))


def test_ids_that_are_not_as_many_as_the_manifest_says_are_refused(folder: Path):
    edit_manifest(folder, track_count=199)
    with pytest.raises(ArtefactError, match="expected"):
        open_index(folder)


@pytest.mark.parametrize("changes", [{"dimension": 19}, {"scaler_version": 2}], ids=["dimension", "scaler_version"])
def test_a_space_that_does_not_hold_what_the_manifest_says_is_refused(folder: Path, changes: dict[str, int]):
    manifest, _ = artefact.read_manifest(folder)
    edit_manifest(folder, spaces={"mfcc": msgspec.structs.replace(manifest.spaces["mfcc"], **changes)})
    with pytest.raises(ArtefactError, match="expected"):
        open_index(folder)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "spaces//x", "a\\b", ""])
def test_a_manifest_that_points_outside_its_folder_is_refused(folder: Path, name: str):
    manifest, _ = artefact.read_manifest(folder)
    edit_manifest(folder, files={**manifest.files, name: artefact.FileFacts("0" * 64, 1)})
    with pytest.raises(ArtefactError, match="not a path inside"):
        open_index(folder)


def test_a_manifest_that_leaves_a_file_out_is_refused(folder: Path):
    manifest, _ = artefact.read_manifest(folder)
    edit_manifest(folder, files={name: facts for name, facts in manifest.files.items() if name != artefact.TREES})
    with pytest.raises(ArtefactError, match="does not name"):
        open_index(folder)


def test_an_artefact_of_schema_1_is_opened_as_what_it_would_be_today(folder: Path):
    """An upgrade serves the index that it finds."""
    manifest, _ = artefact.read_manifest(folder)
    content = msgspec.json.decode((folder / artefact.MANIFEST).read_bytes())
    facts = content.pop("spaces")["mfcc"]
    content |= {"schema": 1, "feature_space": "mfcc", "projection_version": None, "scaler_drift": facts.pop("drift"), **facts}
    del content["step_s"], content["timbre_missing_because"]
    (folder / artefact.MANIFEST).write_bytes(msgspec.json.encode(content))
    index = open_index(folder, space="timbre")
    assert (index.space, len(index)) == ("mfcc", 200)
    assert index.facts == manifest.spaces["mfcc"]


@given(st.lists(st.text(st.characters(codec="ascii", min_codepoint=32), min_size=1, max_size=5)))
def test_any_list_of_ids_is_read_as_json_has_it(ids: list[str]):
    assert decode_track_ids(msgspec.json.encode(ids)).tolist() == [each.encode() for each in ids]


@given(st.lists(st.text("0123456789abcdef", min_size=4, max_size=4)), st.data())
def test_ids_of_one_length_are_read_as_json_has_them_and_no_list_is_refused(ids: list[str], data: st.DataObject):
    content = msgspec.json.encode(ids)
    assert decode_track_ids(content).tolist() == [each.encode() for each in ids]
    place = data.draw(st.integers(0, len(content) - 1))
    spoilt = content[:place] + data.draw(st.sampled_from([b"", b'"', b",", b"]", b"\\", b" "])) + content[place + 1 :]
    try:
        expected = [each.encode() for each in msgspec.json.decode(spoilt, type=list[str])]
    except (msgspec.DecodeError, UnicodeError):
        with pytest.raises(ArtefactError):
            decode_track_ids(spoilt)
    else:
        assert decode_track_ids(spoilt).tolist() == expected


def test_an_open_index_goes_on_when_its_files_are_removed(folder: Path):
    index = open_index(folder, exact_up_to=0)
    query = index.vector_of(f"{7:024x}")
    assert query is not None
    before = index.search(query, 10)
    shutil.rmtree(folder)
    assert index.search(query, 10) == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process has mapped")
def test_a_whole_artefact_is_mapped(folder: Path):
    """So that the tests above, which find nothing mapped, look in the right place."""
    index = open_index(folder)
    assert is_mapped(folder / artefact.TREES)
    assert len(index) == 200
