"""Raw sound: band-limited wavetables, envelopes, coloured noise and plucked strings, all as vectorised float32. Knows no instrument."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from localstack.demo_music.score import SAMPLE_RATE, Samples

TABLE_SIZE = 8192
TOP_HZ = 15_000.0
Phase = npt.NDArray[np.float64]
_LONGEST = 16 * SAMPLE_RATE
_CLOCK = np.arange(_LONGEST) / SAMPLE_RATE  # made once: every note needs a piece of it
_CLOCK32 = _CLOCK.astype(np.float32)
_SINE = np.sin(2 * np.pi * np.arange(TABLE_SIZE) / TABLE_SIZE).astype(np.float32)

_PARTIALS: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
    "saw": lambda k: 1.0 / k,
    "square": lambda k: (k % 2) / k,
    "triangle": lambda k: (k % 2) * np.where((k // 2) % 2, -1.0, 1.0) / k**2,
    "pulse25": lambda k: np.sin(np.pi * k * 0.25) / k,
    "pulse12": lambda k: np.sin(np.pi * k * 0.125) / k,
    "organ": lambda k: np.where(np.isin(k, (1, 2, 3, 4, 6, 8)), np.exp(-0.18 * k), 0.0),
    "reed": lambda k: np.where(k % 2, 1.0, 0.35) * np.exp(-0.33 * k),
    "hollow": lambda k: np.where(k == 1, 1.0, np.where(k == 2, 0.28, np.where(k == 3, 0.1, 0.05 / k))),
    "bowed": lambda k: (1.0 / k) * (1.0 + 0.9 * np.exp(-((k - 4.0) ** 2) / 6.0)),
    "voice": lambda k: (1.0 / k) * (0.4 + np.exp(-((k - 2.0) ** 2) / 2.0) + 0.5 * np.exp(-((k - 5.0) ** 2) / 3.0)),
}


@lru_cache(maxsize=4096)
def build_table(kind: str, frequency: float, cutoff_hz: float = TOP_HZ, resonance: float = 0.0) -> Samples:
    """One cycle of a waveform without partials above 15 kHz, through a 24 dB low-pass with an optional bump at its cutoff; peak 1."""
    k = np.arange(1, max(2, int(TOP_HZ / frequency) + 1), dtype=np.float64)
    ratio = k * frequency / cutoff_hz
    gain = 1.0 / np.sqrt(1.0 + ratio**8) * (1.0 + resonance * np.exp(-((np.log2(ratio) * 3.0) ** 2)))
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(k) + 1] = -1j * _PARTIALS[kind](k) * gain
    table = np.fft.irfft(spectrum)
    cycle: Samples = (table / np.abs(table).max()).astype(np.float32)
    return cycle


def read_table(table: Samples, phase: Phase) -> Samples:
    """The waveform at `phase`, counted in cycles."""
    wave: Samples = table[(phase * TABLE_SIZE).astype(np.int32) & (TABLE_SIZE - 1)]
    return wave


def read_sine(phase: Phase) -> Samples:
    """A sine at `phase`, counted in cycles."""
    return read_table(_SINE, phase)


def clock(n: int) -> Samples:
    """Seconds since the start of a note."""
    return _CLOCK32[:n] if n <= _LONGEST else (np.arange(n) / SAMPLE_RATE).astype(np.float32)


def run_phase(
    frequency: float, n: int, *, vibrato: float = 0.0, rate_hz: float = 5.3, delay_s: float = 0.25, glide: float = 0.0, start: float = 0.0
) -> Phase:
    """Cycles counted over `n` samples. `vibrato` and `glide` are relative deviations of the frequency: 0.005 is 9 cents."""
    t = _CLOCK[:n] if n <= _LONGEST else np.arange(n) / SAMPLE_RATE
    phase = t * frequency + start
    if glide:  # the deviation's integral, so that no sum has to run
        phase -= frequency * glide * 0.035 * (1.0 - np.exp(clock(n) * np.float32(-1 / 0.035)))
    if vibrato:
        depth = np.clip((clock(n) - np.float32(delay_s)) / np.float32(0.3), 0.0, 1.0)
        phase -= frequency * vibrato / (2 * np.pi * rate_hz) * (read_sine(t * rate_hz + 0.25) * depth)
    return phase


def shape_envelope(n: int, *, attack_s: float, decay_s: float, sustain: float, hold_s: float, release_s: float) -> Samples:
    """Attack, exponential decay to `sustain`, release after `hold_s`; ends at zero after `n` samples."""
    t = clock(n)
    rise = np.clip(t / max(attack_s, 1e-3), 0.0, 1.0)
    body = sustain + (1.0 - sustain) * np.exp(-np.maximum(t - attack_s, 0.0) / decay_s)
    fall = np.clip(1.0 - (t - hold_s) / max(release_s, 5e-3), 0.0, 1.0)
    envelope: Samples = (rise * rise * (3.0 - 2.0 * rise) * body * fall * fall).astype(np.float32)
    return envelope


def fade_out(n: int, tau_s: float) -> Samples:
    """Plain exponential decay."""
    decay: Samples = np.exp(clock(n) * np.float32(-1.0 / tau_s))
    return decay


def count_samples(seconds: float) -> int:
    return max(64, round(seconds * SAMPLE_RATE))


@lru_cache(maxsize=64)
def shape_noise(low_hz: float, high_hz: float, slope_db: float = 0.0, seed: int = 7, size: int = 1 << 16) -> Samples:
    """Noise of a band, RMS 1, that loops without a seam. `slope_db` per octave tilts it around 1 kHz."""
    rng = np.random.default_rng([seed, size])
    f = np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 1.0)
    gain = 10 ** (slope_db * np.log2(f / 1000.0) / 20) / np.sqrt((1 + (low_hz / f) ** 4) * (1 + (f / high_hz) ** 8))
    noise = np.fft.irfft(gain * np.exp(2j * np.pi * rng.random(len(f))))
    loop: Samples = (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return loop


def cut_noise(n: int, low_hz: float, high_hz: float, *, offset: int = 0, slope_db: float = 0.0) -> Samples:
    """`n` samples of looped band noise from any place in the loop."""
    loop = shape_noise(low_hz, high_hz, slope_db)
    start = offset % len(loop)
    return np.resize(np.concatenate([loop[start:], loop[:start]]), n)


def pluck_string(frequency: float, n: int, *, brightness: float, damping: float, seed: int) -> Samples:
    """A plucked string after Karplus and Strong, one whole period at a time, then resampled to the exact pitch. Peak about 1."""
    period = max(8, int(SAMPLE_RATE / frequency))
    true_rate = SAMPLE_RATE / (period + 0.5) / frequency
    rng = np.random.default_rng([seed, period])
    burst = np.fft.rfft(rng.uniform(-1.0, 1.0, period))
    k = np.arange(len(burst))
    burst *= np.exp(-k * (1.0 - brightness) * 0.35) * np.abs(np.sin(np.pi * k * 0.19)) * (k > 0)  # plucked at a fifth of the string
    rounds = int(n / true_rate) // period + 2
    rows = np.empty((rounds, period), dtype=np.float32)
    rows[0] = np.fft.irfft(burst, period)
    for i in range(1, rounds):
        before, row = rows[i - 1], rows[i]
        np.add(before[1:], before[:-1], out=row[1:])
        row[0] = before[0] + before[-1]
        row *= 0.5 * damping
    wave = rows.ravel()
    wave /= np.abs(wave[: period * 2]).max()
    return np.interp(np.arange(n) / true_rate, np.arange(len(wave)), wave).astype(np.float32)
