"""MP3s of any length with the spectrum of music, for benchmarks on a machine without music; nothing to listen to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from chalicelib.audio.mp3_headers import parse_header

_PIECE_S = 300  # longer songs repeat it
_LOWEST_KBITS, _HIGHEST_KBITS = 32, 320  # what libsndfile maps `compression_level` to, at 32 kHz and over


def write_song(path: Path, duration_s: int, *, kbits: int = 192, sample_rate: int = 44_100, channels: int = 2, seed: int = 3) -> Path:
    """Of constant bit rate."""
    if duration_s > _PIECE_S:
        return _write_long_song(path, duration_s, kbits=kbits)
    level = (_HIGHEST_KBITS - kbits) / (_HIGHEST_KBITS - _LOWEST_KBITS)
    sound = soundfile.SoundFile(path, "w", sample_rate, channels, format="MP3", compression_level=level, bitrate_mode="CONSTANT")
    rng = np.random.default_rng(seed)
    with sound:
        for second in range(duration_s):
            sound.write(_compose_second(rng, second, sample_rate)[:, :channels])
    return path


def _compose_second(rng: np.random.Generator, second: int, sample_rate: int) -> npt.NDArray[np.float64]:
    """Decaying partials over bursts of noise: (samples, 2)."""
    t = np.arange(sample_rate) / sample_rate
    root = 110.0 * 2 ** (rng.integers(0, 24) / 12)
    tone = sum(np.sin(2 * np.pi * root * k * t) / k for k in range(1, 9)) * np.exp(-3 * t)
    noise = rng.normal(size=(sample_rate, 2)) * np.exp(-20 * (t % 0.25))[:, None] * (0.2 if second % 8 else 0.05)
    signal: npt.NDArray[np.float64] = np.clip(np.stack([tone, tone * 0.8], axis=1) * 0.15 + noise, -1, 1)
    return signal


def _write_long_song(path: Path, duration_s: int, *, kbits: int) -> Path:
    """The frames of one piece over and over; without its first, which counts them."""
    piece = write_song(path.with_suffix(".piece.mp3"), _PIECE_S, kbits=kbits)
    mp3 = piece.read_bytes()
    piece.unlink()
    counting_frame = parse_header(int.from_bytes(mp3[:4], "big"))
    assert counting_frame is not None
    frames = mp3[counting_frame.size_bytes :]
    with path.open("wb") as file:
        for _ in range(round(duration_s / _PIECE_S)):
            file.write(frames)
    return path
