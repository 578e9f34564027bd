"""Opens a file of whatever container by its content, and refuses at once what is empty, no audio, cut short or too long.

What a header declares is compared with what the bytes hold; where an MP3's header is wrong or missing, the decoder is given a right one.
With leniency a file that is damaged a little is opened too, in the shape in which most of it can be decoded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

import soundfile

from chalicelib.audio import container_lengths, messages
from chalicelib.audio.forward_sound import ForwardSound, SkippingSound
from chalicelib.audio.losses import NOTICED_S, Damage, most_loss_s
from chalicelib.audio.mp3_frames import FrameWalk, find_chain, make_counting_head, walk_frames
from chalicelib.audio.mp3_runs import find_runs, note_holes
from chalicelib.audio.mp3_view import Mp3View
from chalicelib.audio.strangers import make_stranger_error
from chalicelib.audio.tag_bounds import find_sound_range, has_large_tag

_CONTAINERS = {"WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "AIFF", "CAF", "AU"}  # libsndfile guesses more
_MIN_SAMPLE_RATE, _MAX_SAMPLE_RATE = 1_000, 768_000
_MOST_COUNTED_SAMPLES = 1 << 48
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
    damage: Damage | None = None  # what is missing, noted as it is found; None: nothing may be, save what nobody notices

    @property
    def allowed_loss_s(self) -> float:
        """How much fewer than `expected_samples` may be decoded."""
        if self.damage is None:
            return NOTICED_S
        return most_loss_s(self.expected_s) - self.damage.lost_s - self.damage.muted_s

    @property
    def expected_s(self) -> float:
        noted_s = 0.0 if self.damage is None else self.damage.lost_s
        return float((self.expected_samples or 0) / self.sound.samplerate) + noted_s


@contextmanager
def open_audio(path: Path, *, max_duration_s: float, is_lenient: bool = False) -> Iterator[OpenedAudio]:
    """The file, ready to be decoded from its first sample; AudioError when it is none that can become a track.

    `is_lenient`: although a little of it is missing or cannot be decoded (`losses`).
    """
    with ExitStack() as open_files:
        file = open_files.enter_context(path.open("rb"))
        if file.seek(0, os.SEEK_END) == 0:
            raise messages.make_empty_error()
        # Without a name, by which libsndfile would choose; and not by `file`, whose place in the bytes it would share.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        open_files.callback(os.close, descriptor)
        sound = None if has_large_tag(file) else _open_sound(descriptor)  # libmpg123 would read it whole
        if sound is not None:
            open_files.callback(sound.close)
        opened = _open_either(file, path, sound, max_duration_s, is_lenient=is_lenient)
        open_files.callback(opened.sound.close)
        yield opened


def _open_either(file: BinaryIO, path: Path, sound: ForwardSound | None, max_duration_s: float, *, is_lenient: bool) -> OpenedAudio:
    if sound is not None and sound.format == "WAV" and sound.subtype.startswith("MPEG"):
        sound = None  # MP3 in a WAV: libsndfile guesses its length
    if sound is None or sound.format == "MP3":
        opened = _open_mp3(file, sound, max_duration_s, is_lenient=is_lenient)
        if opened is None:
            raise make_stranger_error(file)
        return opened
    opened = _open_other(sound, max_duration_s)
    return _allow_damage(file, path, opened) if is_lenient else _refuse_cut(file, opened)


def _open_sound(source: int | Mp3View) -> ForwardSound | None:
    try:
        return ForwardSound(source, closefd=False)
    except soundfile.SoundFileError:
        return None


def _open_other(sound: ForwardSound, max_duration_s: float) -> OpenedAudio:
    if sound.format not in _CONTAINERS:
        raise messages.make_not_audio_error()
    if not _MIN_SAMPLE_RATE <= sound.samplerate <= _MAX_SAMPLE_RATE:
        raise messages.make_corrupt_error(f"it claims {sound.samplerate} samples a second")
    if sound.frames > _MOST_COUNTED_SAMPLES:  # FLAC by a program that streams: it ends where it ends
        return OpenedAudio(sound, sound.format, None, "truncated")
    duration_s = sound.frames / sound.samplerate
    if duration_s > max_duration_s:
        raise messages.make_too_long_error(duration_s, max_duration_s)
    return OpenedAudio(sound, sound.format, sound.frames, "truncated")


def _refuse_cut(file: BinaryIO, opened: OpenedAudio) -> OpenedAudio:
    declared_s = container_lengths.measure_declared(file, opened.container, opened.expected_s)
    if declared_s - opened.expected_s > NOTICED_S:
        raise messages.make_truncated_error(opened.expected_s, declared_s)
    return opened


def _allow_damage(file: BinaryIO, path: Path, opened: OpenedAudio) -> OpenedAudio:
    if opened.expected_samples is None:
        raise messages.make_corrupt_error("how much of it is missing cannot be told")
    declared_s = container_lengths.measure_declared(file, opened.container, opened.expected_s, is_lenient=True)
    damage = Damage(max(declared_s - opened.expected_s, 0.0), is_place_told=opened.container != "OGG")
    if damage.lost_s > most_loss_s(declared_s):
        raise messages.make_truncated_error(opened.expected_s, declared_s)
    return replace(opened, damage=damage, sound=SkippingSound(path, damage) if opened.container == "FLAC" else opened.sound)


def _open_mp3(file: BinaryIO, sound: ForwardSound | None, max_duration_s: float, *, is_lenient: bool) -> OpenedAudio | None:
    """`sound` is None when libsndfile recognised nothing: it may still be an MP3 behind a broken tag or junk. None: it is no MP3."""
    start, end, is_stated = find_sound_range(file)
    size = file.seek(0, os.SEEK_END)
    if start > size:
        raise messages.make_cut_tag_error()
    walk = walk_frames(file, start, end)
    if walk is None:
        return _trust_decoder(sound, max_duration_s)
    if walk.is_empty or (sound is None and 0 < walk.frames < _MIN_FRAMES_OF_A_STRANGER):
        return None
    _check_walk(walk, max_duration_s=max_duration_s, has_end_tag=end < size)
    begins_there = is_stated and walk.first_frame_at == start and (sound is None or sound.samplerate == walk.sample_rate)
    decoder = sound if begins_there else None
    _refuse_joined(file, end, walk)
    if is_lenient:
        return _open_damaged(file, end, decoder, walk, sound_bytes=end - start)
    _refuse_damage(walk, sound_bytes=end - start)
    return _open_walked(file, end, decoder, walk)


def _trust_decoder(sound: ForwardSound | None, max_duration_s: float) -> OpenedAudio | None:
    """No frames to walk: free-format MP3 at best."""
    if sound is None or sound.frames <= 0:
        return None
    if sound.frames / sound.samplerate > max_duration_s:
        raise messages.make_too_long_error(sound.frames / sound.samplerate, max_duration_s)
    return OpenedAudio(sound, "MP3", sound.frames, "corrupt")


def _check_walk(walk: FrameWalk, *, max_duration_s: float, has_end_tag: bool) -> None:
    held_s = walk.duration_s
    if held_s > max_duration_s:
        raise messages.make_too_long_error(held_s, max_duration_s)
    if walk.is_last_cut and walk.declared_s == 0 and not has_end_tag:
        raise messages.make_cut_frame_error(held_s)


def _refuse_joined(file: BinaryIO, end: int, walk: FrameWalk) -> None:
    """What no frames of the song's kind follow may still be sound: of another sample rate, or of one channel instead of two."""
    tail_at = end - walk.trailing_bytes
    tail_s = walk.duration_s * walk.trailing_bytes / max(tail_at - walk.first_sound_at, 1)
    if walk.duration_s and tail_s > most_loss_s(walk.duration_s) and find_chain(file, tail_at, end) is not None:
        raise messages.make_joined_error(walk.duration_s)


