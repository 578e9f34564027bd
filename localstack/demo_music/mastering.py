"""The last steps before encoding: gentle compression, one loudness for all (ITU-R BS.1770), a look-ahead limiter, fades."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from localstack.demo_music.score import SAMPLE_RATE, Samples

TARGET_LUFS = -15.0
CEILING = 10 ** (-1.5 / 20)  # head-room for what the MP3 encoder overshoots
_BLOCK = 32  # samples: the limiter's grain, 1 ms
_LOUD_BLOCK = SAMPLE_RATE * 4 // 10


def master_piece(mix: Samples, *, fade_in_s: float = 0.02, fade_out_s: float = 2.0) -> Samples:
    """Stereo at the target loudness, never above the ceiling, silent at both ends."""
    out = _fade(_compress(mix - mix.mean(axis=1, keepdims=True)), fade_in_s, fade_out_s)
    for _ in range(3):  # the limiter takes a little loudness away
        missing_db = TARGET_LUFS - measure_loudness(out)
        if abs(missing_db) < 0.2:
            break
        out = limit_peaks(out * np.float32(10 ** (missing_db / 20)), CEILING)
    return out


def _weigh(f: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Power response of the K weighting: a high-pass near 38 Hz and a shelf of 4 dB above 1.7 kHz."""
    shelf = 10 ** (4.0 / 10)
    ratio = (f / 1680.0) ** 4
    return (f**4 / (f**4 + 38.1**4)) * (1 + shelf * ratio) / (1 + ratio)


def measure_loudness(stereo: Samples) -> float:
    """Integrated loudness in LUFS: blocks of 400 ms, gated at -70 and at 10 below the mean."""
    blocks = stereo.shape[-1] // _LOUD_BLOCK
    if blocks == 0:
        return -120.0
    framed = stereo[:, : blocks * _LOUD_BLOCK].reshape(2, blocks, _LOUD_BLOCK)
    power = np.abs(np.fft.rfft(framed)) ** 2
    weights = _weigh(np.fft.rfftfreq(_LOUD_BLOCK, 1 / SAMPLE_RATE).astype(np.float64))
    energy = 2 * (power * weights).sum(axis=-1).sum(axis=0) / _LOUD_BLOCK**2
    loud = energy[energy > 10 ** ((-70 + 0.691) / 10)]
    if len(loud) == 0:
        return -120.0
    loud = loud[loud > loud.mean() * 0.1]
    return float(-0.691 + 10 * np.log10(loud.mean()))


def _compress(mix: Samples, ratio: float = 1.8, knee_db: float = 6.0) -> Samples:
    """A bus compressor: evens out by a few dB what is louder than the piece's own mean."""
    blocks = mix.shape[-1] // _BLOCK
    level = np.sqrt((mix[:, : blocks * _BLOCK] ** 2).mean(axis=0).reshape(blocks, _BLOCK).mean(axis=1) + 1e-10)
    smooth = _smooth(level, 120)
    over = 20 * np.log10(smooth / (np.sqrt(np.mean(level**2)) + 1e-9) + 1e-9)
    gain_db = -(1 - 1 / ratio) * np.logaddexp(0, over / knee_db * 4) * knee_db / 4
    return mix * _stretch(10 ** (gain_db / 20), mix.shape[-1])


def _smooth(curve: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    """Moving mean with edges repeated; `width` is made odd."""
    half = width // 2
    padded = np.pad(curve, half + 1, mode="edge")
    total = np.cumsum(padded)
    return (total[2 * half + 1 :] - total[: -2 * half - 1])[: len(curve)] / (2 * half + 1)


def _stretch(curve: npt.NDArray[np.float64], n: int) -> Samples:
    """A value per block to a value per sample, straight lines between block centres."""
    return np.interp(np.arange(n), (np.arange(len(curve)) + 0.5) * _BLOCK, curve).astype(np.float32)


def limit_peaks(stereo: Samples, ceiling: float) -> Samples:
    """Turns down before each peak and comes back after it; no sample exceeds the ceiling."""
    n = stereo.shape[-1]
    blocks = -(-n // _BLOCK)
    padded = np.pad(np.abs(stereo).max(axis=0), (0, blocks * _BLOCK - n))
    needed = np.minimum(1.0, ceiling / np.maximum(padded.reshape(blocks, _BLOCK).max(axis=1), 1e-9)).astype(np.float64)
    reach = 24
    held = np.lib.stride_tricks.sliding_window_view(np.pad(needed, reach, mode="edge"), 2 * reach + 1).min(axis=1)
    limited = stereo * _stretch(_smooth(_smooth(held, reach), reach - 4), n)
    safe: Samples = np.clip(limited, -ceiling, ceiling)
    return safe


def _fade(stereo: Samples, fade_in_s: float, fade_out_s: float) -> Samples:
    n = stereo.shape[-1]
    t = np.arange(n, dtype=np.float32) / SAMPLE_RATE
    rise = np.clip(t / fade_in_s, 0, 1)
    fall = np.clip((n / SAMPLE_RATE - 0.05 - t) / fade_out_s, 0, 1)
    curve: Samples = (np.sin(rise * np.pi / 2) * np.sin(fall * np.pi / 2) ** 1.5).astype(np.float32)
    return stereo * curve
