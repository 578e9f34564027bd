"""Plucked strings: nylon and steel guitar, muted funk guitar, clavinet, harp and pizzicato, all from one string model."""

from __future__ import annotations

import numpy as np

from localstack.demo_music.oscillators import count_samples, cut_noise, fade_out, pluck_string, shape_envelope
from localstack.demo_music.score import Samples


def _damp(wave: Samples, duration_s: float, release_s: float) -> Samples:
    return wave * shape_envelope(len(wave), attack_s=0.001, decay_s=9.0, sustain=1.0, hold_s=duration_s, release_s=release_s)


def play_nylon(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """A classical guitar: soft fingertip, body thump."""
    n = count_samples(duration_s + 0.25)
    wave = pluck_string(frequency, n, brightness=0.55 + 0.25 * velocity, damping=0.9965, seed=seed)
    thump = 0.1 * cut_noise(n, 90, 260, offset=seed * 977) * fade_out(n, 0.025)
    return _damp(wave * 0.9 + thump, duration_s, 0.22)


def play_steel(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.4)
    wave = pluck_string(frequency, n, brightness=0.72 + 0.23 * velocity, damping=0.9985, seed=seed)
    return _damp(wave * 0.9, duration_s, 0.35)


def play_muted_guitar(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """The scratch of a sixteenth on damped strings: pick noise first, a short bright note after it."""
    n = count_samples(min(duration_s, 0.28) + 0.06)
    wave = pluck_string(frequency, n, brightness=0.95, damping=0.985, seed=seed) * fade_out(n, 0.09 + 0.12 * velocity)
    scratch = 0.07 * cut_noise(n, 1800, 7000, offset=seed * 613) * fade_out(n, 0.012)
    return _damp(wave + scratch, min(duration_s, 0.28), 0.05)


def play_clavinet(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Struck strings under a magnetic pick-up: nasal, with a hard stop."""
    n = count_samples(duration_s + 0.05)
    wave = pluck_string(frequency, n, brightness=0.9 + 0.1 * velocity, damping=0.995, seed=seed % 2)
    nasal = wave - 0.75 * np.concatenate([np.zeros(5, dtype=np.float32), wave[:-5]])
    return _damp(np.tanh(1.6 * nasal).astype(np.float32), duration_s, 0.04)


def play_harp(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.9)
    wave = pluck_string(frequency, n, brightness=0.6 + 0.2 * velocity, damping=0.998, seed=seed)
    return _damp(wave * 0.85, duration_s + 0.3, 0.6)


def play_pizzicato(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """A section of strings plucked: short, woody."""
    n = count_samples(0.5)
    wave = pluck_string(frequency, n, brightness=0.5 + 0.2 * velocity, damping=0.99, seed=seed) * fade_out(n, 0.16)
    knock = 0.08 * cut_noise(n, 200, 700, offset=seed * 331) * fade_out(n, 0.02)
    return _damp(wave + knock, min(duration_s, 0.4), 0.1)
