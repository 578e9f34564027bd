"""Levels are counted one by one only as far up as full scale can push the floor; sounds beyond it are measured again, as exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chalicelib.audio.clipped_mean import FULL_SCALE_DB, TOP_DB, ClippedMean, LouderThanPromisedError
from chalicelib.audio.frames import make_mel_filters
from tests.unit.audio.made_audio import make_music, write_audio
from tests.unit.audio.test_mfcc_equals_librosa import TOLERANCE, ask_librosa, measure


@pytest.mark.parametrize("gain", [3.0, 25.0])
def test_samples_far_over_full_scale_have_librosas_means(tmp_path: Path, gain: float) -> None:
    """The loudest last, so that all the quiet before it is clipped by what comes only then."""
    signal = np.concatenate([make_music(3.0, seed=2) * np.float32(1e-3), make_music(3.0) * np.float32(gain)])
    t = np.arange(44_100) / 44_100
    loud = np.float32(gain) * np.sin(2 * np.pi * 440 * t, dtype=np.float32)
    path = write_audio(tmp_path / "loud.wav", np.concatenate([signal, np.stack([loud, loud], axis=1)]), subtype="FLOAT")
    assert np.abs(measure(path) - ask_librosa(path)).max() < TOLERANCE


def test_a_full_scale_sine_keeps_the_promise() -> None:
    """Its power, half a Hann window's sum squared, in the bin where a filter is highest; its neighbours' share on top."""
    highest = float(make_mel_filters().max())
    sine_db = 10 * np.log10((2048 / 2 / 2) ** 2 * highest * 1.5)
    assert sine_db < FULL_SCALE_DB


def test_a_level_over_the_promise_is_refused() -> None:
    mean = ClippedMean(2, max_loudest_db=30.0)
    mean.add(np.full((3, 2), 30.0, np.float32))
    with pytest.raises(LouderThanPromisedError):
        mean.add(np.full((3, 2), 30.1, np.float32))


def test_a_promise_that_is_kept_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    levels = np.clip(rng.normal(-35, 25, (640, 16)), -100, 30).astype(np.float32)
    means = [ClippedMean(16), ClippedMean(16, max_loudest_db=float(levels.max()))]
    for mean in means:
        for begin in range(0, 640, 32):
            mean.add(levels[begin : begin + 32])
    expected = np.maximum(levels, levels.max() - TOP_DB).mean(axis=0, dtype=np.float64)
    assert all(np.abs(mean.finish() - expected).max() < 1e-4 for mean in means)
