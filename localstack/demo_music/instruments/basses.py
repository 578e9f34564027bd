"""Basses: upright, round electric, slap, acid, sub, reese and the four-bit triangle. All mono, the fundamental strong and steady."""

# ruff: noqa: ARG001  # every instrument is played by the same call, whether it minds the seed or not

from __future__ import annotations

import numpy as np

from localstack.demo_music.oscillators import (
    build_table,
    count_samples,
    cut_noise,
    fade_out,
    pluck_string,
    read_sine,
    read_table,
    run_phase,
    shape_envelope,
)
from localstack.demo_music.score import Samples


def play_upright(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.15)
    phase = run_phase(frequency, n, glide=0.012)
    body = read_table(build_table("triangle", frequency, 700), phase) + 0.3 * read_sine(2 * phase) * fade_out(n, 0.35)
    finger = 0.14 * velocity * cut_noise(n, 300, 1400, offset=seed * 719) * fade_out(n, 0.012)
    envelope = shape_envelope(n, attack_s=0.008, decay_s=0.7, sustain=0.12, hold_s=duration_s, release_s=0.12)
    return ((0.75 * body + finger) * envelope).astype(np.float32)


def play_round(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """An electric bass played with the thumb."""
    n = count_samples(duration_s + 0.1)
    phase = run_phase(frequency, n, start=0.1 * (seed % 3))
    dark = read_table(build_table("saw", frequency, 220), phase)
    bright = read_table(build_table("saw", frequency, 1100), phase)
    opening = 0.5 * velocity * fade_out(n, 0.12)
    return (dark + (bright - dark) * opening) * shape_envelope(
        n, attack_s=0.006, decay_s=0.9, sustain=0.35, hold_s=duration_s, release_s=0.09
    )


def play_slap(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Thumb on the string against the fret: a bright crack, then a round tone."""
    n = count_samples(duration_s + 0.07)
    string = pluck_string(frequency, n, brightness=0.8 + 0.2 * velocity, damping=0.993, seed=seed % 3)
    phase = run_phase(frequency, n)
    low = read_table(build_table("saw", frequency, 320), phase)
    envelope = shape_envelope(n, attack_s=0.003, decay_s=0.5, sustain=0.2, hold_s=duration_s, release_s=0.06)
    return (np.tanh(1.3 * (0.7 * low + (0.25 + 0.4 * velocity) * string)) * envelope).astype(np.float32)


def play_acid(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """A saw through a squelching filter: three resonant tables, crossfaded from open to closed."""
    n = count_samples(duration_s + 0.04)
    phase = run_phase(frequency, n, start=0.07 * (seed % 2))
    tables = [build_table("saw", frequency, hz, 2.2) for hz in (260, 700, 1900 + 1600 * velocity)]
    closed, middle, opened = (read_table(table, phase) for table in tables)
    sweep = fade_out(n, 0.09 + 0.06 * velocity)
    upper = np.clip(2 * sweep - 1, 0, 1)
    lower = np.clip(2 * sweep, 0, 1)
    wave = closed + (middle - closed) * lower + (opened - middle) * upper
    squelch: Samples = np.tanh(1.5 * wave).astype(np.float32)
    return squelch * shape_envelope(n, attack_s=0.003, decay_s=0.4, sustain=0.45, hold_s=duration_s, release_s=0.03)


def play_sub(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.12)
    phase = run_phase(frequency, n, glide=0.02 * (seed % 2))
    wave = np.tanh(1.5 * read_sine(phase)) + 0.12 * velocity * read_sine(2 * phase)
    envelope = shape_envelope(n, attack_s=0.012, decay_s=1.5, sustain=0.6, hold_s=duration_s, release_s=0.1)
    low: Samples = (0.9 * wave * envelope).astype(np.float32)
    return low


def play_reese(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Detuned saws that beat against each other over a clean sub."""
    n = count_samples(duration_s + 0.08)
    table = build_table("saw", frequency, 480 + 700 * velocity, 0.8)
    wave = sum(read_table(table, run_phase(frequency * ratio, n, start=0.31 * i)) for i, ratio in enumerate((0.991, 1.0, 1.0085)))
    sub = read_sine(run_phase(frequency, n))
    envelope = shape_envelope(n, attack_s=0.01, decay_s=2.0, sustain=0.8, hold_s=duration_s, release_s=0.07)
    return (np.tanh(0.45 * wave + 0.6 * sub) * envelope).astype(np.float32)


def play_chip(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """The four-bit triangle of a games console; it has no volume, so it only knows on and off."""
    n = count_samples(duration_s * 0.9)
    triangle = 2 * np.abs(2 * (run_phase(frequency, n) % 1.0) - 1) - 1
    return (
        0.8
        * np.round(triangle * 7.5)
        / 7.5
        * shape_envelope(n, attack_s=0.001, decay_s=9.0, sustain=1.0, hold_s=duration_s * 0.88, release_s=0.01)
    ).astype(np.float32)
