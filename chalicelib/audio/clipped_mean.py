"""The mean of levels that are clipped 80 dB under the loudest of the whole file, which is known only at its end: without keeping the file.

What is surely above the later floor is summed, what is already under it is counted; in between, a histogram of fine steps keeps
count and sum of each, so that only the step the floor falls into is approximate (by under 0.004 dB times the share of levels in it).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TOP_DB = 80.0
LOWEST_DB = -100.0  # amin of power_to_db
SURE_DB = 0.0  # no floor gets here: the decoder refuses samples over 32, which keeps every mel under 80 dB
_STEPS_PER_DB = 64


class ClippedMean:
    """Per band, mean over frames of max(level, loudest of all bands and frames - 80 dB)."""

    def __init__(self, band_count: int) -> None:
        steps = int((SURE_DB - LOWEST_DB) * _STEPS_PER_DB) + 1
        self._counts = np.zeros((steps, band_count), np.int32)  # zeros cost memory only where a level falls
        self._sums = np.zeros((steps, band_count), np.float64)
        self._sure_sums = np.zeros(band_count, np.float64)
        self._clipped_counts = np.zeros(band_count, np.int64)
        self._frames = 0
        self.loudest_db = LOWEST_DB

    def add(self, levels: npt.NDArray[np.float32]) -> None:
        """Levels in dB of some more frames: (frames, bands), none under -100."""
        self._frames += len(levels)
        self.loudest_db = max(self.loudest_db, float(levels.max()))
        is_sure, is_clipped = levels >= SURE_DB, levels < self.loudest_db - TOP_DB
        self._sure_sums += np.where(is_sure, levels, 0).sum(axis=0, dtype=np.float64)
        self._clipped_counts += is_clipped.sum(axis=0)
        frame, band = np.nonzero(~(is_sure | is_clipped))
        open_levels = levels[frame, band].astype(np.float64)
        step = ((open_levels - LOWEST_DB) * _STEPS_PER_DB).astype(np.int64)
        cell = step * levels.shape[1] + band
        np.add.at(self._counts.reshape(-1), cell, np.int32(1))
        np.add.at(self._sums.reshape(-1), cell, open_levels)

    def finish(self) -> npt.NDArray[np.float64]:
        floor_db = self.loudest_db - TOP_DB
        used = np.flatnonzero(self._counts.any(axis=1))
        counts, sums = self._counts[used], self._sums[used]
        means = sums / np.maximum(counts, 1)
        open_sums = (np.maximum(means, floor_db) * counts).sum(axis=0)
        total: npt.NDArray[np.float64] = self._sure_sums + open_sums + self._clipped_counts * floor_db
        return total / self._frames
