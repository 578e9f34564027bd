"""The short-time spectrum of a mono signal that comes in pieces: numpy alone, in memory that does not grow with the song.

librosa's frames at 22,050 Hz: n_fft 2048, hop 512, periodic Hann, centred with zero padding; 128 Slaney mels in dB (ref 1, amin 1e-10).
What is measured on them is left to consumers (`mfcc`, `timbre_features`), which see every frame once, some dozens at a time.
What each choice here and in its neighbours bought is told in SPEED.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

SAMPLE_RATE = 22_050
N_FFT = 2048
HOP = 512
BIN_COUNT = N_FFT // 2 + 1
MEL_COUNT = 128
AMIN = 1e-10
_FRAMES_PER_BLOCK = 32  # whose buffers, 700 KB, stay in the cache of one core
_BANDS_PER_PRODUCT = 16  # the mel matrix as 8 banded products: most of it is zeros


class FrameBlock(NamedTuple):
    """Some frames, one after the other. The arrays may be written over when the next block is asked for."""

    levels: FloatArray  # (n, 128) mel power in dB, floored at -100 but not yet at top_db
    power: FloatArray  # (n, 1025)


class FrameMaker:
    """Add the mono signal at 22,050 Hz piece by piece; the frames, and their blocks, are the same however it is cut."""

    def __init__(self) -> None:
        self._samples = np.zeros((_FRAMES_PER_BLOCK - 1) * HOP + N_FFT, np.float32)
        self._filled = N_FFT // 2  # centring: half a window of zeros before, and after
        self._windows = np.lib.stride_tricks.sliding_window_view(self._samples, N_FFT)[::HOP]
        self._windowed = np.empty((_FRAMES_PER_BLOCK, N_FFT), np.float32)  # these are written over block by block: fresh memory is slow
        self._spectrum = np.empty((_FRAMES_PER_BLOCK, BIN_COUNT), np.complex64)
        self._block = FrameBlock(np.empty((_FRAMES_PER_BLOCK, MEL_COUNT), np.float32), np.empty((_FRAMES_PER_BLOCK, BIN_COUNT), np.float32))

    def add(self, signal: FloatArray) -> Iterator[FrameBlock]:
        """The blocks that this piece completes: to be iterated to the end."""
        start = 0
        while start < len(signal):
            piece = signal[start : start + len(self._samples) - self._filled]
            self._samples[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            start += len(piece)
            if self._filled == len(self._samples):
                yield self._measure(_FRAMES_PER_BLOCK)
                self._keep_overlap()

    def finish(self) -> Iterator[FrameBlock]:
        """The last frames. To be called once."""
        yield from self.add(np.zeros(N_FFT // 2, np.float32))
        if self._filled >= N_FFT:
            yield self._measure((self._filled - N_FFT) // HOP + 1)

    def _keep_overlap(self) -> None:
        self._filled = N_FFT - HOP
        self._samples[: self._filled] = self._samples[-self._filled :]

    def _measure(self, count: int) -> FrameBlock:
        """The first `count` windows of the samples."""
        windowed, spectrum = self._windowed[:count], self._spectrum[:count]
        levels, power = self._block.levels[:count], self._block.power[:count]
        np.multiply(self._windows[:count], hann_window(), out=windowed)
        np.fft.rfft(windowed, axis=1, out=spectrum)  # type: ignore[arg-type]  # numpy's stubs know but one precision
        parts = spectrum.view(np.float32)
        np.square(parts, out=parts)
        np.add(parts[:, 0::2], parts[:, 1::2], out=power)
        for bins, bands, weights in banded_mel_weights():
            np.matmul(power[:, bins], weights, out=levels[:, bands])
        np.maximum(levels, np.float32(AMIN), out=levels)
        np.log10(levels, out=levels)
        np.multiply(levels, np.float32(10), out=levels)
        return FrameBlock(levels, power)


@cache
def hann_window() -> FloatArray:
    """Periodic, as scipy.signal.get_window("hann", 2048)."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


@cache
def banded_mel_weights() -> tuple[tuple[slice, slice, FloatArray], ...]:
    """The mel filters in groups of neighbours: their bins, their bands, weights (bins, bands)."""
    filters = make_mel_filters()
    groups = []
    for begin in range(0, MEL_COUNT, _BANDS_PER_PRODUCT):
        bands = slice(begin, begin + _BANDS_PER_PRODUCT)
        used = np.flatnonzero(filters[bands].any(axis=0))
        bins = slice(int(used[0]), int(used[-1]) + 1)
        groups.append((bins, bands, np.ascontiguousarray(filters[bands, bins].T)))
    return tuple(groups)


@cache
def make_mel_filters() -> FloatArray:
    """librosa.filters.mel(sr=22050, n_fft=2048): triangles of equal area on Slaney's scale, (128, 1025). Not to be written to."""
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
