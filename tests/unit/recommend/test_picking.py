"""Agreement, diversity and reasons, on made-up points."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.recommend.agreement import (
    measure_affinity,
    measure_reach,
    score_agreement,
    shortlist_candidates,
    vary_by_day,
)
from chalicelib.recommend.day import draw_day_point
from chalicelib.recommend.diversity import Candidates, Picked, count_worn_out, find_least_served, pick_diverse
from chalicelib.recommend.duplicates import KnownSongs
from chalicelib.recommend.reasons import Cause, explain_pick
from tests.unit.recommend.test_duplicates import make_track

TODAY = date(2026, 11, 22)


def make_points(count: int, seed: int = 0) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(count, 6))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def make_candidates(units: np.ndarray, played: np.ndarray, *, artists: list[str] | None = None, reach: float = 0.6) -> Candidates:
    distances = np.linalg.norm(units[:, np.newaxis] - played[np.newaxis], axis=2)
    names = artists or [f"Artist {n}" for n in range(len(units))]
    tracks = [make_track(f"Song {n}", name, f"{n:024x}") for n, name in enumerate(names)]
    return Candidates(tracks, units, measure_affinity(distances, reach), np.ones(len(units)))


def pick(candidates: Candidates, weights: list[float], count: int = 10) -> list[Picked]:
    return pick_diverse(candidates, np.array(weights), count=count, reach=0.6, known=KnownSongs())


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), played=st.integers(1, 6), count=st.integers(1, 40))
def test_scores_never_rise_and_no_row_is_picked_twice(seed: int, played: int, count: int):
    points = make_points(60 + played, seed)
    picked = pick(make_candidates(points[played:], points[:played]), [1.0] * played, count)
    scores = [each.score for each in picked]
    assert len(picked) == count
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert len({each.row for each in picked}) == count


def test_no_artist_has_more_than_three_songs():
    points = make_points(101)
    candidates = make_candidates(points[1:], points[:1], artists=[f"Band {n % 4}" for n in range(100)])
    picked = pick(candidates, [1.0], 30)
    assert Counter(candidates.tracks[each.row].artist for each in picked) == {f"Band {n}": 3 for n in range(4)}


def pick_plainly(candidates: Candidates, weights: list[float], *, count: int, reach: float, known: KnownSongs) -> list[Picked]:
    """What `pick_diverse` says it does, step by step and anew at each."""
    left, picked, wanted = list(range(len(candidates.tracks))), list[Picked](), np.array(weights)
    while left and len(picked) < count:
        rows = [each.row for each in picked]
        served = 1.0 + candidates.affinity[rows].sum(axis=0)
        gains = (candidates.affinity @ np.where(wanted > 0, wanted / served, wanted)) * candidates.variation
        eligible = [row for row in left if gains[row] > 0]
        unheard = [row for row in eligible if candidates.tracks[row].play_count == 0]
        if not eligible:
            break
        if (len(picked) + 1) % 10 == 0 and unheard:
            eligible = unheard
        largest = max(gains[row] for row in eligible)
        likeness = {
            row: max(
                (float(np.exp(-(np.sum((candidates.units[row] - candidates.units[one]) ** 2) / reach**2))) for one in rows), default=0.0
            )
            for row in eligible
        }
        merits = {row: round(0.7 * float(gains[row]) / largest + 0.3 * (1 - likeness[row]), 6) for row in eligible}
        row = max(eligible, key=lambda each: merits[each])
        left.remove(row)
        track, unit = candidates.tracks[row], candidates.units[row]
        artist = sum(candidates.tracks[one].artist == track.artist for one in rows)
        if (track.artist and artist >= 3) or known.holds(track, unit):
            continue
        known.add(track, unit)
        picked.append(Picked(row, min(merits[row], picked[-1].score) if picked else merits[row]))
    return picked


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), played=st.integers(1, 5), artists=st.integers(2, 40), count=st.integers(1, 35))
def test_the_quick_pick_is_the_plain_one(seed: int, played: int, artists: int, count: int):
    dice = np.random.default_rng(seed)
    points = make_points(70 + played, seed)
    points[played + 5], points[played + 9], points[played + 11] = points[played + 4], points[0], 0.0
    made = make_candidates(points[played:], points[:played], artists=[f"Band {n}" for n in dice.integers(artists, size=70)])
    heard = [replace(track, play_count=int(dice.integers(2))) for track in made.tracks]
    candidates = dataclasses.replace(made, tracks=heard, variation=1.0 + 0.5 * dice.random(70))
    weights = dice.normal(0.5, 0.7, played).tolist()
    quick, plain = KnownSongs(), KnownSongs()
    for known in (quick, plain):
        known.add(make_track("Song 1", "Band 0"), points[0])
    found = pick_diverse(candidates, np.array(weights), count=count, reach=0.6, known=quick)
    expected = pick_plainly(candidates, weights, count=count, reach=0.6, known=plain)
    assert [each.row for each in found] == [each.row for each in expected]
    assert [each.score for each in found] == pytest.approx([each.score for each in expected], abs=2e-6)


def mark_played(candidates: Candidates, heard: range) -> Candidates:
    tracks = [replace(track, play_count=5 if row in heard else 0) for row, track in enumerate(candidates.tracks)]
    return dataclasses.replace(candidates, tracks=tracks)


def test_every_tenth_place_is_for_a_song_that_nobody_has_heard():
    points = make_points(101)
    order = np.argsort(np.linalg.norm(points[1:] - points[0], axis=1))
    candidates = make_candidates(points[1:][order], points[:1])  # nearest first
    picked = [each.row for each in pick(mark_played(candidates, range(80)), [1.0], 30)]
    assert all(picked[place] >= 80 for place in (9, 19, 29))
    assert sum(row >= 80 for row in picked) < 10
    assert [each.row for each in pick(mark_played(candidates, range(100)), [1.0], 30)] == [each.row for each in pick(candidates, [1.0], 30)]


def test_an_unheard_song_that_agrees_with_nothing_gets_no_place():
    liked, disliked = np.eye(6)[0], np.eye(6)[1]
    near = [liked + 0.1 * each for each in make_points(11)]
    units = np.array([each / np.linalg.norm(each) for each in [*near, disliked]])
    candidates = mark_played(make_candidates(units, np.array([liked, disliked])), range(11))
    assert 11 not in [each.row for each in pick(candidates, [1.0, -1.0], 12)]


def test_tracks_of_nobody_are_not_capped():
    points = make_points(21)
    assert len(pick(make_candidates(points[1:], points[:1], artists=[""] * 20), [1.0], 20)) == 20


def test_a_song_is_picked_once_though_it_is_there_five_times():
    points = make_points(11)
    twins = np.concatenate([points[1:], np.repeat(points[1:2], 4, axis=0)])
    assert len(pick(make_candidates(twins, points[:1]), [1.0], 14)) == 10


def test_what_is_near_to_a_disliked_song_is_not_picked():
    liked, disliked = np.eye(6)[0], np.eye(6)[1]
    near_liked = [liked + 0.1 * each for each in np.eye(6)[2:5]]
    near_disliked = [disliked + 0.1 * each for each in np.eye(6)[2:5]]
    units = np.array([each / np.linalg.norm(each) for each in [*near_disliked, *near_liked]])
    picked = pick(make_candidates(units, np.array([liked, disliked])), [1.0, -1.0], 6)
    assert sorted(each.row for each in picked) == [3, 4, 5]


def test_a_smaller_taste_gets_its_share_beside_a_larger():
    random = np.random.default_rng(3)
    axes = np.eye(6)
    played = np.array([axes[0] + 0.1 * random.normal(size=6) for _ in range(9)] + [axes[1] + 0.1 * random.normal(size=6) for _ in range(3)])
    units = np.array([axes[n % 2] + 0.2 * random.normal(size=6) for n in range(100)])
    played, units = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (played, units))
    of_smaller = sum(each.row % 2 for each in pick(make_candidates(units, played), [1.0] * 12, 20))
    assert 3 <= of_smaller <= 10


def test_near_to_two_played_songs_comes_before_near_to_one():
    affinity = np.array([[0.9, 0.0], [0.7, 0.7]])
    assert score_agreement(affinity, np.ones(2)).argmax() == 1


def test_the_shortlist_keeps_what_is_nearest_to_a_lonely_played_song():
    affinity = np.zeros((500, 6))
    affinity[:490, :5] = 0.5
    affinity[490:, 5] = 0.9
    rows = shortlist_candidates(affinity, np.ones(6), np.ones(500), size=60)
    assert len(rows) == len(set(rows.tolist())) == 60
    assert set(range(490, 500)) & set(rows.tolist())


def test_the_reach_of_a_song_is_the_distance_to_its_tenth_neighbour():
    assert measure_reach([n / 10 for n in range(1, 15)]) == 1.0
    assert measure_reach([0.3, 0.4]) == 0.4
    assert measure_reach([0.0] * 20) > 0
    assert measure_reach([]) == pytest.approx(2**0.5)


def test_variation_is_the_same_all_day_and_another_for_another_day_or_listener():
    ids = [f"{n:024x}" for n in range(50)]
    today = vary_by_day(ids, user_id="ann", day=TODAY)
    assert np.array_equal(today, vary_by_day(ids, user_id="ann", day=TODAY))
    assert today[7] == vary_by_day(ids[7:8], user_id="ann", day=TODAY)[0]
    assert not np.array_equal(today, vary_by_day(ids, user_id="ann", day=date(2026, 11, 23)))
    assert not np.array_equal(today, vary_by_day(ids, user_id="bob", day=TODAY))
    assert 1.0 <= today.min() < today.max() <= 1.5


def test_variation_spreads_evenly_and_does_not_hang_on_how_long_other_ids_are():
    ids = [f"{n:024x}" for n in range(4_000)]
    today = vary_by_day(ids, user_id="ann", day=TODAY)
    counts, _ = np.histogram(today, bins=8, range=(1.0, 1.5))
    assert counts.min() > 400
    assert vary_by_day(["a", "x" * 40], user_id="ann", day=TODAY)[0] == vary_by_day(["a"], user_id="ann", day=TODAY)[0]
    assert len(vary_by_day([], user_id="ann", day=TODAY)) == 0


def test_what_a_dislike_outweighs_in_the_end_is_worn_out_and_the_other_taste_is_least_served():
    affinity = np.array([[1.0, 0.0, 0.4], [1.0, 0.0, 0.8], [0.0, 0.9, 0.0]])
    candidates = Candidates([make_track(each, track_id=each) for each in "abc"], np.eye(3), affinity, np.ones(3))
    weights, picked = np.array([1.0, 0.8, -1.0]), [Picked(0, 1.0)]
    assert count_worn_out(candidates, weights, []) == 0
    assert count_worn_out(candidates, weights, picked) == 1
    assert find_least_served(candidates, weights, picked).tolist() == [1, 0]
    assert find_least_served(candidates, weights, []).tolist() == [0, 1]


@given(st.text(min_size=1), st.dates())
def test_the_point_of_a_day_is_a_fraction(user_id: str, day: date):
    assert 0.0 <= draw_day_point(user_id=user_id, day=day) < 1.0


def test_reasons_name_the_played_songs_that_contribute_strongest_first():
    played = [Cause(make_track(title, track_id=title)) for title in ("far", "near", "middle")]
    reasons = explain_pick(played, np.array([1.5, 0.2, 0.5]), np.array([0.01, 0.9, 0.4]), percentile_of=lambda d: 100 - 50 * d)
    assert [(each.track_id, each.distance, each.percentile) for each in reasons] == [("near", 0.2, 90.0), ("middle", 0.5, 75.0)]


def test_there_is_a_reason_even_where_all_played_songs_are_too_far_to_contribute():
    played = [Cause(make_track(title, track_id=title)) for title in ("far", "farther")]
    reasons = explain_pick(played, np.array([1.5, 1.6]), np.zeros(2), percentile_of=lambda _: 0.0)
    assert [each.track_id for each in reasons] == ["far"]


def test_a_shortlist_is_the_beginning_of_the_whole_order():
    dice = np.random.default_rng(5)
    affinity = np.round(dice.random((300, 6)), 1)  # with many ties
    weights, variation = np.array([1.0, 0.5, -1.0, 2.0, 1.0, 0.1]), np.ones(300)
    by_agreement = np.argsort(-(affinity @ weights), kind="stable").tolist()
    turns = np.argsort(-affinity[:, weights > 0], axis=0, kind="stable").ravel().tolist()
    for size in (1, 2, 40, 240, 299, 300, 500):
        expected = list(dict.fromkeys([*by_agreement[: size // 2], *turns]))[:size] if size < 300 else by_agreement
        assert shortlist_candidates(affinity, weights, variation, size=size).tolist() == expected
