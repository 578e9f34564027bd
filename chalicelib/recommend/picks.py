"""A few songs far apart in sound, to start a taste with: farthest-first traversal (Gonzalez 1985) of a sample, whose oddest songs, which
it would always find, are left out. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from chalicelib.model import Track

TYPICAL_SHARE = 0.85  # of the sample, nearest to its centre
SMALLEST_SCALE = 1e-6


def pick_far_apart(sample: Sequence[Track], *, count: int) -> list[Track]:
    """At most `count`, beginning with the first typical song of the sample: another order, other picks."""
    measured = [track for track in sample if track.mfcc and track.feature_version == sample[0].feature_version]
    if len(measured) <= count:
        return measured
    vectors = _standardize(np.array([track.mfcc for track in measured], dtype=np.float64))
    eccentricity = np.linalg.norm(vectors, axis=1)
    typical = max(count, round(TYPICAL_SHARE * len(measured)))
    kept = np.sort(np.argsort(eccentricity, kind="stable")[:typical])
    return [measured[row] for row in kept[_traverse(vectors[kept], count)]]


def _standardize(mfcc: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """By the sample's own means and scales: those of the index differ little, and not every song has been through it."""
    standardized: npt.NDArray[np.float64] = (mfcc - mfcc.mean(axis=0)) / np.maximum(mfcc.std(axis=0), SMALLEST_SCALE)
    return standardized


def _traverse(vectors: npt.NDArray[np.float64], count: int) -> list[int]:
    chosen = [0]
    nearest = np.full(len(vectors), np.inf)
    while len(chosen) < count:
        nearest = np.minimum(nearest, np.linalg.norm(vectors - vectors[chosen[-1]], axis=1))
        nearest[chosen] = -1.0
        chosen.append(int(np.argmax(nearest)))
    return chosen
