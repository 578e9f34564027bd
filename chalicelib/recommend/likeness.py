"""In which part of the sound two songs are alike, and in which they differ: from columns in units of the catalogue's own spread. Pure.

In each part the distance is held against that of two songs that have nothing to do with each other: of standardized, independent columns
the mean of (a - b)² / 2 is 1. Columns go together, so what spreads around that 1 has fewer degrees of freedom than columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from chalicelib.feature_model import FEATURE_GROUPS
from chalicelib.reason_model import PartLikeness

Rows = npt.NDArray[np.float64]  # standardized columns, a song a row

NOTICEABLE = 1.0  # σ: a difference in one direction that is worth a word
LARGEST_FREEDOM = 12.0
COLUMNS_A_FREEDOM = 2.0  # neighbouring MFCCs, bands and rates rise and fall together
FARTHEST_COLUMN = 6.0  # σ: as `index` has it, one odd number says no more than that


@dataclass(frozen=True, slots=True)
class SoundPart:
    name: str
    spans: tuple[tuple[int, int], ...]  # of columns; each span counts as much as another, however wide it is
    contrast: tuple[tuple[int, float], ...] = ()  # (column, weight): what rises towards the second word
    words: tuple[str, str] | None = None  # of a song whose contrast is lower, higher

    @property
    def freedom(self) -> float:
        width = sum(stop - start for start, stop in self.spans)
        return min(LARGEST_FREEDOM, max(1.0, width / COLUMNS_A_FREEDOM))


def _spans_of(part: str) -> tuple[tuple[int, int], ...]:
    return tuple((group.start, group.stop) for group in FEATURE_GROUPS if group.part == part)


def _slope(start: int, stop: int) -> tuple[tuple[int, float], ...]:
    """A straight line over the columns, without level, of length 1."""
    line = np.arange(stop - start) - (stop - start - 1) / 2
    return tuple((start + place, float(weight)) for place, weight in enumerate(line / np.linalg.norm(line)))


_RATES = (171, 181)  # the marginal over modulation rates, from slow to fast, behind the one over bands
FEATURE_PARTS = (
    SoundPart("timbre", _spans_of("timbre"), ((1, -1.0),), ("darker", "brighter")),  # MFCC 1 rises with what is low in the spectrum
    SoundPart("texture", _spans_of("texture")),
    SoundPart("rhythm", _spans_of("rhythm"), _slope(*_RATES), ("slower", "faster")),
    SoundPart(
        "dynamics", _spans_of("loudness"), ((181, 1.0),), ("steadier", "livelier")
    ),  # how much the loudness moves, not how high it is
    SoundPart("harmony", _spans_of("harmony")),
)
MFCC_PARTS = (  # the first is the level, the second the tilt of the spectrum, the next its broad shape, the rest its detail
    SoundPart("loudness", ((0, 1),), ((0, 1.0),), ("quieter", "louder")),
    SoundPart("brightness", ((1, 2),), ((1, -1.0),), ("darker", "brighter")),
    SoundPart("tone colour", ((2, 6),)),
    SoundPart("texture", ((6, 20),)),
)


def compare_parts(others: Rows, songs: Rows, parts: tuple[SoundPart, ...]) -> list[tuple[PartLikeness, ...]]:
    """Row by row of two tables (n, columns): nearest part first. Directions say what the song is beside the other."""
    told = _Comparison(others, songs, parts)
    orders = np.argsort(-told.closeness, axis=1, kind="stable").tolist()
    return [tuple(told.tell(row, part) for part in order) for row, order in enumerate(orders)]


def compare_ends(others: Rows, songs: Rows, parts: tuple[SoundPart, ...]) -> list[tuple[PartLikeness, PartLikeness]]:
    """Of `compare_parts` the first and the last."""
    told = _Comparison(others, songs, parts)
    nearest = told.closeness.argmax(axis=1).tolist()
    farthest = (len(parts) - 1 - told.closeness[:, ::-1].argmin(axis=1)).tolist()  # the last of those that are equally far
    return [(told.tell(row, nearest[row]), told.tell(row, farthest[row])) for row in range(len(nearest))]


class _Comparison:
    """Of n pairs in each of the parts."""

    def __init__(self, others: Rows, songs: Rows, parts: tuple[SoundPart, ...]) -> None:
        differences = np.clip(songs - others, -FARTHEST_COLUMN, FARTHEST_COLUMN)
        spread, rise = _weigh_columns(parts, differences.shape[1])
        self._parts = parts
        self._risen: list[list[float]] = (differences @ rise).tolist()
        apart = np.square(differences, out=differences) @ spread
        self.closeness = _measure_closeness(apart, parts)
        self._told: list[list[float]] = self.closeness.tolist()

    def tell(self, row: int, part: int) -> PartLikeness:
        named = self._parts[part]
        return PartLikeness(part=named.name, closeness=self._told[row][part], direction=_name_direction(self._risen[row][part], named))


@lru_cache(maxsize=4)
def _weigh_columns(parts: tuple[SoundPart, ...], columns: int) -> tuple[Rows, Rows]:
    """Two tables (columns, parts): by the first the squares of the differences make how far two songs are apart in each part, by the second
    the differences what has risen."""
    spread, rise = np.zeros((columns, len(parts))), np.zeros((columns, len(parts)))
    for place, part in enumerate(parts):
        for start, stop in part.spans:
            spread[start:stop, place] = 0.5 / ((stop - start) * len(part.spans))
        for column, weight in part.contrast:
            rise[column, place] = weight
    return spread, rise


def _measure_closeness(apart: Rows, parts: tuple[SoundPart, ...]) -> Rows:
    """(n, parts) 0-100, to one digit behind the point."""
    shares = _share_beyond(apart, np.array([part.freedom for part in parts]))
    shares *= 100.0
    return np.round(shares, 1, out=shares)


def _share_beyond(values: Rows, freedoms: Rows) -> Rows:
    """Of chi-squared variables (columns) over their degrees of freedom, the share beyond each value (Wilson and Hilferty 1931); 1 at 0."""
    variances = 2.0 / (9.0 * freedoms)
    spreads = np.sqrt(2.0 * variances)
    at_zero = _erfc(-(1.0 - variances) / spreads)  # where the approximation has not quite everything beyond it
    return _erfc((np.cbrt(values) - (1.0 - variances)) / spreads) / at_zero


def _erfc(values: Rows) -> Rows:
    return np.fromiter(map(math.erfc, values.ravel().tolist()), dtype=np.float64, count=values.size).reshape(values.shape)


def _name_direction(risen: float, part: SoundPart) -> str | None:
    if part.words is None or abs(risen) < NOTICEABLE:
        return None
    return part.words[1] if risen > 0 else part.words[0]
