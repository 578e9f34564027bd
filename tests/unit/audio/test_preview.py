"""Where a preview begins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.audio.preview import PREVIEW_S, SAMPLE_RATE, LoudnessBySecond, choose_preview_start

QUIET, LOUD = 1e-4, 1e-2


def make_powers(seconds: int, *loud: tuple[int, int]) -> np.ndarray:
    powers = np.full(seconds, QUIET)
    for begin, end in loud:
        powers[begin:end] = LOUD
    return powers


def test_the_preview_is_the_loud_part() -> None:
    assert choose_preview_start(make_powers(200, (120, 135))) == 120


def test_a_bang_at_the_very_start_or_end_is_no_preview() -> None:
    start = choose_preview_start(make_powers(200, (0, 12), (188, 200), (90, 105)))
    assert start == 90


def test_a_pause_in_the_middle_costs_more_than_a_peak_gains() -> None:
    powers = make_powers(200, (40, 55), (100, 115))
    powers[47] = 0.0
    powers[41] = 0.1
    assert choose_preview_start(powers) == 100


def test_a_song_that_is_equally_loud_throughout_begins_at_a_third() -> None:
    assert choose_preview_start(np.full(240, LOUD)) == 80


@pytest.mark.parametrize("seconds", [0, 1, PREVIEW_S, 2 * PREVIEW_S - 1])
def test_a_short_song_is_heard_from_its_beginning(seconds: int) -> None:
    assert choose_preview_start(make_powers(seconds)) == 0


@given(st.lists(st.floats(0, 1), min_size=2 * PREVIEW_S, max_size=400))
def test_every_preview_lies_within_its_song(powers: list[float]) -> None:
    start = choose_preview_start(np.array(powers))
    assert 0 < start <= len(powers) - PREVIEW_S - 1


def test_silence_is_no_fault() -> None:
    assert choose_preview_start(np.zeros(90)) == 30


@given(st.lists(st.integers(1, 40_000), max_size=20))
def test_however_the_signal_is_cut_the_seconds_are_the_same(sizes: list[int]) -> None:
    signal = np.random.default_rng(3).standard_normal(4 * SAMPLE_RATE + 100).astype(np.float32)
    whole, pieces = LoudnessBySecond(), LoudnessBySecond()
    whole.add(signal)
    begin = 0
    for size in [*sizes, len(signal)]:
        pieces.add(signal[begin : begin + size])
        begin += size
    assert len(whole._powers) == 4
    np.testing.assert_allclose(whole._powers, pieces._powers, rtol=1e-5)
