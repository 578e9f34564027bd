"""In which part of the sound two songs are alike, and in which they differ: from columns in units of the catalogue's own spread. Pure.

In each part the distance is held against that of two songs that have nothing to do with each other: of standardized, independent columns
the mean of (a - b)² / 2 is 1. Columns go together, so what spreads around that 1 has fewer degrees of freedom than columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    orders = np.argsort(-told.closeness, axis=1, kind="stable")[:, [0, -1]].tolist()
    return [(told.tell(row, nearest), told.tell(row, farthest)) for row, (nearest, farthest) in enumerate(orders)]


class _Comparison:
    """Of n pairs in each of the parts."""

    def __init__(self, others: Rows, songs: Rows, parts: tuple[SoundPart, ...]) -> None:
        differences = np.clip(songs - others, -FARTHEST_COLUMN, FARTHEST_COLUMN)
        squares = differences**2 / 2
        self._parts = parts
        self.closeness = np.stack([_measure_closeness(squares, part) for part in parts], axis=1)
        self._told = self.closeness.tolist()
        self._risen = [_measure_rise(differences, part) for part in parts]

    def tell(self, row: int, part: int) -> PartLikeness:
        named = self._parts[part]
        return PartLikeness(part=named.name, closeness=self._told[row][part], direction=_name_direction(self._risen[part][row], named))


def _measure_closeness(squares: Rows, part: SoundPart) -> Rows:
    """(n,) 0-100."""
    apart = np.mean([squares[:, start:stop].mean(axis=1) for start, stop in part.spans], axis=0)
    return np.array([round(100.0 * share, 1) for share in _share_beyond(apart, part.freedom)])


def _measure_rise(differences: Rows, part: SoundPart) -> list[float]:
    if not part.contrast:
        return [0.0] * len(differences)
    columns, weights = zip(*part.contrast, strict=True)
    risen: list[float] = (differences[:, list(columns)] @ np.array(weights)).tolist()
    return risen


def _share_beyond(values: Rows, freedom: float) -> list[float]:
    """Of a chi-squared variable over its degrees of freedom, the share beyond each value (Wilson and Hilferty 1931); 1 at 0."""
    variance = 2.0 / (9.0 * freedom)
    spread = math.sqrt(2.0 * variance)
    at_zero = math.erfc(-(1.0 - variance) / spread)  # where the approximation has not quite everything beyond it
    return [math.erfc(at) / at_zero for at in ((np.cbrt(values) - (1.0 - variance)) / spread).tolist()]


def _name_direction(risen: float, part: SoundPart) -> str | None:
    if part.words is None or abs(risen) < NOTICEABLE:
        return None
    return part.words[1] if risen > 0 else part.words[0]
