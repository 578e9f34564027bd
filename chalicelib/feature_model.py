"""How a song's features are laid out: which numbers say what. Plain constants, so that a page can read them without numpy."""

from __future__ import annotations

from typing import Literal

import msgspec

Part = Literal["timbre", "texture", "rhythm", "loudness", "harmony"]  # what the groups are called for people


class FeatureGroup(msgspec.Struct, frozen=True):
    name: str
    part: Part
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


FEATURE_GROUPS = (
    FeatureGroup("mfcc_mean", "timbre", 0, 20),
    FeatureGroup("mfcc_std", "texture", 20, 40),
    FeatureGroup("mfcc_delta_std", "texture", 40, 60),
    FeatureGroup("log_covariance", "texture", 60, 151),  # of MFCC 1-13: the upper triangle, row by row
    FeatureGroup("fluctuation", "rhythm", 151, 181),  # marginals over 20 bands, then over 10 modulation rates
    FeatureGroup("loudness", "loudness", 181, 184),
    FeatureGroup("chroma_intervals", "harmony", 184, 204),  # the same in every key
)
FEATURE_COUNT = 204
