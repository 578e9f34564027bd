"""A path between two songs, on made-up points."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.recommend.duplicates import KnownSongs
from chalicelib.recommend.paths import FEWEST, Stop, Strides, choose_way, list_distinct, part_among_points, place_points, spread_over
from tests.unit.recommend.test_duplicates import make_track


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


def test_points_are_thinned_out_evenly_with_the_first_and_the_last():
    points = make_units(23)
    few = spread_over(points, 6)
    assert [int(np.argmin(np.linalg.norm(points - each, axis=1))) for each in few] == [0, 4, 9, 13, 18, 22]
    assert np.array_equal(spread_over(points[:4], 6), points[:4])
    assert np.array_equal(spread_over(points[:1], 6), points[:1])


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_each_song_is_listed_once_as_known_songs_tell_them(seed: int):
    """Seventy of them, so that twins lie within one block of rows and across blocks."""
    dice = np.random.default_rng(seed)
    units = make_units(40, seed)[dice.integers(40, size=70)] + 0.01 * dice.normal(size=(70, 6))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    units[5] = units[6] = 0.0  # two without a direction are no twins
    tracks = [make_track(f"Song {dice.integers(60)}", f"Artist {dice.integers(2)}", f"{n:024x}") for n in range(70)]
    known, expected = KnownSongs("timbre"), []
    for row, track in enumerate(tracks):
        if not known.holds(track, units[row]):
            known.add(track, units[row])
            expected.append(row)
    assert list_distinct(tracks, units, space="timbre") == expected
    assert 5 < len(expected) < 60


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


FREE = Strides(even=2.0, longest=2.0, worth=99.0)


def cost(stops: list[Stop], rows: Sequence[int | None]) -> float:
    path = [stop.units[row] for stop, row in zip(stops, rows, strict=True) if row is not None]
    return float(sum(np.sum((one - other) ** 2) for one, other in pairwise(path)))


def measure_longest(stops: list[Stop], rows: Sequence[int | None]) -> float:
    path = [stop.units[row] for stop, row in zip(stops, rows, strict=True) if row is not None]
    return max(float(np.linalg.norm(one - other)) for one, other in pairwise(path))


def make_stops(seed: int) -> list[Stop]:
    units = make_units(14, seed)
    return [Stop(units[a:b], [None] * (b - a)) for a, b in ((0, 1), (1, 5), (5, 9), (9, 13), (13, 14))]


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_the_way_is_the_cheapest_of_all(seed: int):
    stops = make_stops(seed)
    best = min(cost(stops, [0, a, b, c, 0]) for a in range(4) for b in range(4) for c in range(4))
    assert cost(stops, choose_way(stops, FREE)) == pytest.approx(best)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), worth=st.sampled_from([0.3, 1.0, 3.0, 99.0]))
def test_no_step_is_too_long_and_only_places_that_are_not_worth_it_are_left_out(seed: int, worth: float):
    stops = make_stops(seed)
    longest = float(np.linalg.norm(stops[0].units[0] - stops[-1].units[0]))
    way = choose_way(stops, Strides(even=longest, longest=longest, worth=worth))
    assert (way[0], way[-1]) == (0, 0)
    assert measure_longest(stops, way) <= longest + 1e-6
    choices = [None, *range(4)]
    ways = [(0, *between, 0) for between in product(choices, repeat=3)]
    allowed = [each for each in ways if measure_longest(stops, each) <= longest + 1e-9]
    best = min(allowed, key=lambda each: cost(stops, each) + worth * each.count(None))
    if len(best) - best.count(None) < FEWEST:
        assert way.count(None) == min(each.count(None) for each in allowed)
    else:
        assert cost(stops, way) + worth * way.count(None) == pytest.approx(cost(stops, best) + worth * best.count(None))


def test_a_step_that_is_longer_than_it_should_be_is_better_than_a_place_left_out_and_worse_than_two_short_ones():
    start, end, aside, amid = np.array([[1.0, 0.0], [0.0, 1.0], [-0.5, 0.9], [0.7, 0.7]])
    alone, both = (Stop(units, [None] * len(units)) for units in (aside[np.newaxis], np.array([aside, amid])))
    first, last = (Stop(each[np.newaxis], [None]) for each in (start, end))
    assert choose_way([first, alone, last], Strides(even=1.5, longest=2.0, worth=99.0)) == [0, 0, 0]
    assert choose_way([first, both, last], Strides(even=1.5, longest=2.0, worth=99.0)) == [0, 1, 0]
    assert choose_way([first, alone, last], Strides(even=1.5, longest=1.5, worth=99.0)) == [0, None, 0]


def test_an_artist_is_not_on_twice_in_a_row_while_there_is_another():
    units = make_units(4)
    near, far = Stop(units[:1], ["ann"]), Stop(np.array([units[0], units[1]]), ["ann", "bea"])
    assert choose_way([near, far], FREE) == [0, 1]
    assert choose_way([near, Stop(units[:1], ["ann"])], FREE) == [0, 0]


def test_an_artist_alone_in_a_library_has_paths_too():
    stops = [Stop(each.units, ["ann"] * len(each.units)) for each in make_stops(3)]
    assert None not in choose_way(stops, FREE)
