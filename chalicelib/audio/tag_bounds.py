"""Where the sound of an MP3 begins and ends: outside are ID3v2 (several, appended too), ID3v1, APE and Lyrics3 tags. Reads none of them.

A tag's own word for its size is checked against what stands there: sound that a lying tag claims is sound all the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from chalicelib.audio.mp3_frames import begins_frames, decode_synchsafe, find_chain

MOST_TAG_BYTES = 16 * 1024 * 1024
_ID3V1_BYTES = 128
_APE_FRAME_BYTES = 32  # header and footer alike
_APE_MARK = b"APETAGEX"
_ID3V2_FRAME_BYTES = 10
_LYRICS3_END_BYTES = 15  # six digits of size, then LYRICS200
_MAX_TAGS = 64  # a file of nothing but tags ends somewhere
_MAX_TAG_FRAMES = 2_000
_PADDING_WINDOW_BYTES = 65_536
_APE_WINDOW_BYTES = 1 << 20
_FRAMES_THAT_ARE_SOUND = 4
_FRAME_ID = re.compile(rb"[A-Z][A-Z0-9]{2,3}")


class SoundRange(NamedTuple):
    """Offsets [start, end) of an MP3's audio bytes. Start is at or after end when a tag claims the whole file, or more."""

    start: int
    end: int
    is_stated: bool = True  # the tags before it say so themselves: a decoder that skips them begins there too


def find_sound_range(file: BinaryIO) -> SoundRange:
    end = file.seek(0, os.SEEK_END)
    start, is_stated = _skip_leading_tags(file, end)
    for _ in range(_MAX_TAGS):
        tag_bytes = _measure_last_tag(file, end)
        if tag_bytes <= 0 or end - tag_bytes < start:
            break
        end -= tag_bytes
    return SoundRange(start, end, is_stated)


def has_large_tag(file: BinaryIO) -> bool:
    """Whether the file begins with an ID3v2 tag that claims more than may be read of one."""
    head = _read_at(file, 0, _ID3V2_FRAME_BYTES)
    return head[:3] == b"ID3" and decode_synchsafe(head[6:10]) > MOST_TAG_BYTES


def _skip_leading_tags(file: BinaryIO, end: int) -> tuple[int, bool]:
    start, is_stated = 0, True
    for _ in range(_MAX_TAGS):
        head = _read_at(file, start, _APE_FRAME_BYTES)
        if head[:3] == b"ID3" and len(head) >= _ID3V2_FRAME_BYTES:
            stated = _state_id3v2_end(start, head)
            start = _find_id3v2_end(file, start, stated, version=head[3], end=end)
            is_stated = is_stated and start >= stated
        elif head[:8] == _APE_MARK and len(head) == _APE_FRAME_BYTES:
            start += _APE_FRAME_BYTES + int.from_bytes(head[12:16], "little")
        else:
            break
    return _skip_padding(file, start, end), is_stated


def _state_id3v2_end(start: int, head: bytes) -> int:
    has_footer = head[5] & 0x10
    return start + _ID3V2_FRAME_BYTES + decode_synchsafe(head[6:10]) + (_ID3V2_FRAME_BYTES if has_footer else 0)


def _find_id3v2_end(file: BinaryIO, start: int, stated: int, *, version: int, end: int) -> int:
    """Where the tag says; but where MPEG frames begin, if that is elsewhere."""
    begin = start + _ID3V2_FRAME_BYTES
    *_, (_, last_begin, seen) = [(b"", begin, begin), *walk_id3v2_frames(file, begin, version=version, end=end)]
    behind_seen, behind_stated = (_skip_padding(file, place, end) for place in (seen, stated))
    for place in (behind_seen, behind_stated):
        if begins_frames(file, place, end, count=_FRAMES_THAT_ARE_SOUND):
            return place
    found = find_chain(file, last_begin, end)  # the last frame may be short of some bytes that it counts
    return stated if found is None else found


def walk_id3v2_frames(file: BinaryIO, at: int, *, version: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The name of each of the tag's frames and its offsets [start, end), by their names and sizes alone."""
    name_bytes, head_bytes = (3, 6) if version == 2 else (4, 10)
    for _ in range(_MAX_TAG_FRAMES):
        head = _read_at(file, at, head_bytes)
        name, size_field = head[:name_bytes], head[name_bytes : 2 * name_bytes]
        if len(head) < head_bytes or not _FRAME_ID.fullmatch(name):
            return
        is_synchsafe = version == 4 and not any(byte & 0x80 for byte in size_field)
        size = decode_synchsafe(size_field) if is_synchsafe else int.from_bytes(size_field, "big")
        if at + head_bytes + size > end:
            return
        yield name, at, at + head_bytes + size
        at += head_bytes + size


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
    if len(tail) == _ID3V1_BYTES and tail[:3] == b"TAG" and not _is_inside_ape_mark(file, end - _ID3V1_BYTES):
        return _ID3V1_BYTES
    if tail[-_APE_FRAME_BYTES:][:8] == _APE_MARK:
        return _measure_ape(file, tail[-_APE_FRAME_BYTES:], end)
    if tail[-_ID3V2_FRAME_BYTES:][:3] == b"3DI":
        size = 2 * _ID3V2_FRAME_BYTES + decode_synchsafe(tail[-4:])
        return size if _read_at(file, max(end - size, 0), 3) == b"ID3" else 0
    if tail.endswith(b"LYRICS200") and tail[-_LYRICS3_END_BYTES:-9].isdigit():
        size = int(tail[-_LYRICS3_END_BYTES:-9]) + _LYRICS3_END_BYTES
        return size if _read_at(file, max(end - size, 0), 11) == b"LYRICSBEGIN" else 0
    return 0


def _is_inside_ape_mark(file: BinaryIO, at: int) -> bool:
    """APE TAG EX: where an APE tag's mark lies 131 bytes before the end, an ID3v1 tag seems to stand there."""
    before = _APE_MARK.index(b"TAG")
    return at >= before and _read_at(file, at - before, len(_APE_MARK)) == _APE_MARK


def _measure_ape(file: BinaryIO, footer: bytes, end: int) -> int:
    """As the footer says where a header, or without one a first item, stands there; else from the header that is found; else the footer."""
    has_header = int.from_bytes(footer[20:24], "little") >> 31
    size = int.from_bytes(footer[12:16], "little") + (_APE_FRAME_BYTES if has_header else 0)
    head = _read_at(file, end - size, 16) if _APE_FRAME_BYTES <= size <= end else b""
    if head[:8] == _APE_MARK if has_header else _begins_ape_item(head, size):
        return size
    window = _read_at(file, max(end - _APE_WINDOW_BYTES, 0), min(_APE_WINDOW_BYTES, end))
    found = window.rfind(_APE_MARK, 0, len(window) - _APE_FRAME_BYTES)
    return len(window) - found if found >= 0 else _APE_FRAME_BYTES


def _begins_ape_item(head: bytes, size: int) -> bool:
    """Four bytes of length, four of flags, then a key in ASCII."""
    key = head[8:10]
    return size == _APE_FRAME_BYTES or (
        int.from_bytes(head[:4], "little") < size and len(key) == 2 and all(32 <= byte < 127 for byte in key)
    )


def _read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)
