"""Where a preview begins."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.audio.frames import SAMPLE_RATE
from chalicelib.audio.half_windows import HALF_FRAMES
from chalicelib.audio.preview import HALF_S, HALVES, PREVIEW_S, choose_start, find_first_sound, find_quiet_halves, measure_likeness
from chalicelib.audio.song_meter import SongMeter
from tests.unit.audio.made_audio import Signal

NONE_QUIET = np.zeros(200, bool)
INTRO, VERSE, CHORUS, BRIDGE = ((0, 2, 6), (0, 3, 7), (5, 9, 12), (1, 4, 11))


def play_part(chord: tuple[int, ...], duration_s: float, *, partials: int, loudness: float) -> Signal:
    """A chord, struck twice a second."""
    t = np.arange(int(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    tones = [220 * 2 ** (tone / 12) for tone in chord]
    sound = sum(np.sin(2 * np.pi * tone * k * t) / k for tone in tones for k in range(1, partials + 1)) * np.exp(-3 * (t % 0.5))
    return (loudness * sound).astype(np.float32)


def find_start(*parts: Signal) -> float:
    signal = np.concatenate(parts)
    meter = SongMeter()
    meter.add(signal)
    return meter.finish(duration_s=len(signal) / SAMPLE_RATE).preview_start_s


def test_the_preview_is_the_part_that_recurs_and_not_the_one_that_is_loudest() -> None:
    intro = play_part(INTRO, 25, partials=1, loudness=0.05)
    chorus = play_part(CHORUS, 36, partials=8, loudness=0.1)
    bridge = play_part(BRIDGE, 30, partials=3, loudness=0.3)
    start = find_start(intro, chorus, bridge, chorus, play_part(VERSE, 15, partials=2, loudness=0.05))
    is_in_first, is_in_second = 25 - HALF_S <= start <= 61 - PREVIEW_S + HALF_S, 91 - HALF_S <= start <= 127 - PREVIEW_S + HALF_S
    assert is_in_first or is_in_second


def test_a_preview_is_not_silent_however_much_of_the_song_is() -> None:
    music = play_part(CHORUS, 50, partials=8, loudness=0.1)
    start = find_start(music, np.zeros(240 * SAMPLE_RATE, np.float32), music)
    assert start + PREVIEW_S <= 50 + HALF_S or start >= 290 - HALF_S


def test_a_song_that_is_alike_throughout_begins_at_a_third() -> None:
    assert choose_start(np.ones(60), NONE_QUIET[:60]) == 20


@given(st.lists(st.floats(0, 1), min_size=HALVES + 2, max_size=200))
def test_a_preview_lies_within_its_song_and_away_from_its_edges(likeness: list[float]) -> None:
    start = choose_start(np.array(likeness), np.zeros(len(likeness), bool))
    assert 0 < start < len(likeness) - HALVES


@given(st.lists(st.floats(0, 1), min_size=20, max_size=60), st.integers(0, 15))
def test_silence_costs_more_than_likeness_or_an_edge(likeness: list[float], loud_from: int) -> None:
    is_quiet = np.ones(len(likeness), bool)
    is_quiet[loud_from : loud_from + HALVES] = False
    assert choose_start(np.array(likeness), is_quiet) == loud_from


@pytest.mark.parametrize("duration_s", [0.5, 8, 29, 44])
def test_a_short_song_is_heard_from_its_beginning(duration_s: float) -> None:
    assert find_start(play_part(CHORUS, duration_s, partials=8, loudness=0.1)) == pytest.approx(0.0, abs=0.1)


def test_a_short_song_is_heard_from_where_its_sound_begins() -> None:
    silence = np.zeros(5 * SAMPLE_RATE, np.float32)
    assert find_start(silence, play_part(CHORUS, 35, partials=8, loudness=0.1)) == pytest.approx(5.0, abs=0.1)


def test_the_end_of_a_short_song_is_not_cut_off_by_a_late_start() -> None:
    silence = np.zeros(20 * SAMPLE_RATE, np.float32)
    assert find_start(silence, play_part(CHORUS, 22, partials=8, loudness=0.1)) == pytest.approx(42 - PREVIEW_S, abs=0.01)


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(0, 1000))
def test_likeness_in_parts_is_that_of_the_whole_self_similarity(count: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((count, 6)).astype(np.float32)
    vectors -= vectors.mean(axis=0)
    distances = np.square(vectors[:, None, :] - vectors[None, :, :]).sum(axis=2)
    expected = np.exp(-distances / max(distances.mean(), 1e-9)).mean(axis=1)
    np.testing.assert_allclose(measure_likeness(vectors), expected, atol=1e-3)


def test_a_half_is_quiet_when_most_of_it_is() -> None:
    loudness = np.zeros(5 * HALF_FRAMES + 10, np.float32)
    for half, share in enumerate([0, 0.4, 0.6, 1]):
        loudness[half * HALF_FRAMES : half * HALF_FRAMES + int(share * HALF_FRAMES)] = -45
    loudness[-10:] = -45
    assert find_quiet_halves(loudness).tolist() == [False, False, True, True, False, True]


def test_sound_begins_with_the_first_frame_that_is_heard() -> None:
    levels = np.full(400, -45.0, np.float32)
    for (begin, level), (end, _) in pairwise([(100, -40.0), (200, 0.0), (400, 0.0)]):
        levels[begin:end] = level
    assert find_first_sound(levels) == pytest.approx(200 * 512 / SAMPLE_RATE)
