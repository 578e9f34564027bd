"""Where the sound of an MP3 begins and ends: outside are ID3v2 (several, appended too), ID3v1, APE and Lyrics3 tags. Reads none of them."""

from __future__ import annotations

import os
from typing import BinaryIO

from chalicelib.audio.mp3_frames import decode_synchsafe

_ID3V1_BYTES = 128
_APE_FRAME_BYTES = 32  # header and footer alike
_ID3V2_FRAME_BYTES = 10
_LYRICS3_END_BYTES = 15  # six digits of size, then LYRICS200
_MAX_TAGS = 64  # a file of nothing but tags ends somewhere
_PADDING_WINDOW_BYTES = 65_536


def find_sound_range(file: BinaryIO) -> tuple[int, int]:
    """Offsets [start, end) of an MP3's audio bytes. Start is at or after end when a tag claims the whole file, or more."""
    end = file.seek(0, os.SEEK_END)
    start = _skip_leading_tags(file, end)
    for _ in range(_MAX_TAGS):
        tag_bytes = _measure_last_tag(file, end)
        if tag_bytes <= 0 or end - tag_bytes < start:
            break
        end -= tag_bytes
    return start, end


def _skip_leading_tags(file: BinaryIO, end: int) -> int:
    start = 0
    for _ in range(_MAX_TAGS):
        head = _read_at(file, start, _APE_FRAME_BYTES)
        if head[:3] == b"ID3" and len(head) >= _ID3V2_FRAME_BYTES:
            has_footer = head[5] & 0x10
            start += _ID3V2_FRAME_BYTES + decode_synchsafe(head[6:10]) + (_ID3V2_FRAME_BYTES if has_footer else 0)
        elif head[:8] == b"APETAGEX" and len(head) == _APE_FRAME_BYTES:
            start += _APE_FRAME_BYTES + int.from_bytes(head[12:16], "little")
        else:
            break
    return _skip_padding(file, start, end)


def _skip_padding(file: BinaryIO, start: int, end: int) -> int:
    """Some taggers leave zero bytes behind the tag that its size does not count."""
    at = start
    while at < end:
        window = _read_at(file, at, min(_PADDING_WINDOW_BYTES, end - at))
        sound = window.lstrip(b"\0")
        at += len(window) - len(sound)
        if sound or not window:
            break
    return at


def _measure_last_tag(file: BinaryIO, end: int) -> int:
    """Size of the tag that ends at `end`; 0 without one."""
    tail = _read_at(file, max(end - _ID3V1_BYTES, 0), min(_ID3V1_BYTES, end))
    if len(tail) == _ID3V1_BYTES and tail[:3] == b"TAG":
        return _ID3V1_BYTES
    if tail[-_APE_FRAME_BYTES:][:8] == b"APETAGEX":
        return _measure_ape(tail[-_APE_FRAME_BYTES:])
    if tail[-_ID3V2_FRAME_BYTES:][:3] == b"3DI":
        return 2 * _ID3V2_FRAME_BYTES + decode_synchsafe(tail[-4:])
    if tail.endswith(b"LYRICS200") and tail[-_LYRICS3_END_BYTES:-9].isdigit():
        return int(tail[-_LYRICS3_END_BYTES:-9]) + _LYRICS3_END_BYTES
    return 0


def _measure_ape(footer: bytes) -> int:
    has_header = int.from_bytes(footer[20:24], "little") >> 31
    return int.from_bytes(footer[12:16], "little") + (_APE_FRAME_BYTES if has_header else 0)


def _read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)
