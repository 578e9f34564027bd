"""In what two songs are near, from their standardized MFCCs. Pure arithmetic over twenty numbers: no numpy, so that a page is not kept
waiting for it.
"""

from __future__ import annotations

import math

import msgspec

from chalicelib.model import Track

# The coefficients in words: the first is the level, the second the tilt of the spectrum, the next its broad shape, the rest its detail.
PARTS = (("loudness", 0, 1), ("brightness", 1, 2), ("tone colour", 2, 6), ("texture", 6, 20))
FAR = 2.0  # standard deviations: as far apart as songs that have nothing to do with each other
ALIKE, UNLIKE = 0.7, 0.45


class Likeness(msgspec.Struct, frozen=True):
    part: str
    closeness: float  # 0 (nothing in common) to 1 (the same)


def explain_likeness(one: Track, other: Track) -> tuple[Likeness, ...]:
    """Nothing where a song has not been standardized yet, or by another scaler."""
    mine, theirs = one.mfcc_standardized, other.mfcc_standardized
    if mine is None or theirs is None or one.scaler_version != other.scaler_version:
        return ()
    return tuple(Likeness(part, _closeness(mine[begin:end], theirs[begin:end])) for part, begin, end in PARTS)


def say_likeness(parts: tuple[Likeness, ...]) -> str:
    """In a few words, or none."""
    ranked = sorted(parts, key=lambda each: -each.closeness)
    alike = [each.part for each in ranked if each.closeness >= ALIKE]
    unlike = [each.part for each in ranked if each.closeness < UNLIKE]
    if len(alike) == len(parts):
        return "in every part of the sound" if parts else ""
    said = f"in {_join(alike[:2])}" if alike else ""
    return ", ".join(filter(None, [said, f"other {unlike[-1]}" if unlike else ""]))


def _closeness(mine: tuple[float, ...], theirs: tuple[float, ...]) -> float:
    apart = math.sqrt(sum((a - b) ** 2 for a, b in zip(mine, theirs, strict=True)) / len(mine))
    return max(0.0, 1.0 - apart / FAR)


def _join(words: list[str]) -> str:
    return " and ".join(words)
