"""How strongly each of the twelve pitch classes sounds, and which intervals that makes: a description of harmony that no key changes.

The filterbank is `librosa.filters.chroma(sr=22050, n_fft=2048, tuning=0)`. Transposing a song turns the circle of its twelve numbers; the
magnitudes of their Fourier transform stay as they are (Lewin 1959, Quinn 2007): the third is large for augmented chords and whole
triads a major third apart, the fifth for diatonic music, the sixth for whole tones.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from chalicelib.audio.frames import N_FFT, SAMPLE_RATE, FloatArray

PITCH_COUNT = 12
INTERVAL_COUNT = PITCH_COUNT // 2 + 1  # magnitudes of the transform of 12 real numbers, the first of them their sum
_CENTRE_OCTAVE, _OCTAVE_WIDTH = 5.0, 2.0  # octaves above A0: what lies far from 880 Hz counts less
_A0_HZ = 27.5


def measure_intervals(chroma: FloatArray) -> FloatArray:
    """(n, 12) → (n, 7): the magnitudes of the Fourier transform around the circle of pitch classes."""
    parts = np.square(chroma @ _circle_transform())
    magnitudes: FloatArray = np.sqrt(parts[:, :INTERVAL_COUNT] + parts[:, INTERVAL_COUNT:])
    return magnitudes


@cache
def _circle_transform() -> FloatArray:
    """Cosines, then sines: (12, 14). A product is three times as fast as so short a transform."""
    angles = 2 * np.pi * np.outer(np.arange(PITCH_COUNT), np.arange(INTERVAL_COUNT)) / PITCH_COUNT
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@cache
def chroma_filters() -> FloatArray:
    """(12, 1025), C first: for every bin of the spectrum how much of it belongs to which pitch class."""
    octaves = np.log2(np.arange(1, N_FFT) * (SAMPLE_RATE / N_FFT) / _A0_HZ)
    pitches = PITCH_COUNT * octaves
    pitches = np.concatenate([[pitches[0] - 1.5 * PITCH_COUNT], pitches])  # what has no pitch belongs to all a little
    widths = np.concatenate([np.maximum(np.diff(pitches), 1.0), [1.0]])
    half_circle = PITCH_COUNT / 2
    distances = np.remainder(pitches - np.arange(PITCH_COUNT)[:, None] + half_circle, PITCH_COUNT) - half_circle
    weights = np.exp(-0.5 * (2 * distances / widths) ** 2)
    weights /= np.linalg.norm(weights, axis=0)
    weights *= np.exp(-0.5 * ((pitches / PITCH_COUNT - _CENTRE_OCTAVE) / _OCTAVE_WIDTH) ** 2)
    from_c = np.roll(weights, -3, axis=0)
    return np.ascontiguousarray(from_c[:, : N_FFT // 2 + 1], dtype=np.float32)
