"""What an endless radio plays next: near to what it began with and to what was heard to the end since, away from what was skipped. Pure.

Half of its aim stays with the first song, so that it drifts slowly and not away. One skip is about one song: it bars what sounds almost the
same, and counts a little against what is like it. Several of one kind turn the radio away from that kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.recommend.agreement import Numbers, measure_affinity
from chalicelib.recommend.duplicates import KnownSongs, Named, name_artist

SEED_SHARE = 0.5  # of the aim; the rest is what was heard last
FADE_HEARD = 0.6  # each song further back counts this much of the one after it
FADE_COUNTED = 0.8  # of skips and of songs heard to the end, as they count against a kind and for it
TURN = 0.4  # how far many skipped songs push the aim away
AGAINST = 0.5  # of a song just like one that is as near as can be: what one skip takes from it
BAR = 0.5  # of the reach: nearer to a skipped song is almost the same
BARRED = 100.0  # more than any score: such songs come last, when there are no others
LAST_SHARE = 0.3  # of a candidate's score: to follow on from the song before it
WIDER = 1.5  # than the reach: so that beyond it songs still differ in how near they are
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
        weights = _fade_each(course.skipped, FADE_COUNTED) * (1 - FADE_COUNTED)  # 1 in all for endlessly many
        aside = course.skipped - np.outer(course.skipped @ aim, aim)  # what they have in common with where the radio is does not repel
        aim = _to_unit(aim - TURN * (weights @ aside))
    return aim


def find_barred(units: Numbers, course: Course) -> np.ndarray:
    """(n,) which sound almost like a song that was skipped: to be played for want of others."""
    barred = np.zeros(len(units), dtype=bool)
    for skipped in course.skipped:
        barred |= np.linalg.norm(units - skipped, axis=1) < BAR * course.reach
    return barred


def list_promising(units: Numbers, variation: Numbers, course: Course, *, most: int) -> list[int]:
    """At most so many rows that could be picked, best first: what else is known of songs need be read of these alone."""
    scores = _judge(units, course) * variation - BARRED * find_barred(units, course)
    rows: list[int] = np.argsort(-scores, kind="stable")[:most].tolist()
    return rows


def pick_next(pool: RadioPool, course: Course, *, count: int, known: KnownSongs, last_artists: Sequence[str | None] = ()) -> list[int]:
    """At most `count` rows in the order of playing. `known`: songs that must not come (again), which learns those that are picked;
    `last_artists`: of the songs before, oldest first, as `name_artist` has them."""
    merits, barred = _judge(pool.units, course), BARRED * find_barred(pool.units, course)
    is_open = np.ones(len(pool.units), dtype=bool)
    artists = [name_artist(track) for track in pool.tracks]
    before, picked = list(last_artists), list[int]()
    last = course.heard[-1] if len(course.heard) else None
    while len(picked) < count and is_open.any():
        follows = 0.0 if last is None else LAST_SHARE * measure_affinity(np.linalg.norm(pool.units - last, axis=1), WIDER * course.reach)
        scores = (merits + follows) * pool.variation - barred
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


def _judge(units: Numbers, course: Course) -> Numbers:
    """(n,) by nearness to the aim; less by what was skipped near by, as far as that outweighs what was heard to the end near by."""
    to_aim = np.linalg.norm(units - set_aim(course), axis=1)
    against = _count_near(units, course.skipped, course) - _count_near(units, course.heard, course)
    merits: Numbers = measure_affinity(to_aim, WIDER * course.reach) - AGAINST * np.maximum(against, 0.0)
    return merits


def _count_near(units: Numbers, others: Numbers, course: Course) -> Numbers:
    near = np.zeros(len(units))
    for weight, other in zip(_fade_each(others, FADE_COUNTED), others, strict=True):
        near += weight * measure_affinity(np.linalg.norm(units - other, axis=1), WIDER * course.reach)
    return near


def _fade(units: Numbers, share: float) -> Numbers:
    return _to_unit(_fade_each(units, share) @ units)


def _fade_each(units: Numbers, share: float) -> Numbers:
    """(n,) 1 for the last, and so on back."""
    weights: Numbers = share ** np.arange(len(units), dtype=np.float64)[::-1]
    return weights


def _to_unit(vector: Numbers) -> Numbers:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
