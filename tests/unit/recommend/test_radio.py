"""What a radio plays next, on made-up points."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from chalicelib.recommend.agreement import Numbers
from chalicelib.recommend.duplicates import KnownSongs
from chalicelib.recommend.radio import Course, RadioPool, find_barred, list_promising, pick_next, set_aim
from tests.unit.recommend.test_duplicates import make_track
from tests.unit.recommend.test_paths import make_units

NONE = np.empty((0, 6))


def make_pool(units: Numbers, artists: list[str] | None = None) -> RadioPool:
    names = artists or [f"Artist {n}" for n in range(len(units))]
    tracks = [make_track(f"Song {n}", name, f"{n:024x}") for n, name in enumerate(names)]
    return RadioPool(tracks, units, np.ones(len(units)))


def course(seed: Numbers, heard: Numbers = NONE, skipped: Numbers = NONE, reach: float = 0.8) -> Course:
    return Course(seed[np.newaxis], heard, skipped, reach)


def near(unit: Numbers, count: int, seed: int, by: float = 0.25) -> Numbers:
    points = unit + by * make_units(count, seed)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def test_the_first_songs_are_those_nearest_to_the_seed():
    units = make_units(60)
    picked = pick_next(make_pool(units[1:]), course(units[0]), count=5, known=KnownSongs())
    distances = np.linalg.norm(units[1:] - units[0], axis=1)
    assert len(set(picked)) == 5
    assert int(np.argmin(distances)) in picked
    assert np.mean(distances[picked]) < np.quantile(distances, 0.25)


def test_the_aim_drifts_towards_what_was_heard_and_stays_nearer_to_the_seed_than_it_is():
    seed, heard = make_units(2)
    aim = set_aim(course(seed, heard[np.newaxis]))
    assert np.linalg.norm(aim - heard) < np.linalg.norm(seed - heard)
    assert np.linalg.norm(aim - seed) < np.linalg.norm(heard - seed)
    assert np.allclose(set_aim(course(seed)), seed)


def test_a_skip_turns_it_away_at_once():
    one, other = np.eye(6)[0], np.eye(6)[1]
    seed = (one + other) / np.sqrt(2)
    units = np.concatenate([near(one, 20, 1), near(other, 20, 2)])
    first = pick_next(make_pool(units), course(seed), count=1, known=KnownSongs())[0]
    skipped, is_of_skipped = (one, range(20)) if first < 20 else (other, range(20, 40))
    after = pick_next(make_pool(units), course(seed, skipped=skipped[np.newaxis]), count=6, known=KnownSongs())
    assert first in is_of_skipped
    assert not set(after) & set(is_of_skipped)


def test_one_skip_beside_the_seed_does_not_close_its_neighbourhood():
    seed, elsewhere = np.eye(6)[:2]
    units = np.concatenate([near(seed, 12, 1), near(elsewhere, 12, 2)])
    nearest = int(np.argmin(np.linalg.norm(units - seed, axis=1)))
    after = pick_next(make_pool(units), course(seed, skipped=units[[nearest]], reach=0.3), count=5, known=KnownSongs())
    assert sum(row < 12 for row in after) >= 4


def test_several_skips_of_a_kind_turn_it_away_and_what_was_heard_to_the_end_speaks_for_a_kind():
    seed, elsewhere = np.eye(6)[:2]
    units = np.concatenate([near(seed, 20, 1), near(elsewhere, 20, 2)])
    here = course(seed, skipped=units[:4], reach=0.5)
    pool = make_pool(units)
    assert all(row >= 20 for row in pick_next(pool, here, count=5, known=KnownSongs()))
    as_many_heard = course(seed, heard=units[4:8], skipped=units[:4], reach=0.3)
    assert any(row < 20 for row in pick_next(pool, as_many_heard, count=5, known=KnownSongs()))


def test_skips_push_the_aim_by_their_number_and_not_by_what_they_have_in_common_with_it():
    seed, aside = np.eye(6)[:2]
    skipped = np.array([(seed + aside) / np.sqrt(2)] * 8)
    turned = [float(np.linalg.norm(set_aim(course(seed, skipped=skipped[:count])) - seed)) for count in (1, 3, 8)]
    assert 0 < turned[0] < turned[1] < turned[2] < 0.4
    assert np.allclose(set_aim(course(seed, skipped=np.array([seed] * 8))), seed)


def test_where_all_was_all_but_skipped_the_least_bad_are_played_after_all_others():
    seed, other = np.eye(6)[:2]
    units = np.concatenate([near(seed, 5, 1, by=0.15), other[np.newaxis]])
    picked = pick_next(make_pool(units), course(seed, skipped=seed[np.newaxis]), count=6, known=KnownSongs())
    assert len(picked) > 2
    assert picked[0] == 5
    assert find_barred(units, course(seed, skipped=seed[np.newaxis])).tolist() == [True] * 5 + [False]


def test_what_is_promising_is_what_would_be_picked():
    units = make_units(300, seed=5)
    here = course(units[0], heard=units[1:3], skipped=units[3:5])
    pool = make_pool(units[5:])
    promising = list_promising(pool.units, pool.variation, here, most=60)
    assert len(promising) == len(set(promising)) == 60
    assert not find_barred(pool.units, here)[promising].any()
    assert set(pick_next(pool, here, count=6, known=KnownSongs())) <= set(promising)
    assert list_promising(pool.units, pool.variation, here, most=20) == promising[:20]
    assert len(list_promising(pool.units, pool.variation, here, most=1000)) == 295


def test_nothing_is_picked_that_is_known_by_name_or_sound():
    units = make_units(10)
    pool, known = make_pool(units), KnownSongs()
    known.add(pool.tracks[3], units[3])
    known.add(make_track("Song 4", "Artist 4", "f" * 24), None)
    assert set(pick_next(pool, course(units[3]), count=20, known=known)) == set(range(10)) - {3, 4}


def test_an_artist_pauses_for_three_songs_while_there_are_others():
    units = near(np.eye(6)[0], 40, 3)
    artists = ["Ann"] * 20 + [f"Artist {n}" for n in range(20)]
    pool = make_pool(units, artists)
    picked = [artists[row] for row in pick_next(pool, course(np.eye(6)[0]), count=12, known=KnownSongs(), last_artists=["ann"])]
    places = [place for place, artist in enumerate(["Ann", *picked]) if artist == "Ann"]
    assert all(later - earlier > 3 for earlier, later in pairwise(places))
    alone = make_pool(units[:20], ["Ann"] * 20)
    assert len(pick_next(alone, course(np.eye(6)[0]), count=5, known=KnownSongs())) == 5
