"""Opens a file of whatever container by its content, and refuses at once what is empty, no audio, cut short or too long.

What a header declares is compared with what the bytes hold; where an MP3's header is wrong or missing, the decoder is given a right one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import soundfile

from chalicelib.audio import container_lengths, messages
from chalicelib.audio.forward_sound import ForwardSound
from chalicelib.audio.mp3_frames import FrameWalk, make_counting_head, walk_frames
from chalicelib.audio.mp3_view import Mp3View
from chalicelib.audio.tag_bounds import find_sound_range

_CONTAINERS = {"WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "AIFF", "CAF", "AU"}  # libsndfile guesses more
_MIN_SAMPLE_RATE, _MAX_SAMPLE_RATE = 1_000, 768_000
_MIN_FRAMES_OF_A_STRANGER = 8  # MP3 frames that the decoder did not find by itself must be many to be believed
_MAX_SKIPPED_SHARE, _MAX_SKIPPED_BYTES = 0.01, 4096
_MOST_TRIMMED_SAMPLES = 2 * 4095  # LAME's header has 12 bits each for what encoding put before and behind the song


@dataclass(frozen=True, slots=True)
class OpenedAudio:
    sound: ForwardSound
    container: str  # libsndfile's name: MP3, WAV, FLAC, OGG, ...
    expected_samples: int | None  # per channel, by what the bytes hold; None where that is not known
    on_short: Literal["truncated", "corrupt"]  # what it means when fewer can be decoded
    warnings: tuple[str, ...] = ()


@contextmanager
def open_audio(path: Path, *, max_duration_s: float) -> Iterator[OpenedAudio]:
    """The file, ready to be decoded from its first sample; AudioError when it is none that can become a track."""
    with ExitStack() as open_files:
        file = open_files.enter_context(path.open("rb"))
        if file.seek(0, os.SEEK_END) == 0:
            raise messages.make_empty_error()
        # Without a name, by which libsndfile would choose; and not by `file`, whose place in the bytes it would share.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        open_files.callback(os.close, descriptor)
        sound = _open_sound(descriptor)
        if sound is not None:
            open_files.callback(sound.close)
        is_mp3 = sound is None or sound.format == "MP3"
        opened = _open_mp3(file, sound, max_duration_s) if is_mp3 else _open_other(file, sound, max_duration_s)
        open_files.callback(opened.sound.close)
        yield opened


def _open_sound(source: int | Mp3View) -> ForwardSound | None:
    try:
        return ForwardSound(source, closefd=False)
    except soundfile.SoundFileError:
        return None


def _open_other(file: BinaryIO, sound: soundfile.SoundFile, max_duration_s: float) -> OpenedAudio:
    if sound.format not in _CONTAINERS:
        raise messages.make_not_audio_error()
    if not _MIN_SAMPLE_RATE <= sound.samplerate <= _MAX_SAMPLE_RATE:
        raise messages.make_corrupt_error(f"it claims {sound.samplerate} samples a second")
    duration_s = sound.frames / sound.samplerate
    if duration_s > max_duration_s:
        raise messages.make_too_long_error(duration_s, max_duration_s)
    container_lengths.check_container(file, sound.format, duration_s)
    return OpenedAudio(sound, sound.format, sound.frames, "truncated")


def _open_mp3(file: BinaryIO, sound: ForwardSound | None, max_duration_s: float) -> OpenedAudio:
    """`sound` is None when libsndfile recognised nothing: it may still be an MP3 behind a broken tag or junk."""
    start, end, is_stated = find_sound_range(file)
    size = file.seek(0, os.SEEK_END)
    if start > size:
        raise messages.make_cut_tag_error()
    walk = walk_frames(file, start, end)
    if walk is None:
        return _trust_decoder(sound, max_duration_s)
    _check_walk(walk, max_duration_s=max_duration_s, sound_bytes=end - start, has_end_tag=end < size)
    if sound is None and walk.frames < _MIN_FRAMES_OF_A_STRANGER:
        raise messages.make_not_audio_error()
    begins_there = is_stated and walk.first_frame_at == start and (sound is None or sound.samplerate == walk.sample_rate)
    return _open_walked(file, end, sound if begins_there else None, walk)


def _trust_decoder(sound: ForwardSound | None, max_duration_s: float) -> OpenedAudio:
    """No frames to walk: free-format MP3 at best."""
    if sound is None or sound.frames <= 0:
        raise messages.make_not_audio_error()
    if sound.frames / sound.samplerate > max_duration_s:
        raise messages.make_too_long_error(sound.frames / sound.samplerate, max_duration_s)
    return OpenedAudio(sound, "MP3", sound.frames, "corrupt")


def _check_walk(walk: FrameWalk, *, max_duration_s: float, sound_bytes: int, has_end_tag: bool) -> None:
    held_s = walk.duration_s
    if walk.frames == 0 and walk.declared_s == 0 and not walk.is_last_cut:
        raise messages.make_not_audio_error()
    if held_s > max_duration_s:
        raise messages.make_too_long_error(held_s, max_duration_s)
    strange_bytes = walk.skipped_bytes + (0 if _says_where_it_ends(walk) else walk.trailing_bytes)
    if strange_bytes > _MAX_SKIPPED_SHARE * sound_bytes and strange_bytes > _MAX_SKIPPED_BYTES:
        raise messages.make_corrupt_error(f"{strange_bytes / sound_bytes:.0%} of its bytes belong to no MP3 frame")
    declared_s = walk.declared_s
    if declared_s - held_s > messages.allowed_gap_s(declared_s) and not _has_declared_bytes(walk, sound_bytes):
        raise messages.make_truncated_error(held_s, declared_s)
    if walk.is_last_cut and declared_s == 0 and not has_end_tag:
        raise messages.make_cut_frame_error(held_s)


def _says_where_it_ends(walk: FrameWalk) -> bool:
    """All frames that were declared are there: what follows them is none of the song, whatever it is."""
    return walk.declared_s > 0 and abs(walk.declared_s - walk.duration_s) <= messages.allowed_gap_s(walk.declared_s)


def _has_declared_bytes(walk: FrameWalk, sound_bytes: int) -> bool:
    """A file that was cut lacks bytes too; one that lacks none has a wrong count of frames in its header."""
    return walk.declared is not None and 0 < walk.declared.sound_bytes <= sound_bytes


def _open_walked(file: BinaryIO, end: int, sound: ForwardSound | None, walk: FrameWalk) -> OpenedAudio:
    """As it is where the decoder's idea of the length covers all frames, else behind a header that is right."""
    held_samples = walk.frames * walk.samples_per_frame
    enough_samples = float(held_samples)  # a guess may be too long: then the end of the file is what ends it
    if walk.declared_s:
        enough_samples -= messages.allowed_gap_s(walk.duration_s) * walk.sample_rate + _MOST_TRIMMED_SAMPLES
    if sound is None:
        sound = _open_sound(Mp3View(file, walk.first_frame_at, end))
    is_undercounted = 0 < walk.declared_s < walk.duration_s - messages.allowed_gap_s(walk.duration_s)  # libsndfile may then give nothing
    if sound is not None and sound.frames >= enough_samples and not is_undercounted:
        return OpenedAudio(sound, "MP3", min(sound.frames, held_samples), "corrupt")
    counted = _open_sound(Mp3View(file, walk.first_sound_at, end, head=make_counting_head(walk)))
    if counted is None:
        raise messages.make_not_audio_error()
    warnings = ("The header of this file gives its length wrongly; the whole of it was analysed.",) if walk.declared_s else ()
    return OpenedAudio(counted, "MP3", held_samples, "corrupt", warnings)
