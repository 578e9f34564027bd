"""A path of songs from one song to another in small, even steps: points on the shortest arc between the two, songs around each point, and
of all ways through them the one whose steps are shortest and most alike (dynamic programming, Viterbi 1967). Pure.

No graph of the catalogue is made or kept: only the songs around the points are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from chalicelib.recommend.agreement import Numbers

SAME_ARTIST = 16.0  # added to the cost of a step: more than all squared distances of a path, so that it is taken only for want of others
SMALLEST_ANGLE = 1e-6


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


def part_among_points(units: Numbers, points: Numbers, *, most: int) -> list[list[int]]:
    """Rows of the songs by point, so that no song can come twice: each point in turn takes the nearest that is left, at most `most`. So
    every point has songs where there are as many songs as points, wherever they crowd."""
    distances = np.linalg.norm(units[:, np.newaxis] - points[np.newaxis], axis=2)
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


def choose_way(stops: Sequence[Stop]) -> list[int]:
    """One row of each stop, the way with the least sum of squared steps: short ones, and none much longer than the others."""
    costs = np.zeros(len(stops[0].units))
    came_from: list[np.ndarray] = []
    for before, after in pairwise(stops):
        totals = costs[:, np.newaxis] + _cost_steps(before, after)
        came_from.append(np.argmin(totals, axis=0))
        costs = totals.min(axis=0)
    rows = [int(np.argmin(costs))]
    for origins in reversed(came_from):
        rows.append(int(origins[rows[-1]]))
    return rows[::-1]


def _cost_steps(before: Stop, after: Stop) -> Numbers:
    """(n, m) from each song of one stop to each of the next."""
    distances = np.linalg.norm(before.units[:, np.newaxis] - after.units[np.newaxis], axis=2)
    is_same = np.array([[one is not None and one == other for other in after.artists] for one in before.artists])
    costs: Numbers = distances**2 + SAME_ARTIST * is_same
    return costs
