"""What is done to sound after it is played: filters, reverb, echo, ducking, saturation, wow, crackle. Stereo is (2, n) throughout."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from localstack.demo_music.oscillators import cut_noise
from localstack.demo_music.score import SAMPLE_RATE, Samples

FRAME = 2048


def convolve(signal: Samples, response: Samples) -> Samples:
    """Linear convolution in blocks by FFT. Both are (channels, n), or one is mono; keeps the length."""
    n, taps = signal.shape[-1], response.shape[-1]
    size = 1 << max(14, (2 * taps - 1).bit_length())
    hop = size - taps + 1
    blocks = -(-n // hop)
    padded = np.zeros((signal.shape[0], blocks * hop), dtype=np.float32)
    padded[:, :n] = signal
    spectra = np.fft.rfft(padded.reshape(signal.shape[0], blocks, hop), size)
    wet = np.fft.irfft(spectra * np.fft.rfft(response, size)[:, None, :], size)
    out = np.zeros((wet.shape[0], (blocks + 1) * hop + taps), dtype=np.float32)
    for block in range(blocks):
        out[:, block * hop : block * hop + size] += wet[:, block]
    return out[:, :n]


@lru_cache(maxsize=32)
def design_tone(low_cut_hz: float, high_cut_hz: float, tilt_db: float, taps: int = 2047) -> Samples:
    """A linear-phase equalizer as (1, taps): low cut, high cut, a tilt in dB per octave around 1 kHz."""
    f = np.maximum(np.fft.rfftfreq(taps + 1, 1 / SAMPLE_RATE), 1.0)
    gain = 10 ** (tilt_db * np.clip(np.log2(f / 1000), -5, 4) / 20)
    gain /= np.sqrt((1 + (low_cut_hz / f) ** 6) * (1 + (f / high_cut_hz) ** 10))
    response = np.roll(np.fft.irfft(gain), taps // 2)[:taps] * np.hanning(taps)
    return response[None, :].astype(np.float32)


def shape_tone(signal: Samples, low_cut_hz: float, high_cut_hz: float, tilt_db: float) -> Samples:
    """The equalizer without its delay."""
    response = design_tone(low_cut_hz, high_cut_hz, tilt_db)
    late = response.shape[-1] // 2
    return convolve(np.pad(signal, ((0, 0), (0, late))), response)[:, late:]


@lru_cache(maxsize=16)
def design_reverb(length_s: float, brightness: float) -> Samples:
    """The response of a room as (2, n): early echoes, then noise that dies away, the treble sooner; sides independent."""
    n = int(length_s * SAMPLE_RATE)
    t = np.arange(n, dtype=np.float32) / SAMPLE_RATE
    rng = np.random.default_rng(round(length_s * 1000) + round(brightness * 100))
    sides = []
    for side in range(2):
        low = cut_noise(n, 120, 1800, offset=side * 31_000) * np.exp(-t * 5.2 / length_s)
        high = cut_noise(n, 1800, 4000 + 7000 * brightness, offset=side * 27_000) * np.exp(-t * 9.5 / length_s)
        tail = (low + (0.35 + 0.5 * brightness) * high) * np.clip(t / 0.03, 0, 1)
        for delay_s in rng.uniform(0.006, 0.06, 7):
            tail[int(delay_s * SAMPLE_RATE)] += rng.choice([-1.0, 1.0]) * 6 * np.exp(-delay_s * 20)
        sides.append(tail / np.sqrt(np.sum(tail**2)))
    return np.stack(sides).astype(np.float32)


def echo(send: Samples, delay_s: float, feedback: float = 0.45, repeats: int = 4) -> Samples:
    """Ping-pong repeats of a mono send, each darker than the one before."""
    out = np.zeros((2, send.shape[-1]), dtype=np.float32)
    tap = send.reshape(-1)
    delay = max(1, int(delay_s * SAMPLE_RATE))
    for i in range(repeats):
        start = (i + 1) * delay
        if start >= len(tap):
            break
        tap = tap.copy()
        tap[1:] = 0.6 * tap[1:] + 0.4 * tap[:-1]
        level = feedback**i
        out[i % 2, start:] += level * tap[: len(tap) - start]
        out[1 - i % 2, start:] += 0.3 * level * tap[: len(tap) - start]
    return out


def follow_kicks(times_s: Sequence[float], n: int, recovery_s: float = 0.16) -> Samples:
    """How ducked everything is, 0 to 1: full at each kick, recovering after it."""
    curve = np.zeros(n, dtype=np.float32)
    length = int(recovery_s * 4 * SAMPLE_RATE)
    shape = np.exp(-np.arange(length, dtype=np.float32) / (recovery_s * SAMPLE_RATE))
    shape[:64] *= np.linspace(0, 1, 64, dtype=np.float32)
    for time_s in times_s:
        start = int(time_s * SAMPLE_RATE)
        piece = curve[start : start + length]
        np.maximum(piece, shape[: len(piece)], out=piece)
    return curve


def open_filter(signal: Samples, seconds: float, from_hz: float = 350.0) -> Samples:
    """A low-pass that opens over the first seconds, on overlapping frames; the rest is untouched."""
    n = min(signal.shape[-1], int(seconds * SAMPLE_RATE)) // FRAME * FRAME
    if n < 4 * FRAME:
        return signal
    hop = FRAME // 2
    head = np.pad(signal[:, :n], ((0, 0), (hop, hop)))
    frames = np.lib.stride_tricks.sliding_window_view(head, FRAME, axis=1)[:, ::hop] * np.sqrt(np.hanning(FRAME + 1)[:-1]).astype(
        np.float32
    )
    cutoff = from_hz * (15_000 / from_hz) ** np.linspace(0, 1, frames.shape[1]) ** 1.6
    f = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)
    gain = (1 / np.sqrt(1 + (f[None, :] / cutoff[:, None]) ** 6)).astype(np.float32)
    filtered = np.fft.irfft(np.fft.rfft(frames) * gain) * np.sqrt(np.hanning(FRAME + 1)[:-1]).astype(np.float32)
    out = np.zeros_like(head)
    for i in range(filtered.shape[1]):
        out[:, i * hop : i * hop + FRAME] += filtered[:, i]
    blend = np.clip((n - np.arange(n)) / (4 * FRAME), 0, 1).astype(np.float32)
    result = signal.copy()
    result[:, :n] = out[:, hop : hop + n] * blend + signal[:, :n] * (1 - blend)
    return result


def waver(signal: Samples, depth: float) -> Samples:
    """The wow and flutter of a worn tape."""
    n = signal.shape[-1]
    t = np.arange(n) / SAMPLE_RATE
    drift = depth * (0.0011 * np.sin(2 * np.pi * 0.43 * t) + 0.00007 * np.sin(2 * np.pi * 6.1 * t)) * SAMPLE_RATE
    at = np.clip(np.arange(n) + drift, 0, n - 2)
    whole = at.astype(np.int64)
    share = (at - whole).astype(np.float32)
    return signal[:, whole] * (1 - share) + signal[:, whole + 1] * share


def make_crackle(n: int, rng: np.random.Generator) -> Samples:
    """Dust in the groove: rare clicks of all sizes over a bed of hiss, (2, n)."""
    out = np.zeros((2, n), dtype=np.float32)
    clicks = rng.integers(0, n - 64, n // 2600)
    sizes = rng.exponential(0.25, len(clicks)) ** 1.6
    shape = (np.exp(-np.arange(24) / 4.0) * np.array([1, -1] * 12)).astype(np.float32)
    places: npt.NDArray[np.int64] = clicks[:, None] + np.arange(24)[None, :]
    for side, balance in enumerate((rng.uniform(0.3, 1.0, len(clicks)), rng.uniform(0.3, 1.0, len(clicks)))):
        np.add.at(out[side], places, (sizes * balance)[:, None] * shape)
        out[side] += 0.05 * cut_noise(n, 400, 9000, offset=side * 21_001)
    return out


def make_air(n: int) -> Samples:
    """Wind that comes and goes, (2, n)."""
    t = np.arange(n, dtype=np.float32) / SAMPLE_RATE
    sides = [
        cut_noise(n, 2500, 12_000, offset=side * 29_101) * (0.55 + 0.45 * np.sin(2 * np.pi * 0.09 * t + 1.9 * side)) for side in range(2)
    ]
    return np.stack(sides).astype(np.float32)
