"""How well songs do for a mix, on made-up distances and points."""

from __future__ import annotations

import numpy as np

from chalicelib.recommend.mixes import judge_near, judge_remote, list_alike, place_opposite
from tests.unit.recommend.test_paths import make_units

REACH = np.array([0.8])


def test_where_two_are_as_near_the_one_farther_from_what_is_avoided_does_better():
    worth = judge_near(np.array([[0.5], [0.5], [0.5]]), np.array([[0.6], [1.4], [0.5]]), REACH)[:, 0]
    assert worth[1] > worth[0] > worth[2] > 0


def test_where_what_is_avoided_is_beside_what_is_chosen_the_nearest_still_come_first():
    near = np.array([[0.3], [0.7], [1.3], [1.5]])
    worth = judge_near(near, near + 0.02, REACH)[:, 0]
    assert worth.tolist() == sorted(worth, reverse=True)
    assert worth[0] > 3 * worth[2]


def test_what_is_nearer_to_an_avoided_song_than_to_every_chosen_one_does_not_do():
    worth = judge_near(np.array([[0.5, 1.2], [0.9, 0.4]]), np.array([[0.4, 1.5], [0.6, 1.5]]), np.array([0.8, 0.8]))
    assert (worth[0] == 0).all()
    assert (worth[1] > 0).all()
    assert judge_near(np.array([[0.0]]), np.array([[0.0]]), REACH)[0, 0] > 0


def test_with_nothing_avoided_it_is_nearness_alone():
    worth = judge_near(np.array([[0.2], [0.9]]), np.empty((2, 0)), REACH)[:, 0]
    assert worth[0] > worth[1] > 0


def test_far_from_all_is_far_from_the_nearest():
    worth = judge_remote(np.array([[1.9, 0.3], [1.2, 1.1], [1.0, 1.0]]))[:, 0]
    assert np.argsort(-worth).tolist() == [1, 2, 0]
    assert (worth > 0).all()


def test_what_is_like_none_is_left_out_where_something_is_like_one():
    assert list_alike(np.array([[0.5, 1.9], [1.8, 1.9]]), 1.4).tolist() == [True, False]
    assert list_alike(np.array([[1.6], [1.8]]), 1.4).tolist() == [True, True]


def test_opposite_points_are_few_and_far():
    avoided = make_units(20)
    points = place_opposite(avoided, most=4)
    assert points.shape == (4, 6)
    assert np.allclose(points[0], -avoided.mean(axis=0))
    assert all(np.isclose(np.linalg.norm(avoided - each, axis=1).max(), 2.0) for each in points[1:])
    assert len(place_opposite(avoided[:1], most=4)) == 2
