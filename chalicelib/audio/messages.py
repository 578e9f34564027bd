"""The refusals of `audio`, worded once: what is wrong with the file, and what the person who uploaded it can do."""

from __future__ import annotations

from chalicelib.errors import AudioError


def format_clock(seconds: float) -> str:
    """0:16, 5:00, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def allowed_gap_s(duration_s: float) -> float:
    """How much may be missing before a file counts as cut or damaged: encoders' delays, a lost frame or two."""
    return max(0.25, 0.01 * duration_s)


def make_empty_error() -> AudioError:
    return AudioError("This file is empty: it holds no data at all. Upload it again.", code="empty")


def make_no_sound_error() -> AudioError:
    return AudioError("This file is an audio file without any sound in it: its length is zero. Upload another version.", code="empty")


def make_not_audio_error() -> AudioError:
    return AudioError("This is not an audio file that can be read. MP3, FLAC, Ogg, WAV and AIFF files are welcome.", code="not_audio")


def make_silent_error() -> AudioError:
    return AudioError("This file is silent from beginning to end, so there is nothing to compare it by.", code="silent")


def make_too_long_error(duration_s: float, max_duration_s: float) -> AudioError:
    message = f"This file is {format_clock(duration_s)} long; {format_clock(max_duration_s)} is the most that is taken. Upload it in parts."
    return AudioError(message, code="too_long")


def make_truncated_error(held_s: float, declared_s: float) -> AudioError:
    message = (
        f"This file ends after {format_clock(held_s)} although it says it is {format_clock(declared_s)} long: "
        "it was probably cut off while copying. Upload the whole file."
    )
    return AudioError(message, code="truncated")


def make_cut_frame_error(held_s: float) -> AudioError:
    message = (
        f"This file breaks off in the middle of a frame, after {format_clock(held_s)}: "
        "it was probably cut off while copying. Upload the whole file."
    )
    return AudioError(message, code="truncated")


def make_cut_tag_error() -> AudioError:
    message = "This file ends before its sound begins: it was probably cut off while copying. Upload the whole file."
    return AudioError(message, code="truncated")


def make_damaged_error(readable_s: float, expected_s: float) -> AudioError:
    message = f"Only {format_clock(readable_s)} of this file's {format_clock(expected_s)} can be read: it is damaged. Upload a good copy."
    return AudioError(message, code="corrupt")


def make_corrupt_error(reason: str) -> AudioError:
    return AudioError(f"This file is damaged: {reason}. Upload a good copy.", code="corrupt")
