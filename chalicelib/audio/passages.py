"""Which windows of a song stand for its passages: a few, evenly spread, that can be heard. What a learned metric is fitted on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chalicelib.audio.frame_features import FLOOR_DB
from chalicelib.audio.half_windows import HALF_FRAMES, KeptSong
from chalicelib.audio.timbre_features import Features, make_window_features

MAX_PASSAGES = 8
_FAINTEST_DB = FLOOR_DB + 5  # a window that nowhere rises above says nothing of its song


def make_passages(kept: KeptSong) -> list[Features]:
    """At least one, at most MAX_PASSAGES, in their order in the song."""
    return [make_window_features(kept, window) for window in choose_windows(kept)]


def choose_windows(kept: KeptSong) -> list[int]:
    """The middle window of each of MAX_PASSAGES equal parts; all of them where there are no more."""
    audible = np.flatnonzero(_find_audible(kept))
    windows = audible if len(audible) else np.arange(kept.window_count)
    count = min(MAX_PASSAGES, len(windows))
    middles = ((np.arange(count) + 0.5) * len(windows) / count).astype(int)
    return [int(window) for window in windows[middles]]


def _find_audible(kept: KeptSong) -> npt.NDArray[np.bool_]:
    """(windows,)"""
    loudest = np.maximum.reduceat(kept.loudness, np.arange(0, len(kept.loudness), HALF_FRAMES))
    of_windows = np.maximum(loudest[:-1], loudest[1:]) if len(loudest) > 1 else loudest
    return of_windows[: kept.window_count] > _FAINTEST_DB
