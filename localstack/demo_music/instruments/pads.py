"""Sustained chords: string sections, pads, choir, drone, and the short stabs of the dance floor. Detuned voices give the width."""

from __future__ import annotations

import numpy as np

from localstack.demo_music.oscillators import (
    build_table,
    clock,
    count_samples,
    cut_noise,
    fade_out,
    read_sine,
    read_table,
    run_phase,
    shape_envelope,
)
from localstack.demo_music.score import Samples


def _stack(
    kind: str, frequency: float, n: int, *, cutoff_hz: float, spread: float, voices: int, seed: int, vibrato: float = 0.0
) -> Samples:
    """Several detuned copies of one waveform; the seed moves phases and detuning, so left and right differ."""
    rng = np.random.default_rng([seed, round(frequency)])
    table = build_table(kind, frequency, cutoff_hz)
    out = np.zeros(n, dtype=np.float32)
    for i in range(voices):
        detune = 1.0 + spread * ((i - (voices - 1) / 2) / max(1, voices - 1) + rng.uniform(-0.2, 0.2))
        out += read_table(
            table, run_phase(frequency * detune, n, vibrato=vibrato, rate_hz=rng.uniform(4.6, 6.0), start=float(rng.random()))
        )
    return out / np.float32(voices**0.5)


def play_strings(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """A small section of violins and violas."""
    n = count_samples(duration_s + 0.35)
    wave = _stack("bowed", frequency, n, cutoff_hz=2200 + 2600 * velocity, spread=0.006, voices=3, seed=seed, vibrato=0.004)
    bow = 0.015 * cut_noise(n, 1500, 6000, offset=seed * 881)
    return (wave + bow) * shape_envelope(n, attack_s=0.14, decay_s=1.5, sustain=0.8, hold_s=duration_s, release_s=0.32)


def play_celli(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.3)
    wave = _stack("bowed", frequency, n, cutoff_hz=1100 + 900 * velocity, spread=0.004, voices=2, seed=seed, vibrato=0.003)
    return wave * shape_envelope(n, attack_s=0.07, decay_s=1.0, sustain=0.7, hold_s=duration_s, release_s=0.28)


def play_warm_pad(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Analogue saws, the filter opening while the note swells."""
    n = count_samples(duration_s + 1.2)
    dark = _stack("saw", frequency, n, cutoff_hz=420, spread=0.009, voices=3, seed=seed)
    bright = _stack("saw", frequency, n, cutoff_hz=1000 + 900 * velocity, spread=0.009, voices=2, seed=seed)
    t = clock(n)
    opening = 0.55 * np.sin(np.pi * np.clip(t / (duration_s + 1.2), 0, 1)) ** 2
    envelope = shape_envelope(n, attack_s=min(0.9, duration_s * 0.4), decay_s=4.0, sustain=0.8, hold_s=duration_s, release_s=1.15)
    swell: Samples = ((dark * (1 - opening) + bright * opening) * envelope).astype(np.float32)
    return swell


def play_glass_pad(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Sines with slowly breathing upper partials, like rubbed glasses."""
    n = count_samples(duration_s + 1.4)
    wave = np.zeros(n, dtype=np.float32)
    for i, (ratio, level) in enumerate(((1.0, 0.7), (2.003, 0.25), (3.001, 0.16), (5.004, 0.07))):
        breath = 0.65 + 0.35 * read_sine(run_phase(0.11 + 0.05 * i, n, start=0.16 * (seed + i)))
        wave += level * breath * read_sine(run_phase(frequency * ratio * (1 + 8e-4 * (seed % 3 - 1)), n))
    envelope = shape_envelope(n, attack_s=min(1.1, duration_s * 0.4), decay_s=4.0, sustain=0.85, hold_s=duration_s, release_s=1.35)
    return (wave * (0.7 + 0.3 * velocity) * envelope).astype(np.float32)


def play_choir(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.9)
    wave = _stack("voice", frequency, n, cutoff_hz=1500 + 900 * velocity, spread=0.008, voices=3, seed=seed, vibrato=0.006)
    breath = 0.05 * cut_noise(n, 900, 3500, offset=seed * 557)
    return (wave + breath) * shape_envelope(
        n, attack_s=min(0.6, duration_s * 0.4), decay_s=3.0, sustain=0.85, hold_s=duration_s, release_s=0.85
    )


def play_drone(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """A low fifth that hardly moves."""
    n = count_samples(duration_s + 1.5)
    wave = _stack("saw", frequency, n, cutoff_hz=240 + 160 * velocity, spread=0.005, voices=2, seed=seed) + 0.5 * _stack(
        "saw", frequency * 1.5, n, cutoff_hz=380, spread=0.004, voices=2, seed=seed
    )
    return wave * shape_envelope(n, attack_s=min(1.5, duration_s * 0.4), decay_s=5.0, sustain=0.9, hold_s=duration_s, release_s=1.45)


def play_techno_stab(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """A dub chord: saws whose filter shuts at once; the echo does the rest."""
    n = count_samples(duration_s + 0.12)
    opened = _stack("saw", frequency, n, cutoff_hz=1500 + 2200 * velocity, spread=0.007, voices=2, seed=seed)
    closed = _stack("saw", frequency, n, cutoff_hz=420, spread=0.007, voices=2, seed=seed)
    sweep = fade_out(n, 0.11)
    envelope = shape_envelope(n, attack_s=0.004, decay_s=0.22, sustain=0.25, hold_s=duration_s, release_s=0.11)
    return (closed + (opened - closed) * sweep) * envelope


def play_rave_stab(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.2)
    wave = _stack("saw", frequency, n, cutoff_hz=3000 + 3500 * velocity, spread=0.014, voices=4, seed=seed)
    return wave * shape_envelope(n, attack_s=0.01, decay_s=0.5, sustain=0.5, hold_s=duration_s, release_s=0.19)
