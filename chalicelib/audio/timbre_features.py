"""A song's 204 features, or those of one of its windows, from what `half_windows` kept of it. Their layout is `feature_model`'s.

All but the 20 exact means of a song rest on levels with a fixed floor of -45 dB. As long as nothing sinks under the floor or clips, only
the mean of MFCC 0 knows how loud a song was mastered; its key hardly moves the chroma intervals.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chalicelib.audio.chroma import measure_intervals
from chalicelib.audio.fluctuation import make_marginals
from chalicelib.audio.frames import FloatArray
from chalicelib.audio.half_windows import HALF_FRAMES, KeptSong
from chalicelib.audio.moments import CHROMA, COEFFICIENTS, INTERVALS, STEPS, UPPER, Moments, merge_moments
from chalicelib.audio.order_statistics import take_percentiles

Features = npt.NDArray[np.float64]  # (FEATURE_COUNT,)

_NUGGET = 0.01  # on the diagonal of a covariance, so that coefficients that never move have a logarithm too
_SILENCE = 1e-9  # of mean chroma


def make_song_features(kept: KeptSong, exact_means: FloatArray) -> Features:
    """Of the whole song, with the 20 means that `mfcc` gives."""
    features = _assemble(merge_moments(kept.halves), kept.swings, kept.loudness)
    features[: len(exact_means)] = exact_means
    return features


def make_window_features(kept: KeptSong, window: int) -> Features:
    """Of two neighbouring halves, the first of them the `window`-th; of all there is in a song that is shorter than a window."""
    halves = kept.halves[window : window + 2]
    loudness = kept.loudness[window * HALF_FRAMES : (window + 2) * HALF_FRAMES]
    return _assemble(merge_moments(halves), kept.swings[window : window + 1], loudness)


def _assemble(moments: Moments, swings: FloatArray, loudness: FloatArray) -> Features:
    """In the order of `feature_model.FEATURE_GROUPS`."""
    groups = [
        moments.means[COEFFICIENTS],
        np.sqrt(moments.variances[COEFFICIENTS]),
        np.sqrt(moments.variances[STEPS]),
        take_logarithm(moments.covariance),
        make_marginals(swings),
        describe_loudness(loudness),
        describe_harmony(moments),
    ]
    return np.concatenate(groups)


def take_logarithm(covariance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The matrix logarithm's upper triangle, row by row; off the diagonal × √2, so that distances are those of whole matrices."""
    values, vectors = np.linalg.eigh(covariance + _NUGGET * np.eye(len(covariance)))
    logarithm = (vectors * np.log(np.maximum(values, _NUGGET))) @ vectors.T
    row, column = UPPER
    triangle: npt.NDArray[np.float64] = np.where(row == column, 1.0, np.sqrt(2.0)) * logarithm[UPPER]
    return triangle


def describe_loudness(loudness: FloatArray) -> npt.NDArray[np.float64]:
    """Of levels in dB: standard deviation, range from the 5th to the 95th percentile, mean step from frame to frame."""
    low, high = take_percentiles(loudness, [5, 95])
    steps = np.diff(loudness) if len(loudness) > 1 else np.zeros(1, np.float32)
    mean_step = np.abs(steps, out=steps).mean(dtype=np.float64)
    return np.array([loudness.std(mean=loudness.mean(dtype=np.float64, keepdims=True).astype(np.float32)), high - low, mean_step])


def describe_harmony(moments: Moments) -> npt.NDArray[np.float64]:
    """Six magnitudes of the mean chroma, as shares of their sum; of every frame's seven magnitudes mean and standard deviation."""
    chroma = moments.means[CHROMA]
    shares = (chroma / max(float(chroma.sum()), _SILENCE)).astype(np.float32)
    of_mean = measure_intervals(shares[None, :])[0, 1:]
    return np.concatenate([of_mean, moments.means[INTERVALS], np.sqrt(moments.variances[INTERVALS])])
