"""Where songs stand on the map: near what sounds alike, always the same, and about where they stood before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from chalicelib.index.angular import scale_to_unit
from chalicelib.index.layout import lay_out
from chalicelib.index.neighbour_cells import find_nearest, find_neighbours, find_neighbours_by_cells
from chalicelib.index.scaler_fitting import fit_scaler
from chalicelib.index.song_map import PackedIds, SongMap, decode_map, encode_map, pack_ids
from tests.bench.map_layout import make_songs, measure_kept_neighbours, project_on_principal_axes
from tests.unit.index.music_library import make_mfcc, name_track


def standardize(count: int, *, styles: int = 6, spread: float = 0.4) -> npt.NDArray[np.float32]:
    mfcc = make_mfcc(count, styles=styles, spread=spread)
    return fit_scaler(mfcc, 1).transform(mfcc)


def name(count: int) -> PackedIds:
    return pack_ids([name_track(number * 7_919) for number in range(count)])


def remember(ids: PackedIds, placed: npt.NDArray[np.float32]) -> SongMap:
    return decode_map(encode_map(ids, placed, np.zeros(len(ids), dtype=np.uint8)))


def measure_moves(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """In parts of the map's width."""
    moves: npt.NDArray[np.float64] = np.linalg.norm(after - before, axis=1) / np.ptp(before, axis=0).max()
    return moves


@pytest.mark.parametrize("count", [1, 2, 3, 4, 10, 60, 500])
def test_any_number_of_songs_gets_finite_places(count: int):
    placed = lay_out(name(count), standardize(count))
    assert placed.shape == (count, 2)
    assert np.isfinite(placed).all()


@pytest.mark.parametrize("count", [2, 10, 60])
def test_no_two_of_few_songs_stand_on_one_another(count: int):
    placed = lay_out(name(count), standardize(count, spread=0.05))
    apart = np.linalg.norm(placed[:, None] - placed[None], axis=2) + np.eye(count) * 1e9
    evenly = np.sqrt(np.prod(np.maximum(np.ptp(placed, axis=0), 0.1)) / count)
    assert apart.min() > 0.3 * evenly


def test_songs_that_all_sound_the_same_get_places_of_their_own():
    placed = lay_out(name(30), np.repeat(standardize(10)[:1], 30, axis=0))
    assert np.isfinite(placed).all()
    assert len(np.unique((placed / np.ptp(placed)).round(3), axis=0)) == 30


def test_songs_without_a_direction_are_placed_too():
    vectors = standardize(40)
    vectors[3:6] = 0.0
    assert np.isfinite(lay_out(name(40), vectors)).all()


def test_the_same_songs_stand_at_the_same_places():
    vectors = standardize(300)
    assert np.array_equal(lay_out(name(300), vectors), lay_out(name(300), vectors))


def test_songs_of_one_style_stand_together():
    placed = lay_out(name(120), standardize(120))
    near = np.argsort(np.linalg.norm(placed[:, None] - placed[None], axis=2), axis=1)[:, 1:6]
    assert (near % 6 == (np.arange(120) % 6)[:, None]).mean() > 0.95


def test_more_neighbours_stay_together_than_on_the_principal_axes():
    vectors, _ = make_songs(600)
    units = scale_to_unit(vectors)
    ours = measure_kept_neighbours(units, lay_out(name(600), vectors))
    flat = measure_kept_neighbours(units, project_on_principal_axes(units))
    assert ours.kept > 1.5 * flat.kept
    assert ours.trustworthiness > max(0.9, flat.trustworthiness)


def test_songs_that_stay_keep_about_their_places_when_others_come_and_go():
    vectors, _ = make_songs(400)
    ids = name(400)
    before = remember(ids[:360], lay_out(ids[:360], vectors[:360]))
    after = lay_out(ids[40:], vectors[40:], before)
    assert np.isfinite(after).all()
    moves = measure_moves(before.positions[40:], after[:320])
    assert np.median(moves) < 0.06
    assert np.quantile(moves, 0.95) < 0.2


def test_a_new_song_comes_to_those_that_it_sounds_like():
    vectors = standardize(200, spread=0.2)
    ids = name(200)
    before = remember(ids[:194], lay_out(ids[:194], vectors[:194]))
    placed = lay_out(ids, vectors, before)
    for fresh in range(194, 200):
        nearest = int(np.argsort(np.linalg.norm(placed - placed[fresh], axis=1))[1])
        assert nearest % 6 == fresh % 6


def test_a_map_of_quite_other_songs_is_no_beginning():
    vectors = standardize(50)
    elsewhere = remember(pack_ids([name_track(number + 1_000_000_007) for number in range(50)]), lay_out(name(50), vectors))
    assert np.array_equal(lay_out(name(50), vectors, elsewhere), lay_out(name(50), vectors))


def test_beyond_the_landmarks_songs_settle_among_their_neighbours():
    vectors, _ = make_songs(900)
    placed = lay_out(name(900), vectors, landmarks=300)
    assert np.isfinite(placed).all()
    found = measure_kept_neighbours(scale_to_unit(vectors), placed, sample=200)
    assert found.trustworthiness > 0.93
    later = lay_out(name(900), vectors, remember(name(900), placed), landmarks=300)
    assert np.quantile(measure_moves(placed, later), 0.95) < 0.1


def test_neighbours_by_cells_are_nearly_those_of_a_full_comparison():
    units = scale_to_unit(make_songs(3_000)[0]).astype(np.float32)
    landmarks = np.arange(0, 3_000, 20, dtype=np.int32)
    own = find_nearest(units, units[landmarks], 1).rows[:, 0]
    by_cells = find_neighbours_by_cells(units, landmarks, own, 10)
    exact = find_neighbours(units, 10)
    shared = [len(set(one) & set(other)) for one, other in zip(by_cells.rows.tolist(), exact.rows.tolist(), strict=True)]
    assert np.mean(shared) > 6
    assert not (by_cells.rows == np.arange(3_000)[:, None]).any()
