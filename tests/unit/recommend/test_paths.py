"""A path between two songs, on made-up points."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.recommend.paths import Stop, choose_way, part_among_points, place_points


def make_units(count: int, seed: int = 0, dimension: int = 6) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(count, dimension))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 23))
def test_points_lie_at_even_steps_between_the_ends(seed: int, count: int):
    start, end = make_units(2, seed)
    path = np.concatenate([[start], place_points(start, end, count=count), [end]])
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert np.allclose(np.linalg.norm(path, axis=1), 1.0)
    assert np.allclose(steps, steps[0], atol=1e-6)


def test_opposite_or_equal_ends_have_points_too():
    unit = make_units(1)[0]
    for end in (unit, -unit):
        assert np.isfinite(place_points(unit, end, count=5)).all()


def test_each_song_belongs_to_one_point_and_the_nearest_come_first():
    units, points = make_units(200), make_units(5, seed=1)
    parted = part_among_points(units, points, most=10)
    flat = [row for rows in parted for row in rows]
    assert len(flat) == len(set(flat)) == 50
    for point, rows in enumerate(parted):
        distances = np.linalg.norm(units[rows] - points[point], axis=1)
        assert distances.tolist() == sorted(distances)


def test_where_songs_crowd_at_one_point_the_others_have_some_too():
    points = make_units(5, seed=1)
    crowd = points[0] + 0.01 * make_units(7)
    assert [len(rows) for rows in part_among_points(crowd, points, most=4)] == [2, 2, 1, 1, 1]
    assert [len(rows) for rows in part_among_points(crowd[:3], points, most=4)] == [1, 1, 1, 0, 0]


def cost(stops: list[Stop], rows: list[int]) -> float:
    path = [stop.units[row] for stop, row in zip(stops, rows, strict=True)]
    return float(sum(np.sum((one - other) ** 2) for one, other in pairwise(path)))


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_the_way_is_the_cheapest_of_all(seed: int):
    units = make_units(14, seed)
    stops = [Stop(units[a:b], [None] * (b - a)) for a, b in ((0, 1), (1, 5), (5, 9), (9, 13), (13, 14))]
    best = min(cost(stops, [0, a, b, c, 0]) for a in range(4) for b in range(4) for c in range(4))
    assert cost(stops, choose_way(stops)) == pytest.approx(best)


def test_an_artist_is_not_on_twice_in_a_row_while_there_is_another():
    units = make_units(4)
    near, far = Stop(units[:1], ["ann"]), Stop(np.array([units[0], units[1]]), ["ann", "bea"])
    assert choose_way([near, far]) == [0, 1]
    assert choose_way([near, Stop(units[:1], ["ann"])]) == [0, 0]
