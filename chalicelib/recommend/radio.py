"""What an endless radio plays next: near to what it began with and to what was heard to the end since, away from what was skipped. Pure.

Half of its aim stays with the first song, so that it drifts slowly and not away; a skip turns it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.recommend.agreement import Numbers, measure_affinity
from chalicelib.recommend.duplicates import KnownSongs, Named, name_artist

SEED_SHARE = 0.5  # of the aim; the rest is what was heard last
FADE_HEARD = 0.6  # each song further back counts this much of the one after it
FADE_SKIPPED = 0.8
TURN = 0.4  # how far the skipped songs push the aim away
LAST_SHARE = 0.3  # of a candidate's score: to follow on from the song before it
ARTIST_GAP = 3  # songs between two of one artist, while there are others


@dataclass(frozen=True, slots=True)
class Course:
    """Where the radio stands. Unit vectors, oldest first; any of the last two may be empty."""

    seeds: Numbers  # (s, d), s ≥ 1
    heard: Numbers  # (h, d) to the end, or on their way
    skipped: Numbers  # (k, d)
    reach: float  # how far two songs are alike


@dataclass(frozen=True, slots=True)
class RadioPool:
    """Candidates. Parallel: row i of each is about tracks[i]."""

    tracks: Sequence[Named]
    units: Numbers  # (n, d)
    variation: Numbers  # (n,)


def set_aim(course: Course) -> Numbers:
    """A unit vector (d,) to search around."""
    aim = _to_unit(course.seeds.mean(axis=0))
    if len(course.heard):
        aim = _to_unit(SEED_SHARE * aim + (1 - SEED_SHARE) * _fade(course.heard, FADE_HEARD))
    if len(course.skipped):
        aim = _to_unit(aim - TURN * _fade(course.skipped, FADE_SKIPPED))
    return aim


def pick_next(pool: RadioPool, course: Course, *, count: int, known: KnownSongs, last_artists: Sequence[str | None] = ()) -> list[int]:
    """At most `count` rows in the order of playing. `known`: songs that must not come (again), which learns those that are picked;
    `last_artists`: of the songs before, oldest first, as `name_artist` has them."""
    aim = set_aim(course)
    to_aim = np.linalg.norm(pool.units - aim, axis=1)
    merits = measure_affinity(to_aim, course.reach) - _count_against(pool.units, course)
    is_open = ~_lies_by_skipped(pool.units, to_aim, course)
    artists = [name_artist(track) for track in pool.tracks]
    before, picked = list(last_artists), list[int]()
    last = course.heard[-1] if len(course.heard) else course.seeds[-1]
    while len(picked) < count and is_open.any():
        follows = measure_affinity(np.linalg.norm(pool.units - last, axis=1), course.reach)
        scores = (merits + LAST_SHARE * follows) * pool.variation
        row = _choose_row(scores, is_open, artists, before[-ARTIST_GAP:])
        is_open[row] = False
        if known.holds(pool.tracks[row], pool.units[row]):
            continue
        known.add(pool.tracks[row], pool.units[row])
        picked.append(row)
        before.append(artists[row])
        last = pool.units[row]
    return picked


def _choose_row(scores: Numbers, is_open: np.ndarray, artists: Sequence[str | None], before: Sequence[str | None]) -> int:
    """The best of an artist who was not on just now; the best of all where there is none."""
    just_heard = {artist for artist in before if artist is not None}
    is_fresh = is_open & np.array([artist not in just_heard for artist in artists], dtype=bool)
    return int(np.argmax(np.where(is_fresh if is_fresh.any() else is_open, scores, -np.inf)))


def _count_against(units: Numbers, course: Course) -> Numbers:
    against = np.zeros(len(units))
    for age, skipped in enumerate(reversed(course.skipped)):
        against += FADE_SKIPPED**age * measure_affinity(np.linalg.norm(units - skipped, axis=1), course.reach)
    return against


def _lies_by_skipped(units: Numbers, to_aim: Numbers, course: Course) -> np.ndarray:
    """Nearer to a song that was skipped than to where the radio is heading."""
    lies_by = np.zeros(len(units), dtype=bool)
    for skipped in course.skipped:
        lies_by |= np.linalg.norm(units - skipped, axis=1) < to_aim
    return lies_by


def _fade(units: Numbers, share: float) -> Numbers:
    weights = share ** np.arange(len(units))[::-1]
    return _to_unit(weights @ units)


def _to_unit(vector: Numbers) -> Numbers:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
