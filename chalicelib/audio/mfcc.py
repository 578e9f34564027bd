"""librosa's MFCC, averaged over all frames, from a signal that comes in pieces: numpy alone, in memory that does not grow with the song.

The arithmetic of `librosa.feature.mfcc(y=y, sr=22050, n_mfcc=20).mean(axis=1)`: n_fft 2048, hop 512, periodic Hann, centred with
zero padding, 128 Slaney mels, power_to_db (ref 1, amin 1e-10, top_db 80 over the whole file), DCT-II ortho. The DCT is linear, so the
mean is taken before it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from chalicelib.audio.clipped_mean import ClippedMean
from chalicelib.model import MFCC_COUNT

FloatArray = npt.NDArray[np.float32]

SAMPLE_RATE = 22_050
N_FFT = 2048
HOP = 512
MEL_COUNT = 128
AMIN = 1e-10
_FRAMES_PER_BATCH = 64  # what stays in the cache of one core
_BANDS_PER_PRODUCT = 16  # the mel matrix as 8 banded products: most of it is zeros


class MfccMeans:
    """Add the mono signal at 22,050 Hz piece by piece, then ask for the 20 means. However it is cut, the answer is the same."""

    def __init__(self) -> None:
        self._pending = [np.zeros(N_FFT // 2, np.float32)]  # centring: half a window of zeros before, and after
        self._pending_count = N_FFT // 2
        self._levels = ClippedMean(MEL_COUNT)

    def add(self, signal: FloatArray) -> None:
        self._pending.append(signal)
        self._pending_count += len(signal)
        batch_samples = (_FRAMES_PER_BATCH - 1) * HOP + N_FFT
        if self._pending_count < batch_samples:
            return
        samples = np.concatenate(self._pending)
        start = 0
        while start + batch_samples <= len(samples):
            self._add_frames(samples[start : start + batch_samples])
            start += _FRAMES_PER_BATCH * HOP
        self._keep(samples[start:].copy())

    def finish(self) -> FloatArray:
        """The 20 means over all frames. To be called once."""
        samples = np.concatenate([*self._pending, np.zeros(N_FFT // 2, np.float32)])
        if len(samples) >= N_FFT:
            self._add_frames(samples)
        self._keep(samples[:0])
        return (dct_matrix() @ self._levels.finish()).astype(np.float32)

    def _keep(self, samples: FloatArray) -> None:
        self._pending, self._pending_count = [samples], len(samples)

    def _add_frames(self, samples: FloatArray) -> None:
        self._levels.add(compute_mel_levels(samples))


def compute_mel_levels(samples: FloatArray) -> FloatArray:
    """Mel power in dB, floored at -100 dB but not yet at top_db: (frames, 128) for every whole window in the samples."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]
    spectrum = np.fft.rfft(frames * hann_window(), axis=1)
    parts = np.square(spectrum.view(np.float32))
    power = parts[:, 0::2] + parts[:, 1::2]
    mels = np.concatenate([power[:, low:high] @ weights for low, high, weights in banded_mel_weights()], axis=1)
    levels: FloatArray = np.float32(10) * np.log10(np.maximum(mels, np.float32(AMIN)))
    return levels


@cache
def hann_window() -> FloatArray:
    """Periodic, as scipy.signal.get_window("hann", 2048)."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


@cache
def dct_matrix() -> npt.NDArray[np.float64]:
    """Orthonormal DCT-II, the first 20 rows: (20, 128)."""
    order, band = np.arange(MFCC_COUNT)[:, None], np.arange(MEL_COUNT)[None, :]
    matrix: npt.NDArray[np.float64] = np.sqrt(2 / MEL_COUNT) * np.cos(np.pi * order * (band + 0.5) / MEL_COUNT)
    matrix[0] /= np.sqrt(2)
    return matrix


@cache
def banded_mel_weights() -> tuple[tuple[int, int, FloatArray], ...]:
    """The mel filters in groups of neighbours: (first bin, end bin, weights (bins, bands))."""
    filters = make_mel_filters()
    bands = []
    for begin in range(0, MEL_COUNT, _BANDS_PER_PRODUCT):
        group = filters[begin : begin + _BANDS_PER_PRODUCT]
        used = np.flatnonzero(group.any(axis=0))
        low, high = int(used[0]), int(used[-1]) + 1
        bands.append((low, high, np.ascontiguousarray(group[:, low:high].T)))
    return tuple(bands)


def make_mel_filters() -> FloatArray:
    """librosa.filters.mel(sr=22050, n_fft=2048): triangles of equal area on Slaney's scale, (128, 1025)."""
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(SAMPLE_RATE / 2), MEL_COUNT + 2))
    bins = np.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    ramps = edges[:, None] - bins[None, :]
    widths = np.diff(edges)[:, None]
    rising, falling = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


_LINEAR_HZ_PER_MEL = 200 / 3
_LOG_FROM_HZ = 1000.0
_LOG_FROM_MEL = _LOG_FROM_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    """For frequencies in the logarithmic part, above 1 kHz."""
    return float(_LOG_FROM_MEL + np.log(hz / _LOG_FROM_HZ) / _LOG_STEP)


def _mel_to_hz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    above = _LOG_FROM_HZ * np.exp(_LOG_STEP * (mels - _LOG_FROM_MEL))
    return np.where(mels < _LOG_FROM_MEL, _LINEAR_HZ_PER_MEL * mels, above)
