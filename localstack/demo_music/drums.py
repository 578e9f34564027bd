"""Drum sounds: mono samples of each, made once per velocity and variant. What is struck when is the arrangement's business."""

# ruff: noqa: ARG001  # every drum is struck by the same call, whether it minds the velocity or not

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from localstack.demo_music.oscillators import count_samples, cut_noise, fade_out
from localstack.demo_music.score import SAMPLE_RATE, Samples


def _sweep(n: int, from_hz: float, to_hz: float, tau_s: float) -> Samples:
    """A sine that falls from one frequency to another."""
    t = np.arange(n) / SAMPLE_RATE
    phase = to_hz * t + (from_hz - to_hz) * tau_s * (1 - np.exp(-t / tau_s))
    return np.sin(2 * np.pi * phase).astype(np.float32)


def _noise(n: int, low_hz: float, high_hz: float, tau_s: float, variant: int) -> Samples:
    return 0.5 * cut_noise(n, low_hz, high_hz, offset=variant * 7919 + int(low_hz)) * fade_out(n, tau_s)


def _kick(body_hz: float, punch_hz: float, tau_s: float, click: float, drive: float) -> Callable[[float, int], Samples]:
    def strike(velocity: float, variant: int) -> Samples:
        n = count_samples(tau_s * 5)
        body = _sweep(n, punch_hz, body_hz, 0.028) * fade_out(n, tau_s)
        tick = click * velocity * _noise(n, 1500, 8000, 0.004, variant)
        hit: Samples = (np.tanh(drive * body) / np.tanh(drive) + tick).astype(np.float32)
        return hit

    return strike


def _snare(tone_hz: float, tone: float, low_hz: float, high_hz: float, tau_s: float) -> Callable[[float, int], Samples]:
    def strike(velocity: float, variant: int) -> Samples:
        n = count_samples(tau_s * 6)
        shell = tone * _sweep(n, tone_hz * 1.7, tone_hz, 0.012) * fade_out(n, tau_s * 0.7)
        wires = (0.7 + 0.5 * velocity) * _noise(n, low_hz, high_hz, tau_s, variant)
        return np.tanh(1.2 * (shell + wires)).astype(np.float32)

    return strike


def _hat(low_hz: float, high_hz: float, tau_s: float, metal: float) -> Callable[[float, int], Samples]:
    def strike(velocity: float, variant: int) -> Samples:
        n = count_samples(tau_s * 6)
        t = np.arange(n) / SAMPLE_RATE
        ring = sum(np.sign(np.sin(2 * np.pi * hz * t)) for hz in (3271.0, 4423.0, 5417.0, 6841.0)) * metal * 0.12
        return ((_noise(n, low_hz, high_hz, tau_s, variant) + ring * fade_out(n, tau_s * 0.6)) * 0.9).astype(np.float32)

    return strike


def _clap(velocity: float, variant: int) -> Samples:
    n = count_samples(0.4)
    out = 0.8 * _noise(n, 900, 6500, 0.09, variant) * 0.8
    for i, delay_s in enumerate((0.0, 0.011, 0.023)):
        start = count_samples(delay_s) if delay_s else 0
        out[start:] += _noise(n - start, 900, 7500, 0.007, variant + i)
    return (out * (0.7 + 0.3 * velocity)).astype(np.float32)


def _brush(velocity: float, variant: int) -> Samples:
    n = count_samples(0.32)
    swell = np.minimum(1.0, np.arange(n) / (0.03 * SAMPLE_RATE)).astype(np.float32)
    return _noise(n, 1800, 9000, 0.07, variant) * swell * 1.2


def _shaker(velocity: float, variant: int) -> Samples:
    n = count_samples(0.14)
    swell = np.minimum(1.0, np.arange(n) / (0.022 * SAMPLE_RATE)).astype(np.float32)
    return _noise(n, 5200, 12_000, 0.03, variant) * swell


def _rim(velocity: float, variant: int) -> Samples:
    n = count_samples(0.12)
    wood = _sweep(n, 1900, 1650, 0.01) * 0.6 + _sweep(n, 520, 460, 0.01) * 0.5
    return wood * fade_out(n, 0.016) + 0.4 * _noise(n, 2000, 8000, 0.004, variant)


def _tom(hz: float) -> Callable[[float, int], Samples]:
    def strike(velocity: float, variant: int) -> Samples:
        n = count_samples(0.7)
        skin = _sweep(n, hz * 1.5, hz, 0.04) * fade_out(n, 0.18)
        return (skin + 0.25 * velocity * _noise(n, 400, 3000, 0.02, variant)).astype(np.float32)

    return strike


