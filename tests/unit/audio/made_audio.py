"""Signals and audio files that the tests of `audio` make for themselves, each deterministic."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from chalicelib.audio.mp3_headers import parse_header

Signal = npt.NDArray[np.float32]
MAX_DURATION_S = 3600.0


def make_music(duration_s: float, *, sample_rate: int = 44_100, channels: int = 2, seed: int = 1) -> Signal:
    """A drifting chord, noise and beats: loud and soft parts, so that top_db clips some of it. (samples, channels)"""
    rng = np.random.default_rng(seed)
    t = np.arange(int(duration_s * sample_rate)) / sample_rate
    chord = sum(np.sin(2 * np.pi * base * t * (1 + 0.01 * np.sin(t))) for base in (110.0, 164.8, 220.0, 277.2))
    beat = np.exp(-8 * (t % 0.5)) * rng.standard_normal(len(t))
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * t / max(duration_s, 1e-9))
    mono = (0.1 * chord + 0.2 * beat) * (0.01 + swell)
    sides = [mono * (1 - 0.2 * side) + 0.001 * rng.standard_normal(len(t)) for side in range(channels)]
    return np.clip(np.stack(sides, axis=1), -1, 1).astype(np.float32)


def write_audio(path: Path, signal: Signal, sample_rate: int = 44_100, **options: str | float) -> Path:
    soundfile.write(path, signal, sample_rate, **options)
    return path


def write_mp3(path: Path, duration_s: float = 5.0, *, sample_rate: int = 44_100, channels: int = 2, seed: int = 1) -> Path:
    path.write_bytes(_encode_mp3(duration_s, sample_rate, channels, seed))
    return path


@lru_cache(maxsize=64)
def _encode_mp3(duration_s: float, sample_rate: int, channels: int, seed: int) -> bytes:
    encoded = io.BytesIO()
    soundfile.write(encoded, make_music(duration_s, sample_rate=sample_rate, channels=channels, seed=seed), sample_rate, format="MP3")
    return encoded.getvalue()


def split_frames(mp3: bytes) -> Iterator[bytes]:
    """The MPEG frames of a file without tags, its Xing frame first."""
    at = 0
    while at + 4 <= len(mp3):
        header = parse_header(int.from_bytes(mp3[at : at + 4], "big"))
        assert header is not None
        yield mp3[at : at + header.size_bytes]
        at += header.size_bytes
