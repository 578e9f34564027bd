"""Where a preview of a song begins: the thirty seconds that are most like the rest of it, away from its start and end, not nearly silent.

Self-similarity of half windows (5.9 s): colour (MFCC means and deviations) and pitch classes, standardized within the song; how like the
song a half is, is the mean of a Gaussian of its distances to all others: high for what recurs (a chorus, a theme), low for what happens
once. After Cooper and Foote, "Automatic music summarization via similarity analysis" (2002). No part of the features.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chalicelib.audio.frames import HOP, SAMPLE_RATE, FloatArray
from chalicelib.audio.half_windows import HALF_FRAMES, KeptSong
from chalicelib.audio.moments import CHROMA, COEFFICIENTS, read_means, read_variances
from chalicelib.audio.order_statistics import take_percentiles

PREVIEW_S = 30.0
CHOOSE_FROM_S = 1.5 * PREVIEW_S  # a shorter song is heard from where its sound begins
HALF_S = HALF_FRAMES * HOP / SAMPLE_RATE
HALVES = round(PREVIEW_S / HALF_S)
EDGE = 0.1  # of the song: intros and endings say little
NEARLY_SILENT_DB = 25.0  # under the loudest tenth
DRIFT = 0.1  # of the spread of likeness: where all is alike, what is nearest to a third of the song is taken
_HALVES_AT_ONCE = 32  # rows of the self-similarity, so that hours of music need no more memory

Likeness = npt.NDArray[np.float64]


def find_preview_start(kept: KeptSong, duration_s: float) -> float:
    """In seconds; what follows is PREVIEW_S long, or the whole of a song that is shorter."""
    latest_s = max(duration_s - PREVIEW_S, 0.0)
    if duration_s < CHOOSE_FROM_S:
        return min(find_first_sound(kept.loudness), latest_s)
    likeness = measure_likeness(describe_halves(kept.halves))
    start = choose_start(likeness, find_quiet_halves(kept.loudness))
    return min(start * HALF_S, latest_s)


def find_first_sound(loudness: FloatArray) -> float:
    """Where the song is for the first time not nearly silent, in seconds."""
    return float(np.argmin(_find_quiet(loudness))) * HOP / SAMPLE_RATE


def find_quiet_halves(loudness: FloatArray) -> npt.NDArray[np.bool_]:
    """(h,) nearly silent for most of their time."""
    is_quiet = _find_quiet(loudness)
    starts = np.arange(0, len(loudness), HALF_FRAMES)
    shares: npt.NDArray[np.float64] = np.add.reduceat(is_quiet, starts, dtype=np.int32) / np.diff(starts, append=len(loudness))
    return shares > 0.5


def _find_quiet(loudness: FloatArray) -> npt.NDArray[np.bool_]:
    """(frames,) that are nearly silent."""
    [loud] = take_percentiles(loudness, [90])
    is_quiet: npt.NDArray[np.bool_] = loudness <= np.float32(loud - NEARLY_SILENT_DB)
    return is_quiet


def describe_halves(halves: FloatArray) -> FloatArray:
    """(h, 52): colour, its movement and pitch classes, each of the three with the same say."""
    means, deviations = read_means(halves), np.sqrt(read_variances(halves)[:, COEFFICIENTS])
    groups = [means[:, COEFFICIENTS], deviations, means[:, CHROMA]]
    return np.concatenate([_standardize(group) / np.float32(np.sqrt(group.shape[1])) for group in groups], axis=1)


def _standardize(columns: FloatArray) -> FloatArray:
    scales = columns.std(axis=0)
    standardized: FloatArray = (columns - columns.mean(axis=0)) / np.where(scales > 1e-6, scales, np.float32(1))
    return standardized


def measure_likeness(vectors: FloatArray) -> Likeness:
    """(h,): the mean over all vectors of exp(-distance² / the mean of all distances²), in rows at a time."""
    squares = np.square(vectors).sum(axis=1)
    mean_square = max(2 * float(squares.mean()), 1e-9)  # the vectors' mean is 0
    parts = []
    for begin in range(0, len(vectors), _HALVES_AT_ONCE):
        rows = vectors[begin : begin + _HALVES_AT_ONCE]
        distances = squares[begin : begin + _HALVES_AT_ONCE, None] + squares - 2 * (rows @ vectors.T)
        parts.append(np.exp(distances / -mean_square).mean(axis=1, dtype=np.float64))
    return np.concatenate(parts)


def choose_start(likeness: Likeness, is_quiet: npt.NDArray[np.bool_]) -> int:
    """The half that the best HALVES neighbouring ones begin with. No likeness makes up for an edge, and no edge for silence."""
    count = len(likeness)
    places = np.arange(count)
    is_edge = (places < EDGE * count) | (places + 1 > count - EDGE * count)
    merits = likeness - is_edge * HALVES - is_quiet * (HALVES + 1) * HALVES
    sums = np.convolve(merits, np.ones(HALVES), mode="valid")
    drift = DRIFT * HALVES * max(float(likeness.std()), 1e-3) * np.abs(np.arange(len(sums)) - count / 3) / count
    return int(np.argmax(sums - drift))
