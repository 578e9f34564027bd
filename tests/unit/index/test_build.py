"""Building an artefact: reproducible, gated, at any size from one track on."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from annoy import AnnoyIndex

from chalicelib.errors import ArtefactError
from chalicelib.index import manifest as artefact
from chalicelib.index.artefact import open_index
from chalicelib.index.build import BuildPlan, BuiltIndex, build_artefact
from chalicelib.index.gate import pass_gate
from chalicelib.index.in_force import InForce
from chalicelib.index.recall import choose_search_k
from chalicelib.index.scaler_fitting import Moments, choose_scaler, fit_scaler
from chalicelib.index.scan import TrackIds
from chalicelib.index.timbre_space import TimbreSpace
from chalicelib.model import TrackVector
from tests.unit.index.music_library import (
    NOW,
    Matrix,
    build_music,
    list_vectors,
    make_features,
    make_mfcc,
    name_track,
    offer_none,
    offer_passages,
)


def measure(mfcc: Matrix) -> Moments:
    moments = Moments()
    moments.add(mfcc)
    return moments


def name_all(count: int) -> TrackIds:
    return np.array([name_track(n).encode() for n in range(count)])


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
    assert (manifest.max_seq, manifest.n_trees, manifest.spaces["mfcc"].metric, manifest.spaces["mfcc"].dimension) == (
        41,
        50,
        "angular",
        20,
    )
    assert manifest.created_at == NOW
    assert manifest.spaces["mfcc"].search_k > 0
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
    kept, drift = choose_scaler(measure(moved), in_force, refit=False)
    assert kept is in_force
    assert drift == pytest.approx(0.01, abs=1e-6)
    plan = BuildPlan(build_id="b", max_seq=0, created_at=NOW, in_force=InForce(scaler=in_force))
    built = build_artefact(list_vectors(moved), offer_none, tmp_path / "b", plan)
    assert built is not None
    assert not built.is_new_scaler
    assert built.manifest.scaler_version == 7
    assert np.array_equal(built.standardized, in_force.transform(moved))


def test_a_scaler_that_drifted_further_gets_the_next_version():
    mfcc = make_mfcc(400)
    in_force = fit_scaler(mfcc, 7)
    fresh, _ = choose_scaler(measure(mfcc + 0.03 * mfcc.std(axis=0)), in_force, refit=False)
    assert fresh.version == 8
    assert fresh.drift_from(in_force) == pytest.approx(0.03, abs=1e-6)


def test_a_refit_that_is_asked_for_gets_the_next_version_without_drift():
    mfcc = make_mfcc(50)
    assert choose_scaler(measure(mfcc), fit_scaler(mfcc, 7), refit=True)[0].version == 8
    assert choose_scaler(measure(mfcc), None, refit=False)[0].version == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_track_whose_numbers_are_not_finite_does_not_keep_the_others_out(tmp_path: Path, bad: float):
    mfcc = make_mfcc(10)
    mfcc[4, 2] = bad
    built = build_music(tmp_path / "b", mfcc)
    assert built.track_ids.tolist() == [name_track(n).encode() for n in range(10) if n != 4]


@pytest.mark.parametrize(("track_ids", "reason"), [(["a", "a"], "more than once"), (["a", "ü"], "ASCII"), (["a", ""], "ASCII")])
def test_ids_that_do_not_map_one_to_one_are_refused(tmp_path: Path, track_ids: list[str], reason: str):
    vectors = [TrackVector(track_id, 1, tuple(row)) for track_id, row in zip(track_ids, make_mfcc(2), strict=True)]
    with pytest.raises(ArtefactError, match=reason):
        build_artefact(vectors, offer_none, tmp_path / "b", BuildPlan(build_id="b", max_seq=0, created_at=NOW))
    assert list(tmp_path.iterdir()) == []


def test_of_no_track_there_is_no_build(tmp_path: Path):
    assert build_artefact([], offer_none, tmp_path / "b", BuildPlan(build_id="b", max_seq=0, created_at=NOW)) is None
    assert list(tmp_path.iterdir()) == []


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
        pass_gate(tmp_path / "b", name_all(30)[::-1])


def test_the_gate_refuses_trees_of_other_vectors(tmp_path: Path):
    """A self-query through Annoy finds out that the trees hold something else than vectors.npy."""
    build_music(tmp_path / "b", make_mfcc(2000, spread=1.0))
    build_music(tmp_path / "other", make_mfcc(2000, spread=1.0, seed=9))
    (tmp_path / "b" / artefact.TREES).write_bytes((tmp_path / "other" / artefact.TREES).read_bytes())
    rewrite_manifest(tmp_path / "b")
    with pytest.raises(ArtefactError, match="its own nearest"):
        pass_gate(tmp_path / "b", name_all(2000))


def test_trees_that_cannot_reach_the_recall_are_refused(tmp_path: Path):
    """Even looking at all of trees that hold other vectors does not find the neighbours."""
    build_music(tmp_path / "other", make_mfcc(1000, seed=9))
    trees = AnnoyIndex(20, "angular")
    trees.load(str(tmp_path / "other" / artefact.TREES))
    with pytest.raises(ArtefactError, match=r"Recall@10 is 0\.\d+"):
        choose_search_k(trees, make_mfcc(1000, spread=2.0).astype(np.float32), n_trees=50, seed=1)


def test_a_catalogue_whose_tracks_all_have_features_is_built_in_both_spaces(tmp_path: Path):
    mfcc = make_mfcc(120)
    built = build_music(tmp_path / "b", mfcc, has_features=True)
    manifest = built.manifest
    assert list(manifest.spaces) == ["mfcc", "timbre"]
    assert manifest.timbre_missing_because is None
    assert set(manifest.files) == {artefact.MAP, *artefact.list_required(manifest)}
    assert manifest.map is not None
    assert manifest.map.space == "timbre"
    index = open_index(tmp_path / "b", space="timbre")
    assert index.space == "timbre"
    assert index.facts.recall_at_10 >= 0.99
    expected = index.scaler.transform(make_features(mfcc)[7])
    found = index.vector_of(name_track(7))
    assert np.array_equal(found, expected)
    assert index.search(expected, 1)[0].track_id == name_track(7)


def test_the_same_tracks_and_passages_give_the_same_bytes_in_both_spaces(tmp_path: Path):
    one = build_music(tmp_path / "one", make_mfcc(80), has_features=True)
    two = build_music(tmp_path / "two", make_mfcc(80), has_features=True)
    assert one.manifest.files == two.manifest.files
    assert len(one.manifest.files) == 8


def build_lacking(folder: Path, *lacking: int) -> BuiltIndex:
    features = make_features(make_mfcc(60))
    vectors = list_vectors(make_mfcc(60), features=features)
    for row in lacking:
        vectors[row] = msgspec.structs.replace(vectors[row], features=None)
    built = build_artefact(vectors, offer_passages(features), folder, BuildPlan(build_id="b", max_seq=0, created_at=NOW))
    assert built is not None
    return built


def test_songs_without_features_leave_the_build_to_the_mfcc_space(tmp_path: Path):
    manifest = build_lacking(tmp_path / "b", 7, 59).manifest
    assert list(manifest.spaces) == ["mfcc"]
    assert manifest.timbre_missing_because == "2 of 60 songs are without the features of version 2."
    assert open_index(tmp_path / "b", space="timbre").space == "mfcc"


def test_one_song_that_could_not_be_analysed_anew_keeps_no_other_from_the_timbre_space(tmp_path: Path):
    """It is found by its MFCC means, amid average songs for the rest."""
    manifest = build_lacking(tmp_path / "b", 7).manifest
    assert list(manifest.spaces) == ["mfcc", "timbre"]
    index = open_index(tmp_path / "b", space="timbre")
    features = make_features(make_mfcc(60))
    others = np.delete(features, 7, axis=0).astype(np.float64).mean(axis=0)
    others[:20] = make_mfcc(60)[7]
    found = index.vector_of(name_track(7))
    assert found is not None
    assert np.allclose(found, index.scaler.transform(others.astype(np.float32)), atol=1e-4)
    assert index.search(found, 1)[0].track_id == name_track(7)


def test_fewer_than_fifty_songs_are_built_without_the_timbre_space(tmp_path: Path):
    built = build_music(tmp_path / "b", make_mfcc(49), has_features=True)
    assert list(built.manifest.spaces) == ["mfcc"]
    assert "at least 50" in (built.manifest.timbre_missing_because or "")


def test_songs_without_passages_are_built_without_the_timbre_space(tmp_path: Path):
    mfcc = make_mfcc(60)
    plan = BuildPlan(build_id="b", max_seq=0, created_at=NOW)
    built = build_artefact(list_vectors(mfcc, features=make_features(mfcc)), offer_none, tmp_path / "b", plan)
    assert built is not None
    assert list(built.manifest.spaces) == ["mfcc"]
    assert "got 0" in (built.manifest.timbre_missing_because or "")


def test_a_timbre_space_in_force_stays_while_it_has_not_drifted(tmp_path: Path):
    build_music(tmp_path / "one", make_mfcc(80), has_features=True)
    scaler = open_index(tmp_path / "one", space="timbre").scaler
    assert isinstance(scaler, TimbreSpace)
    mfcc = make_mfcc(80)
    features = make_features(mfcc)
    plan = BuildPlan(build_id="two", max_seq=0, created_at=NOW, in_force=InForce(timbre=scaler))
    kept = build_artefact(list_vectors(mfcc, features=features), offer_passages(features), tmp_path / "two", plan)
    assert kept is not None
    assert (kept.manifest.spaces["timbre"].scaler_version, kept.manifest.spaces["timbre"].drift) == (1, pytest.approx(0.0, abs=1e-6))
    asked = build_artefact(list_vectors(mfcc, features=features), offer_passages(features), tmp_path / "3", replace(plan, refit=True))
    assert asked is not None
    assert asked.manifest.spaces["timbre"].scaler_version == 2


def test_the_gate_refuses_a_build_whose_timbre_trees_are_of_other_vectors(tmp_path: Path):
    """One space that fails is the whole build's failure: the one in force stays, whichever space is served."""
    build_music(tmp_path / "b", make_mfcc(1500, spread=1.0), has_features=True)
    build_music(tmp_path / "other", make_mfcc(1500, spread=1.0, seed=9), has_features=True)
    trees = artefact.name_files("timbre").trees
    (tmp_path / "b" / trees).write_bytes((tmp_path / "other" / trees).read_bytes())
    rewrite_manifest(tmp_path / "b")
    with pytest.raises(ArtefactError, match=r"Space timbre: Track .* is not its own nearest"):
        pass_gate(tmp_path / "b", name_all(1500))


def test_a_step_that_has_ended_is_told_so_that_the_lease_can_be_renewed(tmp_path: Path):
    ended: list[str] = []
    plan = BuildPlan(build_id="b", max_seq=0, created_at=NOW, on_step=ended.append)
    built = build_artefact(list_vectors(make_mfcc(10)), offer_none, tmp_path / "b", plan)
    assert built is not None
    assert ended == ["read", "fit", "project", "trees", "recall", "map", "gate"]
    assert set(built.manifest.step_s) == set(ended)


def test_searching_never_imports_what_only_a_build_needs():
    code = (
        "import sys, chalicelib.workflows.recommend_for_user, chalicelib.workflows.find_neighbours, chalicelib.workflows.scaler_in_force\n"
        "print([name for name in ('sklearn', 'scipy', 'numba', 'librosa') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


def rewrite_manifest(folder: Path) -> None:
    """Makes the hashes right again after a file was exchanged: what the hashes cannot find, the gate must."""
    manifest, _ = artefact.read_manifest(folder)
    files = {name: artefact.describe_file(folder / name) for name in manifest.files}
    (folder / artefact.MANIFEST).write_bytes(artefact.encode_manifest(msgspec.structs.replace(manifest, files=files)))
