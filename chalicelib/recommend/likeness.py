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
    differences = np.clip(songs - others, -FARTHEST_COLUMN, FARTHEST_COLUMN)
    columns = [_compare_part(differences, part) for part in parts]
    return [tuple(sorted(compared, key=lambda each: -each.closeness)) for compared in zip(*columns, strict=True)]


def _compare_part(differences: Rows, part: SoundPart) -> list[PartLikeness]:
    squares = differences**2 / 2
    apart = np.mean([squares[:, start:stop].mean(axis=1) for start, stop in part.spans], axis=0)
    freedom = part.freedom
    risen = sum((weight * differences[:, column] for column, weight in part.contrast), np.zeros(len(differences)))
    return [
        PartLikeness(part=part.name, closeness=round(100.0 * _share_beyond(far, freedom), 1), direction=_name_direction(rise, part))
        for far, rise in zip(apart.tolist(), risen.tolist(), strict=True)
    ]


def _share_beyond(value: float, freedom: float) -> float:
    """Of a chi-squared variable over its degrees of freedom, the share beyond `value` (Wilson and Hilferty 1931); 1 at 0."""
    variance = 2.0 / (9.0 * freedom)
    at = (value ** (1 / 3) - (1.0 - variance)) / math.sqrt(2.0 * variance)
    at_zero = -(1.0 - variance) / math.sqrt(2.0 * variance)  # where the approximation has not quite everything beyond it
    return math.erfc(at) / math.erfc(at_zero)


def _name_direction(risen: float, part: SoundPart) -> str | None:
    if part.words is None or abs(risen) < NOTICEABLE:
        return None
    return part.words[1] if risen > 0 else part.words[0]
