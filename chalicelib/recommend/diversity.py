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
from chalicelib.recommend.agreement import Numbers, measure_affinity
from chalicelib.recommend.duplicates import KnownSongs, Named, name_artist

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
    out, which learns those that are picked. Only candidates that agree with some taste more than with a dislike are picked."""
    open_rows = np.ones(len(candidates.tracks), dtype=bool)
    served = np.zeros(len(weights))
    likeness = np.zeros(len(candidates.tracks))
    gains = _measure_gains(candidates, weights, served)
    artists, picked = ArtistCap(), list[Picked]()
    unheard = np.array([track.play_count == 0 for track in candidates.tracks], dtype=bool)
    while len(picked) < count:
        eligible = open_rows & (gains > 0)
        if not eligible.any():
            break
        eligible = _keep_place_for_unheard(eligible, unheard, place=len(picked) + 1)
        merits = RELEVANCE * gains / gains[eligible].max() + (1 - RELEVANCE) * (1 - likeness)
        row = int(np.argmax(np.where(eligible, merits, -np.inf)))
        open_rows[row] = False
        track, unit = candidates.tracks[row], candidates.units[row]
        if not artists.has_room(track) or known.holds(track, unit):
            continue
        merit = round(float(merits[row]), 6)
        picked.append(Picked(row, min(merit, picked[-1].score) if picked else merit))
        artists.add(track)
        known.add(track, unit)
        served += candidates.affinity[row]
        gains = _measure_gains(candidates, weights, served)
        distances = np.linalg.norm(candidates.units - unit, axis=1)
        likeness = np.maximum(likeness, measure_affinity(distances, reach))
    return picked


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


def _keep_place_for_unheard(eligible: np.ndarray, unheard: np.ndarray, *, place: int) -> np.ndarray:
    """Every tenth place: what nobody plays is recommended to nobody by agreement of tastes alone, and would stay unheard."""
    if place % UNHEARD_EVERY:
        return eligible
    among = eligible & unheard
    return among if among.any() else eligible


def _measure_gains(candidates: Candidates, weights: Numbers, served: Numbers) -> Numbers:
    """(n,) what each candidate would add: dislikes count in full however often they were heeded."""
    wanted = np.where(weights > 0, weights / (1.0 + served), weights)
    gains: Numbers = (candidates.affinity @ wanted) * candidates.variation
    return gains
