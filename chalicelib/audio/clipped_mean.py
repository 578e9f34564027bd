"""The mean of levels that are clipped 80 dB under the loudest of the whole file, which is known only at its end: without keeping the file.

All levels are summed, clipped by the loudest so far; what lies low enough to be clipped higher in the end falls into a histogram of
fine steps too, each with its count and sum, so that only the step that the final floor falls into is approximate (by under 0.004 dB
times the share of levels in it).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TOP_DB = 80.0
LOWEST_DB = -100.0  # amin of power_to_db
MAX_LOUDEST_DB = 80.0  # the decoder refuses samples over 32, which keeps every mel under it
FULL_SCALE_DB = 44.0  # a full-scale sine that meets the narrowest mel filter in its middle makes 41.7 dB
_STEPS_PER_DB = 64


class LouderThanPromisedError(Exception):
    """A level over `max_loudest_db` came, so that levels that are clipped in the end were not counted: begin again with a higher one."""


class ClippedMean:
    """Per band, mean over frames of max(level, loudest of all bands and frames - 80 dB).

    The lower `max_loudest_db`, the fewer levels have to be counted one by one.
    """

    def __init__(self, band_count: int, *, max_loudest_db: float = MAX_LOUDEST_DB) -> None:
        self._max_loudest_db, self._open_below_db = max_loudest_db, max_loudest_db - TOP_DB
        steps = int((self._open_below_db - LOWEST_DB) * _STEPS_PER_DB) + 1
        self._bands = np.arange(band_count)
        self._step_counts = np.zeros(steps * band_count, np.int32)  # zeros cost memory only where a level falls
        self._step_sums = np.zeros(steps * band_count, np.float64)
        self._sums = np.zeros(band_count, np.float64)
        self._frames = 0
        self.loudest_db = LOWEST_DB

    def add(self, levels: npt.NDArray[np.float32]) -> None:
        """Levels in dB of some more frames: (frames, bands), none under -100."""
        self.loudest_db = max(self.loudest_db, float(levels.max()))
        if self.loudest_db > self._max_loudest_db:
            raise LouderThanPromisedError(f"{self.loudest_db} dB is over {self._max_loudest_db} dB")
        self._frames += len(levels)
        clipped = np.maximum(levels, np.float32(self.loudest_db - TOP_DB))  # by what is known so far
        self._sums += clipped.sum(axis=0)
        self._count_low(clipped.reshape(-1))

    def _count_low(self, levels: npt.NDArray[np.float32]) -> None:
        low = np.flatnonzero(levels < self._open_below_db)
        low_levels = levels[low]
        cells = ((low_levels - np.float32(LOWEST_DB)) * np.float32(_STEPS_PER_DB)).astype(np.intp)
        cells *= len(self._bands)
        cells += np.resize(self._bands, len(levels))[low]
        np.add.at(self._step_counts, cells, np.int32(1))
        np.add.at(self._step_sums, cells, low_levels.astype(np.float64))

    def finish(self) -> npt.NDArray[np.float64]:
        floor_db = self.loudest_db - TOP_DB
        steps = max(int((floor_db - LOWEST_DB) * _STEPS_PER_DB) + 1, 0)  # what lies higher stays as it is
        counts, sums = self._step_counts.reshape(-1, len(self._bands))[:steps], self._step_sums.reshape(-1, len(self._bands))[:steps]
        used = np.flatnonzero(counts.any(axis=1))
        raised = np.maximum(floor_db * counts[used] - sums[used], 0).sum(axis=0)
        total: npt.NDArray[np.float64] = self._sums + raised
        return total / self._frames
