"""What a radio plays next, on made-up points."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from chalicelib.recommend.agreement import Numbers
from chalicelib.recommend.duplicates import KnownSongs
from chalicelib.recommend.radio import Course, RadioPool, pick_next, set_aim
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
