"""The refusals of `audio`, worded once: what is wrong with the file, and what the person who uploaded it can do."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.errors import AudioError


def format_clock(seconds: float) -> str:
    """0:16, 5:00, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def make_empty_error() -> AudioError:
    return AudioError("This file is empty: it holds no data at all. Upload it again.", code="empty")


def make_no_sound_error() -> AudioError:
    return AudioError("This file is an audio file without any sound in it: its length is zero. Upload another version.", code="empty")


def make_not_audio_error() -> AudioError:
    return AudioError("This is not an audio file that can be read. MP3, FLAC, Ogg, WAV and AIFF files are welcome.", code="not_audio")


def make_unreadable_container_error(name: str) -> AudioError:
    message = f"This file begins as {name} file does, but cannot be read: it is damaged or not whole, or its encoding is a rare one."
    return AudioError(f"{message} Upload a good copy, or convert it to MP3 or FLAC.", code="corrupt")


def make_convertible_error(what: str) -> AudioError:
    return AudioError(f"This is {what}, which is not read here. Convert it to MP3, FLAC, Ogg or WAV and upload that.", code="not_audio")


def make_stranger_error(what: str) -> AudioError:
    return AudioError(f"This is no audio file, but {what}. MP3, FLAC, Ogg, WAV and AIFF files are welcome.", code="not_audio")


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


def make_joined_error(first_s: float) -> AudioError:
    message = (
        f"This file is made of recordings of different kinds (sample rate or channels), joined after {format_clock(first_s)}: "
        "only the first can be read. Upload them one by one."
    )
    return AudioError(message, code="corrupt")


def make_corrupt_error(reason: str) -> AudioError:
    return AudioError(f"This file is damaged: {reason}. Upload a good copy.", code="corrupt")


def make_lost_places_warning(lost_s: float, places_s: Sequence[float], *, is_least: bool = False) -> str:
    near = f"near {format_clock(places_s[0])}"
    where = near if len(places_s) == 1 else f"in {len(places_s)} places, the first of them {near},"
    return f"{'At least' if is_least else 'About'} {_format_loss(lost_s)} {where} could not be decoded. All else was analysed."


def make_lost_somewhere_warning(lost_s: float) -> str:
    return f"About {_format_loss(lost_s)} of this file could not be decoded. All else was analysed."


def make_lost_end_warning(lost_s: float) -> str:
    return f"About {_format_loss(lost_s)} at the end of this file is missing. All else was analysed."


def _format_loss(lost_s: float) -> str:
    return f"{max(lost_s, 0.1):.1f} s"