def _timpani(velocity: float, variant: int) -> Samples:
    n = count_samples(1.6)
    skin = sum(
        level * _sweep(n, hz * 1.04, hz, 0.05) * fade_out(n, tau)
        for hz, level, tau in ((73, 0.8, 0.5), (110, 0.4, 0.35), (146, 0.25, 0.25))
    )
    return (skin + 0.1 * _noise(n, 100, 900, 0.03, variant)).astype(np.float32)


def _triangle(velocity: float, variant: int) -> Samples:
    n = count_samples(1.4)
    t = np.arange(n) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * hz * t + variant) / (i + 1.5) for i, hz in enumerate((3780.0, 5920.0, 8410.0, 11_300.0)))
    return (0.35 * tones * fade_out(n, 0.45)).astype(np.float32)


def _crash(velocity: float, variant: int) -> Samples:
    n = count_samples(2.2)
    wash = _noise(n, 3000, 13_000, 0.55, variant) + 0.6 * _noise(n, 800, 5000, 0.2, variant + 3)
    return wash.astype(np.float32)


def _riser(velocity: float, variant: int) -> Samples:
    """Noise that swells for two seconds and stops dead: the sea, or the moment before the drop."""
    n = count_samples(2.0)
    swell = np.linspace(0, 1, n, dtype=np.float32)
    return 0.4 * cut_noise(n, 600, 9000, offset=variant * 991) * swell**2.5 * np.minimum(1.0, (1 - swell) * 12)


def _heartbeat(velocity: float, variant: int) -> Samples:
    n = count_samples(1.1)
    return _sweep(n, 78, 46, 0.05) * fade_out(n, 0.26) * np.minimum(1.0, np.arange(n) / (0.012 * SAMPLE_RATE)).astype(np.float32)


def _chip_noise(tau_s: float, hold: int) -> Callable[[float, int], Samples]:
    """Noise as a console makes it: a random bit, held for some samples, in sixteen steps of volume."""

    def strike(velocity: float, variant: int) -> Samples:
        n = count_samples(tau_s * 4)
        bits = np.random.default_rng([variant, hold]).choice(np.array([-1.0, 1.0], dtype=np.float32), n // hold + 1)
        return (np.repeat(bits, hold)[:n] * np.round(fade_out(n, tau_s) * 15) / 15 * 0.5).astype(np.float32)

    return strike


def _chip_kick(velocity: float, variant: int) -> Samples:
    n = count_samples(0.16)
    return (np.sign(_sweep(n, 420, 48, 0.03)) * np.round(fade_out(n, 0.07) * 15) / 15 * 0.7).astype(np.float32)


_DRUMS: dict[str, Callable[[float, int], Samples]] = {
    "dusty_kick": _kick(52, 150, 0.13, 0.3, 1.6),
    "club_kick": _kick(47, 260, 0.17, 0.9, 2.4),
    "tight_kick": _kick(56, 210, 0.1, 0.9, 1.8),
    "soft_kick": _kick(50, 110, 0.11, 0.1, 1.0),
    "dusty_snare": _snare(185, 0.55, 700, 5200, 0.09),
    "tight_snare": _snare(205, 0.6, 1200, 9500, 0.075),
    "break_snare": _snare(225, 0.75, 1000, 10_000, 0.06),
    "hat": _hat(7000, 13_500, 0.022, 0.5),
    "dark_hat": _hat(5200, 9000, 0.02, 0.2),
    "open_hat": _hat(6500, 13_500, 0.13, 0.6),
    "ride": _hat(5500, 12_000, 0.28, 0.8),
    "clap": _clap,
    "brush": _brush,
    "shaker": _shaker,
    "rim": _rim,
    "low_tom": _tom(92),
    "high_tom": _tom(150),
    "conga": _tom(205),
    "timpani": _timpani,
    "triangle": _triangle,
    "crash": _crash,
    "riser": _riser,
    "heartbeat": _heartbeat,
    "chip_kick": _chip_kick,
    "chip_snare": _chip_noise(0.07, 2),
    "chip_hat": _chip_noise(0.018, 1),
}

DRUM_NAMES = frozenset(_DRUMS)


@lru_cache(maxsize=512)
def strike_drum(name: str, level: int, variant: int) -> Samples:
    """One hit; `level` 1 to 4 is how hard, `variant` which of several takes."""
    return _DRUMS[name](level / 4, variant).astype(np.float32)
