"""Picks a list from scored candidates: maximal marginal relevance (Carbonell and Goldstein 1998), a cap an artist, no song twice.

Relevance is agreement with diminishing returns: each played track that the list serves already has less to say about the next pick, so
that a listener's smaller taste gets its share beside the larger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalicelib.model import TrackName
from chalicelib.recommend.agreement import Numbers
from chalicelib.recommend.duplicates import KnownSongs, Named, name_artist
from chalicelib.recommend.same_sound import SameSound

UNHEARD_EVERY = 10  # places: one of them is for a song that nobody has played, where one is near enough to be picked at all
RELEVANCE = 0.7  # the rest is for being unlike what is in the list already
MAX_PER_ARTIST = 3


@dataclass(frozen=True, slots=True)
class Candidates:
    """Parallel: row i of each array is about tracks[i]."""

    tracks: Sequence[TrackName]
    units: Numbers  # (n, d) vectors at length 1
    affinity: Numbers  # (n, m) to each of m played tracks
    variation: Numbers  # (n,) factors of the day


@dataclass(frozen=True, slots=True)
class Picked:
    row: int
    score: float  # 0-1: merit beside the best of those left, never more than the pick before


class ArtistCap:
    """Counts songs an artist; tracks without a named artist are nobody's and are not counted."""

    def __init__(self, limit: int | None = MAX_PER_ARTIST) -> None:
        self._limit = limit
        self._counts: Counter[str] = Counter()

    def add(self, track: Named) -> None:
        artist = name_artist(track)
        if artist is not None:
            self._counts[artist] += 1

    def has_room(self, track: Named) -> bool:
        return self._limit is None or self._counts[name_artist(track) or ""] < self._limit


def pick_diverse(candidates: Candidates, weights: Numbers, *, count: int, reach: float, known: KnownSongs) -> list[Picked]:
    """At most `count` rows, best first. `weights` (m,) of the played tracks; `reach`: how far two songs are alike; `known`: songs to leave
    out, which learns the names of those that are picked. Only candidates that agree with some taste more than with a dislike are picked."""
    if not len(candidates.tracks):
        return []
    pool = _Pool(candidates, weights, reach=reach, known=known)
    artists, picked = ArtistCap(), list[Picked]()
    while len(picked) < count and (best := pool.find_best(place=len(picked) + 1)) is not None:
        row, merit = best
        track = candidates.tracks[row]
        if pool.is_twin(row) or not artists.has_room(track) or known.holds_name(track):
            pool.close(row)
            continue
        picked.append(Picked(row, min(merit, picked[-1].score) if picked else merit))
        artists.add(track)
        known.add(track, None)  # the pool knows its own twins
        pool.take(row)
    return picked


