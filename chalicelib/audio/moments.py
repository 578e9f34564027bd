"""Mean, variance and covariance of what frames say, kept so that those of many short runs of frames make those of all of them.

A run is one row of float32, centred on its own mean: merging (Chan, Golub, LeVeque 1983) loses nothing to large numbers that cancel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chalicelib.audio import frame_features
from chalicelib.audio.chroma import INTERVAL_COUNT, PITCH_COUNT, measure_intervals
from chalicelib.audio.frames import FloatArray
from chalicelib.model import MFCC_COUNT

# The columns of means and of variances.
COEFFICIENTS = slice(0, MFCC_COUNT)
STEPS = slice(MFCC_COUNT, 2 * MFCC_COUNT)  # of each coefficient, from one frame to the next
INTERVALS = slice(40, 40 + INTERVAL_COUNT)
CHROMA = slice(47, 47 + PITCH_COUNT)
COLUMN_COUNT = 47 + PITCH_COUNT

CORRELATED = slice(1, 14)  # MFCC 1-13: those whose covariance is kept
UPPER = np.triu_indices(13)

ROW_SIZE = 1 + 2 * COLUMN_COUNT + len(UPPER[0])  # count, means, variances, covariance
_MEANS, _VARIANCES, _COVARIANCE = (
    slice(1, 1 + COLUMN_COUNT),
    slice(1 + COLUMN_COUNT, 1 + 2 * COLUMN_COUNT),
    slice(1 + 2 * COLUMN_COUNT, None),
)


class Moments(NamedTuple):
    means: npt.NDArray[np.float64]  # (COLUMN_COUNT,)
    variances: npt.NDArray[np.float64]  # (COLUMN_COUNT,)
    covariance: npt.NDArray[np.float64]  # (13, 13)


def measure_moments(frames: FloatArray, before: FloatArray) -> FloatArray:
    """The row (ROW_SIZE,) of a run of frames as `describe_frames` gives them; `before` is the frame ahead of it."""
    coefficients, chroma = frames[:, frame_features.COEFFICIENTS], frames[:, frame_features.CHROMA]
    steps = np.diff(coefficients, axis=0, prepend=before[None, frame_features.COEFFICIENTS])
    measured = np.concatenate([coefficients, steps, measure_intervals(chroma), chroma], axis=1)
    means = measured.mean(axis=0)
    centred = measured - means
    correlated = centred[:, CORRELATED]
    covariance = (correlated.T @ correlated)[UPPER] / np.float32(len(frames))
    return np.concatenate([np.array([len(frames)], np.float32), means, np.square(centred).mean(axis=0), covariance])


def read_means(rows: FloatArray) -> FloatArray:
    """(n, COLUMN_COUNT): of each run."""
    return rows[:, _MEANS]


def read_variances(rows: FloatArray) -> FloatArray:
    """(n, COLUMN_COUNT): of each run."""
    return rows[:, _VARIANCES]


def merge_moments(rows: FloatArray) -> Moments:
    """Of all frames of these runs together."""
    counts = rows[:, 0].astype(np.float64)
    weights = counts / counts.sum()
    means = weights @ rows[:, _MEANS]
    apart = rows[:, _MEANS] - means
    variances = weights @ (rows[:, _VARIANCES] + np.square(apart))
    within = np.zeros((13, 13))
    within[UPPER] = weights @ rows[:, _COVARIANCE]
    within = within + np.triu(within, 1).T
    correlated = apart[:, CORRELATED]
    return Moments(means, variances, within + (correlated * weights[:, None]).T @ correlated)
