"""One file in, one Analysis out: identity, tags, cover, MFCC means, features. The only door into `audio`; knows no S3, no database.

Every file ends in an Analysis or in an AudioError with one of the codes not_audio, empty, silent, truncated, too_long, corrupt.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Literal, NamedTuple

from chalicelib.audio import messages
from chalicelib.audio.clipped_mean import FULL_SCALE_DB, MAX_LOUDEST_DB, LouderThanPromisedError
from chalicelib.audio.cover import choose_cover
from chalicelib.audio.decoding import DecodedSound, resample_blocks
from chalicelib.audio.frames import FloatArray
from chalicelib.audio.identity import identify_track
from chalicelib.audio.opening import OpenedAudio, open_audio
from chalicelib.audio.read_ahead import read_ahead
from chalicelib.audio.song_meter import MeasuredSound, SongMeter
from chalicelib.audio.tags import read_tags
from chalicelib.errors import AudioError
from chalicelib.model import Analysis

Engine = Literal["streaming", "librosa"]

_MENDABLE = {"corrupt", "truncated"}


class _Heard(NamedTuple):
    sound: MeasuredSound
    container: str
    warnings: tuple[str, ...]


def analyse_file(path: Path, *, file_name: str, engine: Engine = "streaming", max_duration_s: float) -> Analysis:
    """`file_name` is what the person called it: the title where the tags have none. `path` may have any name."""
    heard = _hear(path, engine, max_duration_s)
    sound = heard.sound
    if not sound.is_finite:
        raise messages.make_corrupt_error("its sound cannot be measured")
    with path.open("rb") as file:
        track_id = identify_track(file, heard.container)
    file_tags = read_tags(path, heard.container, file_name=file_name)
    cover, cover_warnings = choose_cover(file_tags.pictures)
    return Analysis(
        track_id=track_id,
        tags=file_tags.tags,
        cover=cover,
        duration_s=sound.duration_s,
        mfcc=_list_numbers(sound.mfcc),
        features=_list_numbers(sound.features),
        passages=tuple(_list_numbers(passage) for passage in sound.passages),
        preview_start_s=sound.preview_start_s,
        warnings=(*heard.warnings, *file_tags.warnings, *cover_warnings),
    )


def _hear(path: Path, engine: Engine, max_duration_s: float) -> _Heard:
    """As librosa would; what that refuses as damaged a second time, with leniency. Refused again, the first reason is what is said."""
    try:
        return _hear_once(path, engine, max_duration_s, is_lenient=False)
    except AudioError as refusal:
        if refusal.code not in _MENDABLE:
            raise
        try:
            return _hear_once(path, engine, max_duration_s, is_lenient=True)
        except AudioError:
            raise refusal from None


def _hear_once(path: Path, engine: Engine, max_duration_s: float, *, is_lenient: bool) -> _Heard:
    with open_audio(path, max_duration_s=max_duration_s, is_lenient=is_lenient) as opened:
        sound = _measure(opened, engine, max_duration_s)
        return _Heard(sound, opened.container, (*opened.warnings, *_describe_damage(opened, sound.duration_s)))


def _describe_damage(opened: OpenedAudio, held_s: float) -> tuple[str, ...]:
    if opened.damage is None:
        return ()
    undecoded_s = max(opened.expected_s - opened.damage.lost_s - held_s, 0.0)
    return (opened.damage.describe(held_s=held_s, undecoded_s=undecoded_s),)


def _measure(opened: OpenedAudio, engine: Engine, max_duration_s: float) -> MeasuredSound:
    if engine == "librosa":
        return _measure_by_librosa(opened)
    try:
        loudest_db = FULL_SCALE_DB if opened.damage is None else MAX_LOUDEST_DB  # damage is loud, and must be noted once
        return measure_streaming(DecodedSound(opened, max_duration_s=max_duration_s), max_loudest_db=loudest_db)
    except LouderThanPromisedError:  # hardly ever: most of a song's samples would have to be over full scale
        opened.sound.seek(0)
        return measure_streaming(DecodedSound(opened, max_duration_s=max_duration_s))


def _measure_by_librosa(opened: OpenedAudio) -> MeasuredSound:
    """librosa's own 20 means; all else is measured on the signal that it loaded."""
    from chalicelib.audio.librosa_engine import measure_by_librosa

    signal, mfcc, duration_s = measure_by_librosa(opened)
    meter = SongMeter()
    meter.add(signal)
    return meter.finish(duration_s=duration_s, mfcc=mfcc)


def measure_streaming(sound: DecodedSound, *, max_loudest_db: float = MAX_LOUDEST_DB) -> MeasuredSound:
    """One pass; what is kept of three hours is 5 MB."""
    meter = SongMeter(max_loudest_db=max_loudest_db)
    with closing(read_ahead(resample_blocks(sound, sound.sample_rate))) as signals:  # else it would read on after an error
        for signal in signals:
            meter.add(signal)
    sound.check()
    return meter.finish(duration_s=sound.duration_s)


def _list_numbers(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
