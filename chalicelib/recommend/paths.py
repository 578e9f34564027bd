"""A path of songs from one song to another in small, even steps: points on the shortest arc between the two, songs around each point, and
of all ways through them the one whose steps are shortest and most alike (dynamic programming, Viterbi 1967). A place that no small step
leads to is left out. Pure.

No graph of the catalogue is made or kept: only the songs around the points are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from chalicelib.recommend.agreement import Numbers
from chalicelib.recommend.duplicates import Named, name_song
from chalicelib.recommend.same_sound import SAME_SOUND, SameSound

SAME_ARTIST = 16.0  # added to the cost of a step: more than all squared distances of a path, so that it is taken only for want of others
UNEVEN = 4.0  # for each step that is longer than it should be and may be
TOO_LONG = 1e6  # for each step: more than all that a path can cost
FEWEST = 4  # songs of a path, while it may have an artist twice in a row and steps as long as can be for more of them
LENIENT = 0.3  # the same artist again, in such a path
WORTH_ANYTHING = 1e3
ROUNDING = 1e-9  # of squared distances
SMALLEST_ANGLE = 1e-6
ROWS_AT_ONCE = 32  # products as small as that are made by one thread; several that wait for each other take ten times as long


@dataclass(frozen=True, slots=True)
class Stop:
    """The songs that one place of the path can have; the ends are stops with one song."""

    units: Numbers  # (n, d), n ≥ 1
    artists: Sequence[str | None]  # as `duplicates.name_artist` has them


def place_points(start: Numbers, end: Numbers, *, count: int) -> Numbers:
    """(count, d) unit vectors, evenly spaced on the arc between two unit vectors, without its ends."""
    angle = float(np.arccos(np.clip(start @ end, -1.0, 1.0)))
    shares = np.arange(1, count + 1)[:, np.newaxis] / (count + 1)
    if angle < SMALLEST_ANGLE or np.pi - angle < SMALLEST_ANGLE:  # the same place, or opposite ones that every direction leads between
        straight = start + shares * (end - start)
    else:
        straight = (np.sin((1 - shares) * angle) * start + np.sin(shares * angle) * end) / np.sin(angle)
    lengths = np.linalg.norm(straight, axis=1, keepdims=True)
    points: Numbers = np.divide(straight, lengths, out=np.zeros_like(straight), where=lengths > 0)
    return points


def spread_over(points: Numbers, most: int) -> Numbers:
    """At most so many of the points, evenly from the first to the last."""
    rows = np.linspace(0, len(points) - 1, min(most, len(points)))
    chosen: Numbers = points[np.unique(np.rint(rows).astype(np.intp))]
    return chosen


def list_distinct(tracks: Sequence[Named], units: Numbers, *, space: str) -> list[int]:
    """Rows of the songs, each once however many recordings of it there are: the first. As `KnownSongs` tells them, all at once."""
    twins_before = _find_twins(units, np.array([track.duration_s for track in tracks]), SAME_SOUND[space])
    names, kept = set[tuple[str, str]](), set[int]()
    for row, track in enumerate(tracks):
        name = name_song(track)
        if name in names or not kept.isdisjoint(twins_before.get(row, ())):
            continue
        kept.add(row)
        if name is not None:
            names.add(name)
    return sorted(kept)


def _find_twins(units: Numbers, durations_s: Numbers, same_sound: SameSound) -> dict[int, list[int]]:
    """Rows by the earlier rows that sound the same."""
    found: dict[int, list[int]] = {}
    for start in range(0, len(units), ROWS_AT_ONCE):
        squares = 2.0 - 2.0 * (units[start : start + ROWS_AT_ONCE] @ units[: start + ROWS_AT_ONCE].T)  # of distances, at length 1
        seconds_apart = durations_s[start : start + ROWS_AT_ONCE, np.newaxis] - durations_s[: start + ROWS_AT_ONCE]
        for row, earlier in np.argwhere(same_sound.tell(squares, seconds_apart)).tolist():
            if earlier < start + row:
                found.setdefault(start + row, []).append(earlier)
    return found


def part_among_points(units: Numbers, points: Numbers, *, most: int) -> list[list[int]]:
    """Rows of the songs by point, so that no song can come twice: each point in turn takes the nearest that is left, at most `most`. So
    every point has songs where there are as many songs as points, wherever they crowd."""
    distances = -(units @ points.T)  # as good as distances to order by
    orders = [iter(np.argsort(column, kind="stable").tolist()) for column in distances.T]
    parted: list[list[int]] = [[] for _ in points]
    taken: set[int] = set()
    for _ in range(most):
        for rows, order in zip(parted, orders, strict=True):
            row = next((each for each in order if each not in taken), None)
            if row is not None:
                taken.add(row)
                rows.append(row)
    return parted


@dataclass(frozen=True, slots=True)
class Strides:
    """How far steps may go, and what a place of the path is worth."""

    even: float  # longer only for want of others
    longest: float
    worth: float  # of squared distance that a place may add


def choose_way(stops: Sequence[Stop], strides: Strides) -> list[int | None]:
    """One row of each stop, the way with the least sum of squared steps: short ones, and none much longer than the others. None for a stop
    that is not worth its detour, or cannot be reached. Where next to nothing is left of the path, whatever can be reached is worth it, and
    one artist may come twice in a row."""
    way = _find_way(stops, strides, SAME_ARTIST)
    if None not in way or len(stops) - way.count(None) >= FEWEST:
        return way
    return _find_way(stops, replace(strides, worth=WORTH_ANYTHING), LENIENT)


def _find_way(stops: Sequence[Stop], strides: Strides, same_artist: float) -> list[int | None]:
    units, artists = np.concatenate([stop.units for stop in stops]), _number_artists(stops)
    ends = np.cumsum([len(stop.units) for stop in stops])
    stop_of = np.repeat(np.arange(len(stops)), [len(stop.units) for stop in stops])
    costs, came_from = np.zeros(len(units)), np.zeros(len(units), dtype=np.intp)
    for number, (start, end) in enumerate(pairwise(ends.tolist()), start=1):
        here, before = slice(start, end), slice(0, start)
        totals = costs[before] + strides.worth * (number - 1 - stop_of[before])
        totals = totals + _cost_steps(units[here], units[before], strides)
        totals[(artists[here, np.newaxis] == artists[before]) & (artists[before] >= 0)] += same_artist
        came_from[here] = totals.argmin(axis=1)
        costs[here] = totals.min(axis=1)
    row = len(units) - len(stops[-1].units) + int(costs[stop_of == len(stops) - 1].argmin())
    way = {int(stop_of[row]): row}
    while stop_of[row]:
        row = int(came_from[row])
        way[int(stop_of[row])] = row
    starts = ends - [len(stop.units) for stop in stops]
    return [way[number] - int(start) if number in way else None for number, start in enumerate(starts)]


def _cost_steps(here: Numbers, before: Numbers, strides: Strides) -> Numbers:
    """(n, m) to each song of a stop from each of those before it."""
    squares: Numbers = (here**2).sum(axis=1)[:, np.newaxis] + (before**2).sum(axis=1) - 2.0 * (here @ before.T)
    costs: Numbers = squares + UNEVEN * (squares > strides.even**2 + ROUNDING) + TOO_LONG * (squares > strides.longest**2 + ROUNDING)
    return costs


def _number_artists(stops: Sequence[Stop]) -> np.ndarray:
    """(n,) of the songs of all stops; -1 where nobody is named."""
    numbers: dict[str, int] = {}
    named = [artist for stop in stops for artist in stop.artists]
    return np.array([-1 if artist is None else numbers.setdefault(artist, len(numbers)) for artist in named])
