"""Rhythm as fluctuation: how much, in each of 20 bands, the level swings at each of 10 rates from 0.5 to 14 times a second.

After Pampalk's fluctuation patterns, reduced to their two marginals. One spectrum a window of 512 frames (11.9 s), half overlapping.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from chalicelib.audio.frame_features import BAND_COUNT
from chalicelib.audio.frames import HOP, SAMPLE_RATE, FloatArray
from chalicelib.audio.order_statistics import take_percentiles

WINDOW_FRAMES = 512
RATE_COUNT = 10
SLOWEST_HZ, FASTEST_HZ = 0.5, 14.0
_STEPS_PER_DB = 4  # swings are fractions of a decibel to some: counted finer, so that the logarithm tells the small ones apart
SWING_COUNT = BAND_COUNT * RATE_COUNT


def measure_fluctuation(bands: FloatArray) -> FloatArray:
    """Levels in dB of at most WINDOW_FRAMES frames, (n, 20) → (200,): band by band the swing at each rate, in quarters of a dB.

    Fewer frames are as if silence followed: the swing is that of the frames there are, less sharply told apart by rate.
    """
    swings = np.ascontiguousarray((bands - bands.mean(axis=0)).T)
    spectrum = np.fft.rfft(swings, n=WINDOW_FRAMES, axis=1)
    weights = _rate_weights()
    magnitudes = np.abs(spectrum[:, : len(weights)]) @ weights
    per_frame: FloatArray = magnitudes.reshape(-1) * np.float32(2 * _STEPS_PER_DB / len(bands))
    return per_frame


def make_marginals(spectra: FloatArray) -> npt.NDArray[np.float64]:
    """Of windows (k, 200) the median; of that the mean over rates for each of 20 bands, then over bands for each of 10 rates."""
    swings = np.log1p(take_percentiles(spectra, [50])).reshape(BAND_COUNT, RATE_COUNT)
    return np.concatenate([swings.mean(axis=1), swings.mean(axis=0)])


@cache
def _rate_weights() -> FloatArray:
    """Bins of the spectrum → mean in each of 10 ranges of equal ratio: (bins up to 14 Hz, 10)."""
    frames_per_s = SAMPLE_RATE / HOP
    edges = np.geomspace(SLOWEST_HZ, FASTEST_HZ, RATE_COUNT + 1)
    rates = np.arange(WINDOW_FRAMES // 2 + 1) * frames_per_s / WINDOW_FRAMES
    is_in_range = (rates[:, None] >= edges[:-1]) & (rates[:, None] < edges[1:])
    used = is_in_range[: int(np.flatnonzero(is_in_range.any(axis=1))[-1]) + 1]
    weights: FloatArray = (used / used.sum(axis=0)).astype(np.float32)
    return weights
