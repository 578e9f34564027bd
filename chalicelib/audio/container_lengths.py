"""Whether a WAV or Ogg file is whole: libsndfile reads a cut one silently short. (FLAC's decoder tells by itself, MP3 has `mp3_frames`.)"""

from __future__ import annotations

import os
from typing import BinaryIO

from chalicelib.audio import messages
from chalicelib.audio.identity import walk_riff_chunks

_UNKNOWN_SIZES = {0, 0x7FFFFFFF, 0xFFFFFFFF}  # written by programs that stream and never come back to fill the size in
_OGG_TAIL_BYTES = 65_536 + 27 + 255  # one page at most
_OGG_LAST_PAGE = 4


def check_container(file: BinaryIO, container: str, duration_s: float) -> None:
    """`duration_s`: what the decoder will give. AudioError `truncated` when the container says that there was more."""
    if container in ("WAV", "WAVEX"):
        _check_wav(file, duration_s)
    if container == "OGG":
        _check_ogg(file, duration_s)


def _check_wav(file: BinaryIO, duration_s: float) -> None:
    size = file.seek(0, os.SEEK_END)
    for name, start, stated_bytes in walk_riff_chunks(file):
        if name != b"data":
            continue
        held_bytes = size - start
        if stated_bytes in _UNKNOWN_SIZES or stated_bytes <= held_bytes or held_bytes <= 0:
            return
        declared_s = duration_s * stated_bytes / held_bytes
        if declared_s - duration_s > messages.allowed_gap_s(declared_s):
            raise messages.make_truncated_error(duration_s, declared_s)
        return


def _check_ogg(file: BinaryIO, duration_s: float) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _OGG_TAIL_BYTES, 0))
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0 or at + 5 >= len(tail) or not tail[at + 5] & _OGG_LAST_PAGE:
        raise messages.make_cut_frame_error(duration_s)