def _refuse_damage(walk: FrameWalk, *, sound_bytes: int) -> None:
    strange_bytes = walk.skipped_bytes + (0 if _says_where_it_ends(walk) else walk.trailing_bytes)
    if strange_bytes > _MAX_SKIPPED_SHARE * sound_bytes and strange_bytes > _MAX_SKIPPED_BYTES:
        raise messages.make_corrupt_error(f"{strange_bytes / sound_bytes:.0%} of its bytes belong to no MP3 frame")
    if walk.declared_s - walk.duration_s > NOTICED_S and not _has_declared_bytes(walk, sound_bytes):
        raise messages.make_truncated_error(walk.duration_s, walk.declared_s)


def _open_damaged(file: BinaryIO, end: int, sound: ForwardSound | None, walk: FrameWalk, *, sound_bytes: int) -> OpenedAudio:
    runs = find_runs(file, walk, end)
    damage = note_holes(walk, runs, has_declared_bytes=_has_declared_bytes(walk, sound_bytes), is_tail_sound=not _says_where_it_ends(walk))
    expected_s = runs.frames * walk.samples_per_frame / walk.sample_rate + damage.lost_s
    if not runs.are_all or damage.lost_s > most_loss_s(expected_s):
        raise messages.make_damaged_error(expected_s - damage.lost_s, expected_s)
    if runs.is_one and runs.trailing_bytes == 0:
        return replace(_open_walked(file, end, sound, walk), damage=damage)
    mended = _open_sound(Mp3View(file, *runs.ranges, head=make_counting_head(replace(walk, frames=runs.frames))))
    if mended is None:
        raise messages.make_not_audio_error()
    return OpenedAudio(mended, "MP3", runs.frames * walk.samples_per_frame, "corrupt", damage=damage)


