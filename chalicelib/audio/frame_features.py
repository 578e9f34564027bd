"""What each frame says by itself, in 53 numbers: what all features but the 20 exact means are made of.

Levels are floored at a fixed -45 dB (about 80 dB under full scale), so that nothing has to be known of the frames to come, and so that
hiss under it says nothing.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from chalicelib.audio.chroma import PITCH_COUNT, chroma_filters
from chalicelib.audio.frames import MEL_COUNT, FloatArray, FrameBlock, make_mel_filters
from chalicelib.audio.mfcc import dct_matrix
from chalicelib.model import MFCC_COUNT

FLOOR_DB = -45.0
BAND_COUNT = 20

COEFFICIENTS = slice(0, MFCC_COUNT)  # MFCC 0-19
BANDS = slice(20, 20 + BAND_COUNT)  # mel dB in 20 bands from low to high
LOUDNESS = 40  # mean mel power in dB
CHROMA = slice(41, 41 + PITCH_COUNT)  # of the loudest pitch class: 0 to 1
COLUMN_COUNT = 41 + PITCH_COUNT


def describe_frames(block: FrameBlock) -> FloatArray:
    """(n, COLUMN_COUNT), a new array."""
    rows = np.empty((len(block.levels), COLUMN_COUNT), np.float32)
    np.matmul(np.maximum(block.levels, np.float32(FLOOR_DB)), _level_weights(), out=rows[:, :LOUDNESS])
    sums = block.power @ _power_weights()
    rows[:, LOUDNESS] = np.float32(10) * np.log10(np.maximum(sums[:, 0], np.float32(10 ** (FLOOR_DB / 10))))
    chroma = sums[:, 1:]
    np.divide(chroma, np.maximum(chroma.max(axis=1, keepdims=True), _faintest_chroma()), out=rows[:, CHROMA])
    return rows


@cache
def _level_weights() -> FloatArray:
    """Mel dB → 20 MFCC and 20 bands: (128, 40)."""
    band_of_mel = np.arange(MEL_COUNT) * BAND_COUNT // MEL_COUNT
    is_in_band = band_of_mel[:, None] == np.arange(BAND_COUNT)
    return np.concatenate([dct_matrix().T, is_in_band / is_in_band.sum(axis=0)], axis=1).astype(np.float32)


@cache
def _power_weights() -> FloatArray:
    """Power spectrum → mean mel power and 12 pitch classes: (1025, 13)."""
    loudness = make_mel_filters().mean(axis=0)
    return np.ascontiguousarray(np.concatenate([loudness[None, :], chroma_filters()]).T)


@cache
def _faintest_chroma() -> np.float32:
    """What white noise at the floor gives: the chroma of fainter frames fades to nothing instead of showing the hiss."""
    per_power = chroma_filters().sum(axis=1).mean() / make_mel_filters().sum(axis=1).mean()
    return np.float32(10 ** (FLOOR_DB / 10) * per_power)
