"""What is kept of a song as it passes: of every half window of 256 frames the moments, of every window its fluctuation.

A passage is then two neighbouring halves and the song is all of them. In memory: some 400 numbers a half and one a frame, 5 MB for three
hours.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np

from chalicelib.audio import frame_features
from chalicelib.audio.fluctuation import SWING_COUNT, WINDOW_FRAMES, measure_fluctuation
from chalicelib.audio.frames import FloatArray, FrameBlock
from chalicelib.audio.moments import ROW_SIZE, measure_moments

HALF_FRAMES = WINDOW_FRAMES // 2


class KeptSong(NamedTuple):
    halves: FloatArray  # (h, ROW_SIZE): the moments of each half; the last may be of fewer frames
    swings: FloatArray  # (w, SWING_COUNT): the fluctuation of each window, half overlapping; of a shorter song that of what there is
    loudness: FloatArray  # (frames,) in dB

    @property
    def window_count(self) -> int:
        return len(self.swings)


class HalfWindows:
    """Add the blocks of a song in their order, then ask once for what was kept."""

    def __init__(self) -> None:
        self._rows = np.empty((WINDOW_FRAMES, frame_features.COLUMN_COUNT), np.float32)  # the half before, and the one that fills
        self._filled = 0
        self._has_half = False
        self._halves, self._swings, self._loudness = array("f"), array("f"), array("f")

    def add(self, block: FrameBlock) -> None:
        rows = frame_features.describe_frames(block)
        self._loudness.frombytes(rows[:, frame_features.LOUDNESS].tobytes())
        start = 0
        while start < len(rows):
            taken = rows[start : start + HALF_FRAMES - self._filled]
            begin = HALF_FRAMES + self._filled
            self._rows[begin : begin + len(taken)] = taken
            self._filled += len(taken)
            start += len(taken)
            if self._filled == HALF_FRAMES:
                self._close_half()

    def finish(self) -> KeptSong:
        if not self._swings:
            self._keep_swings()
        if self._filled:
            self._keep_moments()
        return KeptSong(_as_rows(self._halves, ROW_SIZE), _as_rows(self._swings, SWING_COUNT), _as_rows(self._loudness, 1)[:, 0])

    def _close_half(self) -> None:
        if self._has_half:
            self._keep_swings()
        self._keep_moments()
        self._rows[:HALF_FRAMES] = self._rows[HALF_FRAMES:]
        self._has_half, self._filled = True, 0

    def _keep_swings(self) -> None:
        begin = 0 if self._has_half else HALF_FRAMES
        bands = self._rows[begin : HALF_FRAMES + self._filled, frame_features.BANDS]
        self._swings.frombytes(measure_fluctuation(bands).tobytes())

    def _keep_moments(self) -> None:
        frames = self._rows[HALF_FRAMES : HALF_FRAMES + self._filled]
        before = self._rows[HALF_FRAMES - 1] if self._has_half else frames[0]
        self._halves.frombytes(measure_moments(frames, before).tobytes())


def _as_rows(numbers: array[float], width: int) -> FloatArray:
    return np.frombuffer(numbers, np.float32).reshape(-1, width)
