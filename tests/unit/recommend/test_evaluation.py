"""The measures of `timbre evaluate`, by hand where a hand can, by their laws elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.recommend.evaluation import (
    AT,
    JudgedList,
    bootstrap_mean,
    compare_lists,
    measure_ndcg,
    measure_precision,
    measure_spread,
    measure_surprise,
    score_lists,
)


def judge(*is_right: bool, findable: int = AT, songs: tuple[int, ...] | None = None, group: object = None, places: int = AT) -> JudgedList:
    return JudgedList(
        songs=songs or tuple(range(len(is_right))),
        is_right=is_right,
        findable=findable,
        group=group,  # type: ignore[arg-type]  # anything that can be hashed
        places=places,
    )


def test_precision_counts_empty_places_as_wrong_unless_the_catalogue_has_no_more():
    assert measure_precision(judge(True, False, True)) == pytest.approx(0.2)
    assert measure_precision(judge(True, False, True, places=3)) == pytest.approx(2 / 3)


def test_ndcg_is_1_where_all_that_is_right_comes_first_and_falls_with_the_place():
    assert measure_ndcg(judge(True, True, False, findable=2)) == pytest.approx(1.0)
    assert measure_ndcg(judge(False, True, findable=1)) == pytest.approx(1 / math.log2(3))
    assert measure_ndcg(judge(False, False, findable=1)) == 0.0


@given(st.lists(st.booleans(), max_size=AT), st.integers(1, 50))
def test_ndcg_lies_between_0_and_1(is_right: list[bool], more: int):
    assert 0.0 <= measure_ndcg(judge(*is_right, findable=max(1, sum(is_right)) + more)) <= 1.0


def test_a_score_holds_every_measure_of_its_lists():
    lists = [judge(True, False, songs=(1, 2), group="a", findable=1), judge(False, False, songs=(2, 3), group="b", findable=1)]
    score = score_lists(lists, catalogue_size=10, surprise=measure_surprise({1: 3, 2: 0, 3: 0}, 10))
    assert score.queries == 2
    assert score.precision.value == pytest.approx(0.05)
    assert score.hit_rate.value == pytest.approx(0.5)
    assert score.ndcg.value == pytest.approx(0.5)
    assert score.coverage.value == pytest.approx(0.3)
    assert score.novelty is not None
    assert score.novelty.value == pytest.approx((-math.log2(4 / 13) - 3 * math.log2(1 / 13)) / 4, abs=1e-4)
    assert (score.diversity, score.recall) == (None, None)


def test_lists_without_a_song_are_scored_too():
    score = score_lists([judge(findable=1, songs=())], catalogue_size=10, surprise={})
    assert (score.precision.value, score.coverage.value, score.novelty) == (0.0, 0.0, None)


def test_the_spread_of_opposite_songs_is_2_and_one_song_has_none():
    assert measure_spread(np.array([[1.0, 0.0], [-1.0, 0.0]])) == pytest.approx(2.0)
    assert measure_spread(np.array([[1.0, 0.0]])) is None


def test_an_unknown_song_surprises_more_than_a_hit():
    surprise = measure_surprise({"hit": 1_000, "unheard": 0}, 100)
    assert surprise["unheard"] > surprise["hit"] > 0


def test_the_interval_covers_the_mean_in_about_19_of_20_draws():
    covered = 0
    for seed in range(200):
        values = np.random.default_rng(seed).exponential(size=60).tolist()
        low, high = bootstrap_mean(values, range(60)).interval
        covered += low <= 1.0 <= high
    assert 0.88 <= covered / 200 <= 0.98


def test_queries_that_stand_and_fall_together_widen_the_interval():
    values = np.repeat(np.random.default_rng(1).normal(size=20), 10).tolist()
    alone, together = bootstrap_mean(values, range(200)).interval, bootstrap_mean(values, np.repeat(range(20), 10).tolist()).interval
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_an_interval_is_the_same_each_time_and_within_the_values(values: list[float]):
    measured = bootstrap_mean(values, range(len(values)))
    assert measured == bootstrap_mean(values, range(len(values)))
    assert min(values) - 1e-4 <= measured.interval[0] <= measured.interval[1] <= max(values) + 1e-4


def test_a_small_gain_in_every_list_is_seen_though_the_lists_differ_much():
    dice = np.random.default_rng(1)
    others = [judge(*(dice.random(AT) < dice.random()), group=place) for place in range(200)]
    ours = [judge(*each.is_right[:-1], True, group=each.group) for each in others]
    gain = compare_lists(ours, others)
    assert gain.interval[0] > 0
    assert gain.value == pytest.approx(np.mean([not each.is_right[-1] for each in others]) / AT, abs=1e-4)
