"""Which windows of a song become its passages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.audio.fluctuation import SWING_COUNT
from chalicelib.audio.frame_features import FLOOR_DB
from chalicelib.audio.frames import FloatArray
from chalicelib.audio.half_windows import HALF_FRAMES, KeptSong
from chalicelib.audio.moments import ROW_SIZE
from chalicelib.audio.passages import MAX_PASSAGES, choose_windows


def keep_song(loudness: FloatArray) -> KeptSong:
    halves = -(-len(loudness) // HALF_FRAMES)
    windows = max(len(loudness) // HALF_FRAMES - 1, 1)
    return KeptSong(np.zeros((halves, ROW_SIZE), np.float32), np.zeros((windows, SWING_COUNT), np.float32), loudness.astype(np.float32))


@given(frames=st.integers(min_value=1, max_value=60_000))
def test_passages_are_whole_windows_in_order_and_no_more_than_eight(frames: int) -> None:
    kept = keep_song(np.zeros(frames))
    windows = choose_windows(kept)
    assert windows == sorted(set(windows))
    assert len(windows) == min(MAX_PASSAGES, kept.window_count)
    assert frames < 2 * HALF_FRAMES or (windows[-1] + 2) * HALF_FRAMES <= frames


@given(frames=st.integers(min_value=20 * HALF_FRAMES, max_value=500_000))
def test_passages_are_spread_evenly_and_leave_the_edges_alone(frames: int) -> None:
    kept = keep_song(np.zeros(frames))
    windows = choose_windows(kept)
    steps = np.diff(windows)
    assert steps.max() - steps.min() <= 1
    assert abs(windows[0] - (kept.window_count - 1 - windows[-1])) <= 2


def test_a_long_pause_is_no_passage() -> None:
    """A hidden song after five silent minutes: all passages are music."""
    loudness = np.full(60 * HALF_FRAMES, FLOOR_DB)
    loudness[: 10 * HALF_FRAMES] = loudness[54 * HALF_FRAMES :] = -5.0
    windows = choose_windows(keep_song(loudness))
    assert len(windows) == MAX_PASSAGES
    assert all(window < 10 or window >= 53 for window in windows)
    assert windows[-1] >= 53


@pytest.mark.parametrize("frames", [1, HALF_FRAMES, 2 * HALF_FRAMES, 40 * HALF_FRAMES])
def test_a_song_that_is_hardly_heard_has_passages_all_the_same(frames: int) -> None:
    assert choose_windows(keep_song(np.full(frames, FLOOR_DB)))
