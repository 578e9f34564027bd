"""Building an artefact: reproducible, gated, at any size from one track on."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from annoy import AnnoyIndex

from chalicelib.errors import ArtefactError
from chalicelib.index import manifest as artefact
from chalicelib.index.artefact import open_index
from chalicelib.index.build import build_artefact, choose_scaler
from chalicelib.index.gate import pass_gate
from chalicelib.index.recall import choose_search_k
from chalicelib.index.scaler_fitting import fit_scaler
from tests.unit.index.music_library import NOW, build_music, make_mfcc, name_track


def hash_files(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (*artefact.REQUIRED_FILES, artefact.MAP)}


@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 11, 700])
def test_a_build_of_any_size_passes_its_gate_and_can_be_searched(tmp_path: Path, count: int):
    built = build_music(tmp_path / "b", make_mfcc(count))
    index = open_index(tmp_path / "b")
    assert built.manifest.track_count == len(index) == count
    assert built.manifest.recall_at_10 >= 0.99
    assert len(index.search(built.standardized[0], 10)) == min(10, count)
    assert index.search(built.standardized[0], 1)[0].distance == pytest.approx(0.0, abs=1e-6)


def test_tracks_that_all_sound_the_same_can_be_built(tmp_path: Path):
    built = build_music(tmp_path / "b", np.repeat(make_mfcc(1), 25, axis=0))
    assert [each.distance for each in open_index(tmp_path / "b").search(built.standardized[3], 25)] == [0.0] * 25


def test_the_same_tracks_give_the_same_bytes(tmp_path: Path):
    mfcc = make_mfcc(300)
    build_music(tmp_path / "one", mfcc)
    build_music(tmp_path / "two", mfcc)
    assert hash_files(tmp_path / "one") == hash_files(tmp_path / "two")


def test_the_manifest_names_size_and_hash_of_every_file_and_all_that_a_reader_must_know(tmp_path: Path):
    built = build_music(tmp_path / "b", make_mfcc(300), max_seq=41)
    manifest, _ = artefact.read_manifest(tmp_path / "b")
    assert manifest == built.manifest
    assert {name: facts.sha256 for name, facts in manifest.files.items()} == hash_files(tmp_path / "b")
    on_disk = {path.relative_to(tmp_path / "b").as_posix() for path in (tmp_path / "b").rglob("*") if path.is_file()}
    assert on_disk == {*manifest.files, "manifest.json"}
    assert (manifest.max_seq, manifest.n_trees, manifest.metric, manifest.dimension) == (41, 50, "angular", 20)
    assert manifest.created_at == NOW
    assert manifest.search_k > 0
    assert manifest.peak_memory_bytes > 10_000_000
    assert manifest.libraries["annoy"] == "1.17.3"


def test_distance_quantiles_are_those_of_all_pairs(tmp_path: Path):
    built = build_music(tmp_path / "b", make_mfcc(80))
    units = built.standardized / np.linalg.norm(built.standardized, axis=1, keepdims=True)
    every = [float(np.linalg.norm(units[i] - units[j])) for i in range(80) for j in range(i)]
    index = open_index(tmp_path / "b")
    for distance in (0.3, 0.8, 1.4):
        farther = 100 * np.mean(np.array(every) > distance)
        assert index.percentile_of(distance) == pytest.approx(farther, abs=1.5)
    assert index.percentile_of(0.0) == 100.0
    assert index.percentile_of(2.0) == 0.0


def test_the_scaler_in_force_stays_while_it_has_drifted_by_no_more_than_a_fiftieth(tmp_path: Path):
    mfcc = make_mfcc(400)
    in_force = fit_scaler(mfcc, 7)
    moved = mfcc + 0.01 * mfcc.std(axis=0)
    kept, drift = choose_scaler(moved, in_force, refit=False)
    assert kept is in_force
    assert drift == pytest.approx(0.01, abs=1e-6)
    built = build_artefact(
        [name_track(n) for n in range(400)], moved, tmp_path / "b", build_id="b", max_seq=0, scaler_in_force=in_force, created_at=NOW
    )
    assert not built.is_new_scaler
    assert built.manifest.scaler_version == 7
    assert np.array_equal(built.standardized, in_force.transform(moved))


def test_a_scaler_that_drifted_further_gets_the_next_version():
    mfcc = make_mfcc(400)
    in_force = fit_scaler(mfcc, 7)
    fresh, _ = choose_scaler(mfcc + 0.03 * mfcc.std(axis=0), in_force, refit=False)
    assert fresh.version == 8
    assert fresh.drift_from(in_force) == pytest.approx(0.03, abs=1e-6)


def test_a_refit_that_is_asked_for_gets_the_next_version_without_drift():
    mfcc = make_mfcc(50)
    assert choose_scaler(mfcc, fit_scaler(mfcc, 7), refit=True)[0].version == 8
    assert choose_scaler(mfcc, None, refit=False)[0].version == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_gate_refuses_numbers_that_are_not_finite_and_names_the_track(tmp_path: Path, bad: float):
    mfcc = make_mfcc(10)
    mfcc[4, 2] = bad
    with pytest.raises(ArtefactError, match=name_track(4)):
        build_music(tmp_path / "b", mfcc)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("track_ids", "rows", "reason"),
    [
        (["a", "a"], 2, "more than once"),
        (["a"], 2, "as many rows"),
        ([], 0, "no track"),
        (["a", "ü"], 2, "ASCII"),
        (["a", ""], 2, "ASCII"),
    ],
)
def test_the_gate_refuses_ids_that_do_not_map_one_to_one(tmp_path: Path, track_ids: list[str], rows: int, reason: str):
    with pytest.raises(ArtefactError, match=reason):
        build_artefact(track_ids, make_mfcc(rows), tmp_path, build_id="b", max_seq=0, scaler_in_force=None, created_at=NOW)


@pytest.mark.parametrize("build_id", ["", "../evil", ".hidden"])
def test_a_build_id_that_is_no_folder_name_is_refused(tmp_path: Path, build_id: str):
    with pytest.raises(ArtefactError, match="cannot be called"):
        build_music(tmp_path / "b", make_mfcc(3), build_id=build_id)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path):
    (tmp_path / "left").write_text("over")
    with pytest.raises(ArtefactError, match="not empty"):
        build_music(tmp_path, make_mfcc(3))


def test_the_gate_refuses_an_artefact_whose_ids_stand_in_another_order(tmp_path: Path):
    build_music(tmp_path / "b", make_mfcc(30))
    with pytest.raises(ArtefactError, match="position"):
        pass_gate(tmp_path / "b", [name_track(n) for n in reversed(range(30))])


def test_the_gate_refuses_trees_of_other_vectors(tmp_path: Path):
    """A self-query through Annoy finds out that the trees hold something else than vectors.npy."""
    build_music(tmp_path / "b", make_mfcc(2000, spread=1.0))
    build_music(tmp_path / "other", make_mfcc(2000, spread=1.0, seed=9))
    (tmp_path / "b" / artefact.TREES).write_bytes((tmp_path / "other" / artefact.TREES).read_bytes())
    rewrite_manifest(tmp_path / "b")
    with pytest.raises(ArtefactError, match="its own nearest"):
        pass_gate(tmp_path / "b", [name_track(n) for n in range(2000)])


def test_trees_that_cannot_reach_the_recall_are_refused(tmp_path: Path):
    """Even looking at all of trees that hold other vectors does not find the neighbours."""
    build_music(tmp_path / "other", make_mfcc(1000, seed=9))
    trees = AnnoyIndex(20, "angular")
    trees.load(str(tmp_path / "other" / artefact.TREES))
    with pytest.raises(ArtefactError, match=r"Recall@10 is 0\.\d+"):
        choose_search_k(trees, make_mfcc(1000, spread=2.0).astype(np.float32), n_trees=50, seed=1)


def test_searching_never_imports_what_only_a_build_needs():
    code = (
        "import sys, chalicelib.workflows.recommend_for_user, chalicelib.workflows.find_neighbours, chalicelib.workflows.scaler_in_force\n"
        "print([name for name in ('sklearn', 'scipy', 'numba', 'librosa') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


def rewrite_manifest(folder: Path) -> None:
    """Makes the hashes right again after a file was exchanged: what the hashes cannot find, the gate must."""
    import msgspec

    manifest, _ = artefact.read_manifest(folder)
    files = {name: artefact.describe_file(folder / name) for name in manifest.files}
    (folder / artefact.MANIFEST).write_bytes(artefact.encode_manifest(msgspec.structs.replace(manifest, files=files)))
