"""One file in, one Analysis out: identity, tags, cover, MFCC means. The only door into `audio`; knows no S3, no database.

Every file ends in an Analysis or in an AudioError with one of the codes not_audio, empty, silent, truncated, too_long, corrupt.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from chalicelib.audio import messages
from chalicelib.audio.cover import choose_cover
from chalicelib.audio.decoding import DecodedSound, resample_blocks
from chalicelib.audio.identity import identify_track
from chalicelib.audio.mfcc import FloatArray, MfccMeans
from chalicelib.audio.opening import OpenedAudio, open_audio
from chalicelib.audio.preview import LoudnessBySecond
from chalicelib.audio.tags import read_tags
from chalicelib.model import Analysis

Engine = Literal["streaming", "librosa"]


def analyse_file(path: Path, *, file_name: str, engine: Engine = "streaming", max_duration_s: float) -> Analysis:
    """`file_name` is what the person called it: the title where the tags have none. `path` may have any name."""
    with open_audio(path, max_duration_s=max_duration_s) as opened:
        sound = _measure(opened, engine, max_duration_s)
        container, warnings = opened.container, opened.warnings
    if not np.isfinite(sound.mfcc).all():
        raise messages.make_corrupt_error("its sound cannot be measured")
    with path.open("rb") as file:
        track_id = identify_track(file, container)
    file_tags = read_tags(path, container, file_name=file_name)
    cover, cover_warnings = choose_cover(file_tags.pictures)
    return Analysis(
        track_id=track_id,
        tags=file_tags.tags,
        cover=cover,
        duration_s=sound.duration_s,
        mfcc=tuple(float(value) for value in sound.mfcc),
        preview_start_s=sound.preview_start_s,
        warnings=(*warnings, *file_tags.warnings, *cover_warnings),
    )


class MeasuredSound(NamedTuple):
    mfcc: FloatArray
    duration_s: float  # decoded
    preview_start_s: float


def _measure(opened: OpenedAudio, engine: Engine, max_duration_s: float) -> MeasuredSound:
    if engine == "librosa":
        from chalicelib.audio.librosa_engine import measure_by_librosa

        return MeasuredSound(*measure_by_librosa(opened))
    sound = DecodedSound(opened, max_duration_s=max_duration_s)
    return measure_streaming(sound)


def measure_streaming(sound: DecodedSound) -> MeasuredSound:
    """One pass, in memory that does not grow with the song (but for four bytes a second)."""
    means, loudness = MfccMeans(), LoudnessBySecond()
    for signal in resample_blocks(sound, sound.sample_rate):
        means.add(signal)
        loudness.add(signal)
    sound.check()
    return MeasuredSound(means.finish(), sound.duration_s, loudness.find_preview_start())
