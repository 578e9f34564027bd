"""Searching: laws of index, delta and distance."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.index.angular import measure_distances, measure_distances_each, measure_distances_roughly, scale_to_unit
from chalicelib.index.artefact import open_index
from chalicelib.index.catalogue import Catalogue
from chalicelib.index.neighbourhoods import Neighbourhoods
from chalicelib.index.search import LoadedIndex, Neighbour
from chalicelib.model import TrackVector
from tests.unit.index.music_library import build_music, make_mfcc, name_track

COUNT = 3000


@pytest.fixture(scope="module")
def mfcc() -> np.ndarray:
    return make_mfcc(COUNT, styles=40)


@pytest.fixture(scope="module")
def folder(mfcc: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search") / "b"
    build_music(folder, mfcc)
    return folder


@pytest.fixture(scope="module", params=[0, 10_000], ids=["annoy", "exact"])
def index(folder: Path, request: pytest.FixtureRequest) -> LoadedIndex:
    return open_index(folder, exact_up_to=request.param)


@pytest.fixture(scope="module")
def by_annoy(folder: Path) -> LoadedIndex:
    return open_index(folder, exact_up_to=0)


def make_delta(mfcc: Mapping[str, Sequence[float]]) -> dict[str, TrackVector]:
    return {track_id: TrackVector(track_id, 1, tuple(row)) for track_id, row in mfcc.items()}


def scan(vectors: np.ndarray, ids: list[str], query: np.ndarray, k: int) -> list[Neighbour]:
    """What a search must find, written as plainly as can be."""
    unit = query / np.linalg.norm(query)
    pairs = [Neighbour(float(np.linalg.norm(row / np.linalg.norm(row) - unit)), each) for row, each in zip(vectors, ids, strict=True)]
    return sorted(pairs)[:k]


@settings(deadline=None, max_examples=60)
@given(row=st.integers(0, COUNT - 1))
def test_a_track_is_its_own_nearest_neighbour(by_annoy: LoadedIndex, mfcc: np.ndarray, row: int):
    nearest = by_annoy.search(by_annoy.scaler.transform(mfcc[row]), 1)[0]
    assert nearest.track_id == name_track(row)
    assert nearest.distance == pytest.approx(0.0, abs=1e-6)


def test_search_finds_what_a_plain_scan_finds(index: LoadedIndex, mfcc: np.ndarray):
    vectors = index.scaler.transform(mfcc).astype(np.float64)
    ids = [name_track(n) for n in range(COUNT)]
    hits = 0
    for row in range(0, COUNT, 100):
        expected = scan(vectors, ids, vectors[row] + 0.05, 10)
        found = index.search((vectors[row] + 0.05).astype(np.float32), 10)
        hits += len({each.track_id for each in found} & {each.track_id for each in expected})
        assert [each.distance for each in found] == sorted(each.distance for each in found)
        assert found[0].distance == pytest.approx(expected[0].distance, abs=1e-5)
    assert hits / (10 * COUNT / 100) >= 0.99


def test_excluded_tracks_are_not_found_and_others_take_their_places(index: LoadedIndex, mfcc: np.ndarray):
    query = index.scaler.transform(mfcc[5])
    nearest = [each.track_id for each in index.search(query, 150)]
    found = index.search(query, 50, exclude=nearest[:100])
    assert len(found) == 50
    assert not {each.track_id for each in found} & set(nearest[:100])
    assert len({each.track_id for each in found} & set(nearest[100:])) >= 48


def test_all_tracks_but_one_can_be_excluded(index: LoadedIndex, mfcc: np.ndarray):
    found = index.search(index.scaler.transform(mfcc[5]), 10, exclude=[name_track(n) for n in range(COUNT) if n != 77])
    assert [each.track_id for each in found] == [name_track(77)]


def test_unknown_ids_are_excluded_without_harm(index: LoadedIndex, mfcc: np.ndarray):
    query = index.scaler.transform(mfcc[5])
    assert index.search(query, 5, exclude=["", "zzz", "f" * 40]) == index.search(query, 5)
    assert index.vector_of("f" * 24) is None
    assert index.vector_of("0") is None


@pytest.mark.parametrize("k", [0, -1])
def test_asking_for_none_gives_none(index: LoadedIndex, mfcc: np.ndarray, k: int):
    assert index.search(index.scaler.transform(mfcc[0]), k) == []


def test_an_index_that_is_saved_and_loaded_again_answers_as_before(folder: Path, mfcc: np.ndarray):
    one, two = open_index(folder, exact_up_to=0), open_index(folder, exact_up_to=0)
    for row in range(0, COUNT, 150):
        query = one.scaler.transform(mfcc[row])
        assert one.search(query, 30) == two.search(query, 30)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    built=st.integers(1, 60),
    added=st.integers(0, 30),
    changed=st.integers(0, 10),
    seed=st.integers(0, 1000),
    k=st.integers(1, 25),
    exact_up_to=st.sampled_from([0, 10_000]),
)
def test_index_and_delta_together_equal_a_scan_of_the_union(*, built: int, added: int, changed: int, seed: int, k: int, exact_up_to: int):
    mfcc = make_mfcc(built + added, seed=seed)
    with tempfile.TemporaryDirectory() as name:
        build_music(Path(name), mfcc[:built])
        index = open_index(Path(name), exact_up_to=exact_up_to)
    now = {name_track(n): row for n, row in enumerate(mfcc)}
    now.update({name_track(n): row for n, row in enumerate(make_mfcc(min(changed, built), seed=seed + 1))})
    delta = {each: row.tolist() for n, (each, row) in enumerate(now.items()) if n < changed or n >= built}
    catalogue = Catalogue(index, make_delta(delta))
    query = index.scaler.transform(make_mfcc(1, seed=seed + 2)[0])
    union = index.scaler.transform(np.array(list(now.values())))
    distances = dict(zip(now, measure_distances(query, scale_to_unit(union)).tolist(), strict=True))
    found = catalogue.search(query, k)
    assert [each.distance for each in found] == pytest.approx(sorted(distances.values())[:k], abs=1e-6)
    assert all(each.distance == pytest.approx(distances[each.track_id], abs=1e-6) for each in found)


def test_a_changed_track_is_found_as_it_is_now_and_only_once(by_annoy: LoadedIndex, mfcc: np.ndarray):
    catalogue = Catalogue(by_annoy, make_delta({name_track(3): mfcc[1000].tolist()}))
    query = by_annoy.scaler.transform(mfcc[1000])
    assert {each.track_id for each in catalogue.search(query, 2)} == {name_track(3), name_track(1000)}
    everywhere = [each.track_id for each in catalogue.search(by_annoy.scaler.transform(mfcc[3]), COUNT)]
    assert everywhere.count(name_track(3)) == 1
    assert np.allclose(catalogue.units_of([name_track(3), name_track(4)])[0], scale_to_unit(query))


def test_a_track_of_the_delta_can_be_excluded(by_annoy: LoadedIndex, mfcc: np.ndarray):
    catalogue = Catalogue(by_annoy, make_delta({"new": mfcc[8].tolist()}))
    query = by_annoy.scaler.transform(mfcc[8])
    assert "new" in {each.track_id for each in catalogue.search(query, 2)}
    assert "new" not in {each.track_id for each in catalogue.search(query, 20, exclude=["new"])}


def test_numbers_of_another_form_in_the_delta_are_passed_over(by_annoy: LoadedIndex, mfcc: np.ndarray):
    catalogue = Catalogue(by_annoy, make_delta({"short": [1.0, 2.0], "nan": [float("nan")] * 20, "fine": mfcc[8].tolist()}))
    found = {each.track_id for each in catalogue.search(by_annoy.scaler.transform(mfcc[8]), COUNT + 3)}
    assert found & {"short", "nan", "fine"} == {"fine"}


def test_a_vector_of_zeros_is_alike_only_to_another():
    units = scale_to_unit(np.array([[0.0, 0.0], [3.0, 0.0]]))
    assert measure_distances(np.zeros(2), units).tolist() == pytest.approx([0.0, 2**0.5])
    assert measure_distances(np.array([5.0, 0.0]), units).tolist() == pytest.approx([2**0.5, 0.0])


def test_a_question_asked_again_leaves_out_what_is_excluded_this_time(index: LoadedIndex, mfcc: np.ndarray):
    query = index.scaler.transform(mfcc[7])
    nearest = [each.track_id for each in index.search(query, 60)]
    without_some = [each.track_id for each in index.search(query, 10, exclude=nearest[:5])]
    assert without_some == nearest[5:15]
    assert [each.track_id for each in index.search(query, 60)] == nearest


def test_searching_around_several_finds_what_searching_around_each_does(index: LoadedIndex, mfcc: np.ndarray):
    catalogue = Catalogue(index, make_delta({name_track(3): mfcc[4].tolist(), "f" * 24: mfcc[9].tolist()}))
    queries = [index.scaler.transform(mfcc[row]) for row in (3, 9, 40)]
    exclude = [name_track(9), name_track(41), "f" * 24]
    assert catalogue.search_each(queries, 12, exclude=exclude) == [catalogue.search(each, 12, exclude=exclude) for each in queries]
    own = [name_track(row) for row in (3, 9, 40)]
    expected = [catalogue.search(query, 12, exclude=[each]) for query, each in zip(queries, own, strict=True)]
    assert catalogue.search_others(own, queries, 12) == expected


def test_distances_from_several_are_those_from_each():
    units = scale_to_unit(np.random.default_rng(1).normal(size=(50, 7)))
    units[3] = 0.0
    queries = np.random.default_rng(2).normal(size=(4, 7))
    queries[1] = 0.0
    assert np.array_equal(measure_distances_each(queries, units), np.stack([measure_distances(each, units) for each in queries], axis=1))


def test_what_is_ranked_for_lists_is_what_comparing_with_every_song_finds(index: LoadedIndex, mfcc: np.ndarray):
    catalogue = Catalogue(index, make_delta({name_track(3): mfcc[4].tolist(), "f" * 24: mfcc[9].tolist()}))
    exact = catalogue.scan_all()
    queries = np.array([index.scaler.transform(mfcc[row]) for row in (3, 9, 40, 9)])
    exclude = [name_track(9), name_track(41), "f" * 24, "not there"]
    for k in (1, 12, 60, 200):  # twice: what was found around a song is kept
        for _ in range(2):
            ranked = catalogue.rank_around(queries, k, excluded=catalogue.find_places(exclude))
            names = [[raw.decode() for raw in catalogue.name_places(places).tolist()] for places, _ in ranked]
            expected = exact.search_each(queries, k, exclude=exclude)
            assert names == [[each.track_id for each in near] for near in expected]
            assert [distances.tolist() for _, distances in ranked] == [[each.distance for each in near] for near in expected]


def test_places_have_the_vectors_of_what_they_name(index: LoadedIndex, mfcc: np.ndarray):
    catalogue = Catalogue(index, make_delta({name_track(3): mfcc[4].tolist(), "f" * 24: mfcc[9].tolist()}))
    names = [name_track(8), "f" * 24, name_track(3)]
    places = np.concatenate([catalogue.find_places([name]) for name in names])
    assert [raw.decode() for raw in catalogue.name_places(places).tolist()] == names
    assert np.array_equal(catalogue.units_at(places), catalogue.units_of(names))


def test_neighbourhoods_keep_what_was_asked_for_last():
    kept = Neighbourhoods(kept=2)
    vectors = np.eye(3, dtype=np.float32)
    for number, vector in enumerate(vectors[:2]):
        kept.keep(vector, (np.array([number]), np.array([0.5])))
    assert kept.find(vectors[0]) is not None
    kept.keep(vectors[2], (np.array([2]), np.array([0.5])))
    assert [each.tolist() for each in kept.list_unknown(vectors)] == [vectors[1].tolist()]
    found = kept.find(vectors[0])
    assert found is not None
    assert not found[0].flags.writeable


def test_distances_by_one_product_are_those_by_differences():
    units = scale_to_unit(np.random.default_rng(1).normal(size=(50, 7)))
    units[3] = 0.0
    queries = np.concatenate([np.random.default_rng(2).normal(size=(4, 7)), 3 * units[7:8]])
    queries[1] = 0.0
    assert np.allclose(measure_distances_roughly(queries, units), measure_distances_each(queries, units), atol=1e-7)


def test_lists_over_a_catalogue_too_large_to_scan_ask_the_trees(folder: Path, mfcc: np.ndarray):
    large = open_index(folder, exact_up_to=0)
    vars(large)["_scan_together"] = None
    catalogue = Catalogue(large, {})
    queries = np.array([large.scaler.transform(mfcc[row]) for row in (3, 9, 40)])
    exclude = [name_track(9), name_track(41)]
    ranked = catalogue.rank_around(queries, 12, excluded=catalogue.find_places(exclude))
    names = [[raw.decode() for raw in catalogue.name_places(places).tolist()] for places, _ in ranked]
    assert names == [[each.track_id for each in near] for near in catalogue.search_each(queries, 12, exclude=exclude)]