def _says_where_it_ends(walk: FrameWalk) -> bool:
    """All frames that were declared are there: what follows them is none of the song, whatever it is."""
    return walk.declared_s > 0 and abs(walk.declared_s - walk.duration_s) <= _counting_slack_s(walk)


def _counting_slack_s(walk: FrameWalk) -> float:
    """Headers that are right count a frame more or less, or what an encoder dropped in the end."""
    return max(NOTICED_S, 0.01 * walk.duration_s)


def _has_declared_bytes(walk: FrameWalk, sound_bytes: int) -> bool:
    """A file that was cut lacks bytes too; one that lacks none has a wrong count of frames in its header."""
    return walk.declared is not None and 0 < walk.declared.sound_bytes <= sound_bytes


def _open_walked(file: BinaryIO, end: int, sound: ForwardSound | None, walk: FrameWalk) -> OpenedAudio:
    """As it is where the decoder's idea of the length covers all frames, else behind a header that is right."""
    held_samples = walk.frames * walk.samples_per_frame
    enough_samples = float(held_samples)  # a guess may be too long: then the end of the file is what ends it
    if walk.declared_s:
        enough_samples -= _counting_slack_s(walk) * walk.sample_rate + _MOST_TRIMMED_SAMPLES
    if sound is None:
        sound = _open_sound(Mp3View(file, (walk.first_frame_at, end)))
    is_undercounted = 0 < walk.declared_s < walk.duration_s - _counting_slack_s(walk)  # libsndfile may then give nothing
    if sound is not None and sound.frames >= enough_samples and not is_undercounted:
        return OpenedAudio(sound, "MP3", min(sound.frames, held_samples), "corrupt")
    counted = _open_sound(Mp3View(file, (walk.first_sound_at, end), head=make_counting_head(walk)))
    if counted is None:
        raise messages.make_not_audio_error()
    warnings = ("The header of this file gives its length wrongly; the whole of it was analysed.",) if walk.declared_s else ()
    return OpenedAudio(counted, "MP3", held_samples, "corrupt", warnings)
