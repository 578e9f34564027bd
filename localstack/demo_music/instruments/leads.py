"""Voices that carry a tune: bowed and blown instruments with a late vibrato, synthesizer leads, the pulse waves of a console."""

# ruff: noqa: ARG001  # every instrument is played by the same call, whether it minds the seed or not

from __future__ import annotations

import numpy as np

from localstack.demo_music.oscillators import build_table, count_samples, cut_noise, fade_out, read_table, run_phase, shape_envelope
from localstack.demo_music.score import Samples


def play_violin(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.18)
    phase = run_phase(frequency, n, vibrato=0.007, rate_hz=5.6 + 0.2 * (seed % 3), delay_s=0.15, glide=0.008)
    soft = read_table(build_table("bowed", frequency, 2600), phase)
    full = read_table(build_table("bowed", frequency, 5200), phase)
    envelope = shape_envelope(n, attack_s=0.07, decay_s=1.2, sustain=0.82, hold_s=duration_s, release_s=0.16)
    rosin = 0.035 * cut_noise(n, 2500, 8000, offset=seed * 383)
    bowed: Samples = ((soft + (full - soft) * velocity * envelope + rosin) * envelope * 0.8).astype(np.float32)
    return bowed


def play_clarinet(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.1)
    phase = run_phase(frequency, n, vibrato=0.002, rate_hz=4.8)
    wave = read_table(build_table("square", frequency, 900 + 1500 * velocity), phase)
    air = 0.02 * cut_noise(n, 1200, 5000, offset=seed * 211)
    return (0.8 * wave + air) * shape_envelope(n, attack_s=0.045, decay_s=1.0, sustain=0.85, hold_s=duration_s, release_s=0.09)


def play_flute(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Nearly a sine, with breath at the start of each note."""
    n = count_samples(duration_s + 0.12)
    phase = run_phase(frequency, n, vibrato=0.005, rate_hz=5.0, delay_s=0.2, glide=0.015)
    wave = read_table(build_table("hollow", frequency, 4500), phase)
    breath = cut_noise(n, 1500, 7000, offset=seed * 419) * (0.045 + 0.16 * velocity * fade_out(n, 0.04))
    return (0.75 * wave + breath) * shape_envelope(n, attack_s=0.04, decay_s=1.0, sustain=0.8, hold_s=duration_s, release_s=0.1)


def play_soft_lead(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """A rounded triangle with a little glide: late-night radio."""
    n = count_samples(duration_s + 0.2)
    phase = run_phase(frequency, n, vibrato=0.004, rate_hz=4.7, glide=0.03, start=0.1 * (seed % 2))
    wave = read_table(build_table("triangle", frequency, 1400 + 1200 * velocity), phase)
    return 0.9 * wave * shape_envelope(n, attack_s=0.02, decay_s=0.9, sustain=0.55, hold_s=duration_s, release_s=0.18)


def play_saw_lead(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    n = count_samples(duration_s + 0.15)
    table = build_table("saw", frequency, 2400 + 3600 * velocity)
    wave = sum(
        read_table(table, run_phase(frequency * ratio, n, vibrato=0.004, glide=0.02, start=0.37 * seed)) for ratio in (0.9965, 1.0035)
    )
    return 0.5 * wave * shape_envelope(n, attack_s=0.012, decay_s=0.6, sustain=0.6, hold_s=duration_s, release_s=0.13)


def play_brass(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """Section horns: the brightness follows the breath."""
    n = count_samples(duration_s + 0.08)
    phase = run_phase(frequency * (1 + (seed % 3 - 1) * 1.5e-3), n, vibrato=0.003, glide=0.02)
    envelope = shape_envelope(n, attack_s=0.035, decay_s=0.25, sustain=0.65, hold_s=duration_s, release_s=0.07)
    dark = read_table(build_table("saw", frequency, 900), phase)
    bright = read_table(build_table("saw", frequency, 3200 + 2600 * velocity), phase)
    return (dark + (bright - dark) * envelope**2) * envelope


def _play_pulse(kind: str, frequency: float, duration_s: float, velocity: float) -> Samples:
    n = count_samples(duration_s + 0.02)
    phase = run_phase(frequency, n, vibrato=0.007, rate_hz=6.2, delay_s=0.16)
    steps = np.round(shape_envelope(n, attack_s=0.001, decay_s=0.35, sustain=0.5, hold_s=duration_s, release_s=0.015) * 15) / 15
    return (0.7 * velocity * read_table(build_table(kind, frequency), phase) * steps).astype(np.float32)


def play_pulse25(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    return _play_pulse("pulse25", frequency, duration_s, velocity)


def play_pulse12(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    return _play_pulse("pulse12", frequency, duration_s, velocity)


def play_square(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    return _play_pulse("square", frequency, duration_s, velocity)


def play_blip(frequency: float, duration_s: float, velocity: float, seed: int) -> Samples:
    """One step of an arpeggio: a dot."""
    n = count_samples(min(duration_s, 0.16))
    wave = read_table(build_table("pulse25", frequency), run_phase(frequency, n))
    steps = np.round(fade_out(n, 0.07) * 15) / 15
    return (0.7 * velocity * wave * steps).astype(np.float32)
