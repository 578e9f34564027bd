"""All that is measured of one song's sound, in one pass over its frames and in memory that hardly grows with its length."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chalicelib.audio.clipped_mean import MAX_LOUDEST_DB
from chalicelib.audio.frames import FloatArray, FrameBlock, FrameMaker
from chalicelib.audio.half_windows import HalfWindows
from chalicelib.audio.mfcc import MfccMeans
from chalicelib.audio.passages import make_passages
from chalicelib.audio.preview import find_preview_start
from chalicelib.audio.timbre_features import Features, make_song_features


class MeasuredSound(NamedTuple):
    mfcc: FloatArray  # (MFCC_COUNT,)
    features: FloatArray  # (FEATURE_COUNT,), the first of them `mfcc`
    passages: FloatArray  # (1 to 8, FEATURE_COUNT)
    duration_s: float  # decoded
    preview_start_s: float

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.features).all() and np.isfinite(self.passages).all())


class SongMeter:
    """Add the mono signal at 22,050 Hz piece by piece, then ask once. However it is cut, the answer is the same."""

    def __init__(self, *, max_loudest_db: float = MAX_LOUDEST_DB) -> None:
        """LouderThanPromisedError from `add` and `finish` when a mel level is over `max_loudest_db`; the lower, the faster."""
        self._frames, self._means, self._windows = FrameMaker(), MfccMeans(max_loudest_db=max_loudest_db), HalfWindows()

    def add(self, signal: FloatArray) -> None:
        for block in self._frames.add(signal):
            self._take(block)

    def finish(self, *, duration_s: float, mfcc: FloatArray | None = None) -> MeasuredSound:
        """`mfcc` where another engine has measured the 20 means."""
        for block in self._frames.finish():
            self._take(block)
        means = self._means.finish() if mfcc is None else mfcc
        kept = self._windows.finish()
        features, passages = make_song_features(kept, means), make_passages(kept)
        return MeasuredSound(means, _narrow(features), _narrow(np.stack(passages)), duration_s, find_preview_start(kept, duration_s))

    def _take(self, block: FrameBlock) -> None:
        self._means.add(block.levels)
        self._windows.add(block)


def _narrow(features: Features) -> FloatArray:
    """As they are stored."""
    return features.astype(np.float32)
