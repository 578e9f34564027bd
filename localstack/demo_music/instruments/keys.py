"""Keyboards and mallets: electric piano by frequency modulation, struck bars and strings by decaying partials, drawbar organ."""

from __future__ import annotations

import numpy as np

from localstack.demo_music.oscillators import build_table, count_samples, fade_out, read_sine, read_table, run_phase, shape_envelope
from localstack.demo_music.score import Samples


def play_rhodes(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Two operators for the tone bar, one high one for the tine's ping; the harder the hit, the more it growls."""
    n = count_samples(duration_s + 0.35)
    phase = run_phase(frequency * (1 + (seed % 3 - 1) * 6e-4), n)
    growl = (0.35 + 1.5 * velocity**2) * fade_out(n, 0.45) * min(1.0, 400 / frequency)
    tone = read_sine(phase + (growl * np.float32(0.5 / np.pi)) * read_sine(phase) + 1.0)
    tine = 0.16 * velocity * read_sine(min(frequency * 14, 9000) / frequency * phase) * fade_out(n, 0.05)
    envelope = shape_envelope(n, attack_s=0.003, decay_s=1.1, sustain=0.05, hold_s=duration_s, release_s=0.33)
    return ((0.8 * tone + tine) * envelope).astype(np.float32)


def _ring(frequency: float, n: int, partials: tuple[tuple[float, float, float], ...]) -> Samples:
    """Sum of (ratio, level, decay in seconds), each its own sine."""
    phase = run_phase(frequency, n)
    out = np.zeros(n, dtype=np.float32)
    for ratio, level, tau in partials:
        if frequency * ratio < 14_000:
            out += np.float32(level) * read_sine(phase * ratio) * fade_out(n, tau)
    return out


def _release(wave: Samples, duration_s: float, release_s: float) -> Samples:
    n = len(wave)
    return wave * shape_envelope(n, attack_s=0.001, decay_s=9.0, sustain=1.0, hold_s=duration_s, release_s=release_s)


def play_felt_piano(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """A soft upright with felt between hammers and strings: stretched partials, few of them."""
    n = count_samples(duration_s + 0.4)
    soft = 0.5 + 0.25 * (1 - velocity)
    stretch = 0.00035
    long_s = float(np.clip(2.6 * (220 / frequency) ** 0.5, 0.5, 3.0))
    partials = tuple((k * (1 + stretch * k * k), 0.62 * soft ** (k - 1), long_s / k**0.8) for k in range(1, 9))
    detuned = frequency * (1 + (seed % 3 - 1) * 4e-4)
    return _release(_ring(detuned, n, partials), duration_s, 0.38)


def play_vibraphone(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Bars with their fourth and tenth partial, and the slow tremolo of the turning fans."""
    n = count_samples(duration_s + 0.7)
    wave = _ring(frequency, n, ((1, 0.85, 1.3), (4, 0.22 * velocity, 0.35), (9.9, 0.1 * velocity, 0.06)))
    tremolo = 1.0 - 0.11 * (1 + read_sine(run_phase(4.6, n, start=0.16 * seed)))
    return _release((wave * tremolo).astype(np.float32), duration_s + 0.2, 0.5)


def play_music_box(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Small comb of steel: long, thin, a little out of tune."""
    n = count_samples(duration_s + 1.0)
    detuned = frequency * (1 + (seed % 3 - 1) * 9e-4)
    wave = _ring(detuned, n, ((1, 0.7, 0.9), (2.0, 0.18, 0.5), (5.8, 0.16 * velocity, 0.14), (10.3, 0.06 * velocity, 0.04)))
    return _release(wave, duration_s + 0.5, 0.5)


def play_organ(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Drawbars with key click and the chorus of a slow rotor."""
    n = count_samples(duration_s + 0.06)
    phase = run_phase(frequency, n, vibrato=0.0025, rate_hz=6.1 if seed % 2 else 5.7, delay_s=0.0)
    wave = read_table(build_table("organ", frequency, 6000), phase)
    click = 0.12 * velocity * read_table(build_table("saw", frequency * 5), phase * 5) * fade_out(n, 0.006)
    return (wave + click) * shape_envelope(n, attack_s=0.006, decay_s=1.0, sustain=0.85, hold_s=duration_s, release_s=0.05)
