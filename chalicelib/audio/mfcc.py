"""librosa's MFCC, averaged over all frames, from mel levels that come some frames at a time.

`librosa.feature.mfcc(y=y, sr=22050, n_mfcc=20).mean(axis=1)` after the mel spectrum of `frames`: power_to_db with top_db 80 over the
whole file, DCT-II ortho. The DCT is linear, so the mean is taken before it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from chalicelib.audio.clipped_mean import MAX_LOUDEST_DB, ClippedMean
from chalicelib.audio.frames import MEL_COUNT, FloatArray
from chalicelib.model import MFCC_COUNT


class MfccMeans:
    """Add the levels of every frame, some frames at a time, then ask for the 20 means."""

    def __init__(self, *, max_loudest_db: float = MAX_LOUDEST_DB) -> None:
        self._levels = ClippedMean(MEL_COUNT, max_loudest_db=max_loudest_db)

    def add(self, levels: FloatArray) -> None:
        """Of some frames: (n, 128), as in `FrameBlock.levels`."""
        self._levels.add(levels)

    def finish(self) -> FloatArray:
        """The 20 means over all frames. To be called once."""
        return (dct_matrix() @ self._levels.finish()).astype(np.float32)


@cache
def dct_matrix() -> npt.NDArray[np.float64]:
    """Orthonormal DCT-II, the first 20 rows: (20, 128)."""
    order, band = np.arange(MFCC_COUNT)[:, None], np.arange(MEL_COUNT)[None, :]
    matrix: npt.NDArray[np.float64] = np.sqrt(2 / MEL_COUNT) * np.cos(np.pi * order * (band + 0.5) / MEL_COUNT)
    matrix[0] /= np.sqrt(2)
    return matrix
