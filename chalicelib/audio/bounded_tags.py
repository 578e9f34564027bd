"""Tags in memory that a stranger's file cannot make large: ID3 alone may claim 256 MB, an APE tag or a RIFF chunk 4 GB.

mutagen reads a tag whole and copies it some times over. Here it reads from a file that gives it a bounded number of bytes; where that is
too little, ID3 and FLAC are handed to it anew without their large parts.
"""

from __future__ import annotations

import io
import os
from typing import BinaryIO

from chalicelib.audio.mp3_frames import decode_synchsafe
from chalicelib.audio.tag_bounds import MOST_TAG_BYTES, walk_id3v2_frames

_MOST_TEXT_BYTES = 64 * 1024
_MOST_KEPT_FRAMES = 100
_HEAD_BYTES = 10
_FLAC_STREAMINFO, _FLAC_COMMENTS, _FLAC_PADDING = 0, 4, 1
_FLAC_LAST = 0x80


class TagTooLargeError(Exception):
    """More was to be read than a tag may have."""


class BoundedFile:
    """What mutagen needs of a file; TagTooLargeError once it would have read more than MOST_TAG_BYTES in all."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        self._left = MOST_TAG_BYTES
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        there = max(self._size - self._file.tell(), 0)
        wanted = there if size < 0 else min(size, there)
        self._left -= wanted
        if self._left < 0:
            raise TagTooLargeError(f"{wanted} bytes more than {MOST_TAG_BYTES} in all")
        return self._file.read(wanted)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def reduce_id3(file: BinaryIO, wanted: frozenset[str]) -> io.BytesIO:
    """The tag at the beginning of a file with the frames of these names alone, and of those what is not too large."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    end = file.seek(0, os.SEEK_END)
    frames: list[bytes] = []
    left = MOST_TAG_BYTES // 2
    for name, start, stop in walk_id3v2_frames(file, _HEAD_BYTES, version=head[3], end=end):
        size, is_picture = stop - start, name in (b"APIC", b"PIC")
        if name.decode("ascii") not in wanted or size > (left if is_picture else _MOST_TEXT_BYTES) or len(frames) >= _MOST_KEPT_FRAMES:
            continue
        file.seek(start)
        frames.append(file.read(size))
        left -= size
    body = b"".join(frames)
    size_field = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return io.BytesIO(head[:5] + bytes([head[5] & 0x80]) + size_field + body)


def reduce_flac(file: BinaryIO) -> io.BytesIO:
    """A FLAC file's first block and its comments, without pictures and sound."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    at = _HEAD_BYTES + decode_synchsafe(head[6:]) if head[:3] == b"ID3" else 0
    kept = b"fLaC"
    file.seek(at + 4)
    while len(block := file.read(4)) == 4:
        kind, size = block[0] & ~_FLAC_LAST, int.from_bytes(block[1:], "big")
        at = file.tell() + size
        if kind in (_FLAC_STREAMINFO, _FLAC_COMMENTS) and size < MOST_TAG_BYTES // 4 and len(kept) < MOST_TAG_BYTES // 2:
            kept += bytes([kind]) + block[1:] + file.read(size)
        if block[0] & _FLAC_LAST:
            break
        file.seek(at)
    return io.BytesIO(kept + bytes([_FLAC_PADDING | _FLAC_LAST, 0, 0, 0]))
