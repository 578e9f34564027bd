"""The features once more, as plainly as they can be written: the whole song in memory, librosa and scipy, float64. An oracle for tests."""

from __future__ import annotations

import warnings
from itertools import pairwise

import librosa
import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.linalg

Array = npt.NDArray[np.float64]

FLOOR_DB = -45.0
WINDOW, HOP = 512, 256


class PlainSong:
    """Everything that is said of each frame of a signal at 22,050 Hz."""

    def __init__(self, signal: npt.NDArray[np.float32]) -> None:
        power = np.abs(librosa.stft(signal.astype(np.float64), n_fft=2048, hop_length=512)) ** 2
        mel_filters = librosa.filters.mel(sr=22_050, n_fft=2048, n_mels=128).astype(np.float64)
        mel = mel_filters @ power
        mel_db = np.maximum(10 * np.log10(np.maximum(mel, 1e-10)), FLOOR_DB)
        self.frames = power.shape[1]
        self.mfcc = scipy.fft.dct(mel_db, axis=0, norm="ortho")[:20].T
        self.steps = np.diff(self.mfcc, axis=0, prepend=self.mfcc[:1])
        bands = np.array([band * 20 // 128 for band in range(128)])
        self.bands = np.stack([mel_db[bands == band].mean(axis=0) for band in range(20)], axis=1)
        self.loudness = np.maximum(10 * np.log10(np.maximum(mel.mean(axis=0), 1e-10)), FLOOR_DB)
        chroma_filters = librosa.filters.chroma(sr=22_050, n_fft=2048, tuning=0).astype(np.float64)
        chroma = chroma_filters @ power
        hiss = 10 ** (FLOOR_DB / 10) * chroma_filters.sum() / 12 / (mel_filters.sum() / 128)
        self.chroma = (chroma / np.maximum(chroma.max(axis=0), hiss)).T

    @property
    def windows(self) -> list[slice]:
        starts = range(0, self.frames - WINDOW + 1, HOP)
        return [slice(start, start + WINDOW) for start in starts] or [slice(0, self.frames)]

    def describe(self, part: slice = slice(None)) -> Array:
        """204 numbers of some frames; over several windows the fluctuation is their median."""
        windows = self.windows if part == slice(None) else [part]
        mfcc, chroma = self.mfcc[part], self.chroma[part]
        intervals = np.abs(np.fft.rfft(chroma, axis=1))
        mean_intervals = np.abs(np.fft.rfft(chroma.mean(axis=0) / max(chroma.mean(axis=0).sum(), 1e-9)))[1:]
        fluctuation = np.log1p(np.median([measure_fluctuation(self.bands[window]) for window in windows], axis=0))
        return np.concatenate(
            [
                mfcc.mean(axis=0),
                mfcc.std(axis=0),
                self.steps[part].std(axis=0),
                measure_log_covariance(mfcc[:, 1:14]),
                fluctuation.mean(axis=1),
                fluctuation.mean(axis=0),
                measure_loudness(self.loudness[part]),
                mean_intervals,
                intervals.mean(axis=0),
                intervals.std(axis=0),
            ]
        )


def measure_log_covariance(mfcc: Array) -> Array:
    covariance = np.cov(mfcc.T, bias=True) + 0.01 * np.eye(13)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # "may be inaccurate": by 1e-13
        logarithm = scipy.linalg.logm(covariance)
    return np.array([logarithm[i, j] * (1 if i == j else np.sqrt(2)) for i in range(13) for j in range(i, 13)])


def measure_fluctuation(bands: Array) -> Array:
    """(n, 20) → (20, 10), in quarters of a dB."""
    magnitudes = np.abs(np.fft.rfft(bands - bands.mean(axis=0), n=WINDOW, axis=0)) * 8 / len(bands)
    rates = np.fft.rfftfreq(WINDOW, d=512 / 22_050)
    edges = 0.5 * (14 / 0.5) ** (np.arange(11) / 10)
    return np.stack([magnitudes[(rates >= low) & (rates < high)].mean(axis=0) for low, high in pairwise(edges)], axis=1)


def measure_loudness(levels: Array) -> Array:
    low, high = np.percentile(levels, [5, 95])
    steps = np.abs(np.diff(levels))
    return np.array([levels.std(), high - low, steps.mean() if len(steps) else 0.0])
