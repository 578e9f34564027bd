"""One file in, one Analysis out: identity, tags, cover, MFCC means. The only door into `audio`; knows no S3, no database.

Every file ends in an Analysis or in an AudioError with one of the codes not_audio, empty, silent, truncated, too_long, corrupt.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from chalicelib.audio import messages
from chalicelib.audio.cover import choose_cover
from chalicelib.audio.decoding import DecodedSound, resample_blocks
from chalicelib.audio.identity import identify_track
from chalicelib.audio.mfcc import FloatArray, MfccMeans
from chalicelib.audio.opening import OpenedAudio, open_audio
from chalicelib.audio.tags import read_tags
from chalicelib.model import Analysis

Engine = Literal["streaming", "librosa"]


def analyse_file(path: Path, *, file_name: str, engine: Engine = "streaming", max_duration_s: float) -> Analysis:
    """`file_name` is what the person called it: the title where the tags have none. `path` may have any name."""
    with open_audio(path, max_duration_s=max_duration_s) as opened:
        mfcc, duration_s = _measure(opened, engine, max_duration_s)
        container, warnings = opened.container, opened.warnings
    if not np.isfinite(mfcc).all():
        raise messages.make_corrupt_error("its sound cannot be measured")
    with path.open("rb") as file:
        track_id = identify_track(file, container)
    file_tags = read_tags(path, container, file_name=file_name)
    cover, cover_warnings = choose_cover(file_tags.pictures)
    return Analysis(
        track_id=track_id,
        tags=file_tags.tags,
        cover=cover,
        duration_s=duration_s,
        mfcc=tuple(float(value) for value in mfcc),
        warnings=(*warnings, *file_tags.warnings, *cover_warnings),
    )


def _measure(opened: OpenedAudio, engine: Engine, max_duration_s: float) -> tuple[FloatArray, float]:
    if engine == "librosa":
        from chalicelib.audio.librosa_engine import measure_by_librosa

        return measure_by_librosa(opened)
    sound = DecodedSound(opened, max_duration_s=max_duration_s)
    return measure_streaming(sound)


def measure_streaming(sound: DecodedSound) -> tuple[FloatArray, float]:
    """The 20 means and the decoded duration in seconds, in memory that does not grow with it."""
    means = MfccMeans()
    for signal in resample_blocks(sound, sound.sample_rate):
        means.add(signal)
    sound.check()
    return means.finish(), sound.duration_s
