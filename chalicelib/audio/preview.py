"""Where a preview of a song begins: the fifteen seconds that are loudest throughout, away from its start and end.

Loudness is noted second by second as the signal passes: 43 KB for three hours. No part of the features.
"""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

from chalicelib.audio.mfcc import SAMPLE_RATE, FloatArray

PREVIEW_S = 15
SHORTEST_S = 2 * PREVIEW_S  # a shorter song is heard from its beginning
EDGE = 0.1  # of the duration: intros and endings say little
QUIETEST_POWER = 1e-8  # -80 dB: silence is no worse than nearly silent
DRIFT_DB = 1.0  # where all is equally loud, what is nearest to a third of the song is taken


class LoudnessBySecond:
    """Add the mono signal at 22,050 Hz piece by piece. However it is cut, the answer is the same to within rounding."""

    def __init__(self) -> None:
        self._powers = array("f")  # mean square of each whole second
        self._sum, self._count = 0.0, 0

    def add(self, signal: FloatArray) -> None:
        start = 0
        while start < len(signal):
            piece = signal[start : start + SAMPLE_RATE - self._count]
            self._sum += float(np.dot(piece, piece))
            self._count += len(piece)
            start += len(piece)
            if self._count == SAMPLE_RATE:
                self._powers.append(self._sum / SAMPLE_RATE)
                self._sum, self._count = 0.0, 0

    def find_preview_start(self) -> float:
        """In whole seconds; 0 for a short song."""
        return choose_preview_start(np.array(self._powers, dtype=np.float64))


def choose_preview_start(powers: npt.NDArray[np.float64]) -> float:
    """`powers`: mean square of each second. The mean is taken of decibels, so that a pause costs a window more than a peak gains it."""
    if len(powers) < SHORTEST_S:
        return 0.0
    levels_db = 10 * np.log10(np.maximum(powers, QUIETEST_POWER))
    sums = np.concatenate([[0.0], np.cumsum(levels_db)])
    means_db = (sums[PREVIEW_S:] - sums[:-PREVIEW_S]) / PREVIEW_S
    starts = np.arange(len(means_db))
    edge_s = EDGE * len(powers)
    is_inside = (starts >= edge_s) & (starts + PREVIEW_S <= len(powers) - edge_s)
    merits = means_db - DRIFT_DB * np.abs(starts - len(powers) / 3) / len(powers)
    return float(np.argmax(np.where(is_inside, merits, -np.inf)))