class _Pool:
    """What is left of the candidates while a list grows. How alike any two of them are is one product; a pick changes what all others would
    add, so each is a few passes over all rows."""

    def __init__(self, candidates: Candidates, weights: Numbers, *, reach: float, known: KnownSongs) -> None:
        units, durations_s = candidates.units, np.array([track.duration_s for track in candidates.tracks])
        apart = _measure_squares(units)
        self._twins = _list_twins(apart, units, durations_s, known.same_sound)
        apart *= -1.0 / reach**2
        self._exponents = apart  # (n, n): of how alike each is to each
        self._is_twin = known.find_twins(units, durations_s)
        self._affinity = np.ascontiguousarray(candidates.affinity)
        self._variation = candidates.variation.copy()  # 0 of those that must not be picked
        self._liked, self._disliked = np.maximum(weights, 0.0), np.minimum(weights, 0.0)
        self._served = np.ones(len(weights))  # and one
        self._penalties = np.zeros(len(units))  # by likeness to the nearest of what was picked; without end for what must not be picked
        self._unheard = np.array([track.play_count == 0 for track in candidates.tracks], dtype=bool)
        self._gains = self._measure_gains()

    def find_best(self, *, place: int) -> tuple[int, float] | None:
        """Its row and merit. Every tenth place: what nobody plays is recommended to nobody by agreement of tastes alone, and would stay
        unheard."""
        gains, largest = self._gains, np.maximum.reduce(self._gains)
        if largest <= 0:
            return None
        if place % UNHEARD_EVERY == 0:
            among = np.where(self._unheard, gains, -np.inf)
            gains, largest = (among, among.max()) if among.max() > 0 else (gains, largest)
        while True:
            merits = gains * (RELEVANCE / largest)
            merits -= self._penalties
            row = int(merits.argmax())
            if gains[row] > 0:
                return row, round(float(merits[row]) + 1 - RELEVANCE, 6)
            self._penalties[self._gains <= 0] = np.inf  # what adds nothing now will not later: the list only grows

    def is_twin(self, row: int) -> bool:
        return bool(self._is_twin[row])

    def close(self, row: int) -> None:
        """It is not to be picked."""
        self._variation[row] = self._gains[row] = 0.0
        self._penalties[row] = np.inf

    def take(self, row: int) -> None:
        self._served += self._affinity[row]
        self._variation[row] = 0.0
        self._gains = self._measure_gains()
        for twin in self._twins.get(row, ()):
            self._is_twin[twin] = True
        penalties = np.exp(self._exponents[row])
        penalties *= 1 - RELEVANCE
        np.maximum(self._penalties, penalties, out=self._penalties)
        self._penalties[row] = np.inf

    def _measure_gains(self) -> Numbers:
        """(n,) what each would add, 0 or less for those that must not be picked."""
        gains: Numbers = self._affinity @ (self._liked / self._served + self._disliked)
        gains *= self._variation
        return gains


def _measure_squares(units: Numbers) -> Numbers:
    """(n, n) of the distances between all rows."""
    own = np.einsum("ij,ij->i", units, units)
    squares: Numbers = (-2.0 * units) @ units.T
    squares += own
    squares += own[:, np.newaxis]
    return squares


def _list_twins(squares: Numbers, units: Numbers, durations_s: Numbers, same_sound: SameSound) -> dict[int, list[int]]:
    """By row: those that sound the same. Hardly any, so only what is near is asked about; what has no direction is nobody's twin."""
    rows, others = np.divmod(np.flatnonzero(squares < same_sound.farthest**2), len(units))  # `nonzero` takes ten times as long
    is_same = same_sound.tell(squares[rows, others], durations_s[rows] - durations_s[others]) & (rows != others)
    twins: dict[int, list[int]] = {}
    for row, other in zip(rows[is_same].tolist(), others[is_same].tolist(), strict=True):
        if units[row].any():
            twins.setdefault(row, []).append(other)
    return twins


def count_worn_out(candidates: Candidates, weights: Numbers, picked: Sequence[Picked]) -> int:
    """How many of those not picked would add nothing to the list: what they are near to is served, or a dislike outweighs it."""
    rows = [each.row for each in picked]
    is_worn_out = _measure_gains(candidates, weights, candidates.affinity[rows].sum(axis=0)) <= 0
    is_worn_out[rows] = False
    return int(is_worn_out.sum())


def find_least_served(candidates: Candidates, weights: Numbers, picked: Sequence[Picked]) -> npt.NDArray[np.intp]:
    """Those of the played tracks that speak for more of their kind: what has most left to say first."""
    left = weights / (1.0 + candidates.affinity[[each.row for each in picked]].sum(axis=0))
    order = np.argsort(-left, kind="stable")
    return order[weights[order] > 0]


def _measure_gains(candidates: Candidates, weights: Numbers, served: Numbers) -> Numbers:
    """(n,) what each candidate would add: dislikes count in full however often they were heeded."""
    wanted = np.where(weights > 0, weights / (1.0 + served), weights)
    gains: Numbers = (candidates.affinity @ wanted) * candidates.variation
    return gains
