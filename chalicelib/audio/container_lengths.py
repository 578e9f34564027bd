"""Whether a file of another container than MP3 is whole: libsndfile reads a cut one silently short, and of joined Ogg streams the first.

What a file says of the bytes of its sound is held against the bytes that are there. (FLAC's decoder tells by itself, MP3 has `mp3_frames`.)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO, Literal, NamedTuple

from chalicelib.audio import messages
from chalicelib.audio.identity import walk_riff_chunks

_UNKNOWN_SIZES = {0, 0x7FFFFFFF, 0xFFFFFFFF, (1 << 64) - 1}  # written by programs that stream and never come back to fill the size in
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_MAX_CHUNKS = 10_000
_OGG_FIRST_PAGE, _OGG_LAST_PAGE = 2, 4
_MOST_OGG_PAGE_BYTES = 27 + 255 + 255 * 255


class StatedSound(NamedTuple):
    start: int
    stated_bytes: int


def measure_declared(file: BinaryIO, container: str, duration_s: float, *, is_lenient: bool = False) -> float:
    """How long the container says that the sound is; `duration_s`, what the decoder will give, where it says no more than that.

    AudioError for Ogg that is joined, or that does not come to its end; with leniency pages may be damaged before that.
    """
    if container == "OGG":
        _check_ogg(file, duration_s, is_lenient=is_lenient)
    stated = _FINDERS[container](file) if container in _FINDERS else None
    if stated is None or stated.stated_bytes in _UNKNOWN_SIZES:
        return duration_s
    held_bytes = file.seek(0, os.SEEK_END) - stated.start
    if stated.stated_bytes <= held_bytes or held_bytes <= 0:
        return duration_s
    return duration_s * stated.stated_bytes / held_bytes


def _find_in_wav(file: BinaryIO) -> StatedSound | None:
    return next((StatedSound(start, size) for name, start, size in walk_riff_chunks(file) if name == b"data"), None)


def _find_in_rf64(file: BinaryIO) -> StatedSound | None:
    """Its sizes are in its first chunk, with 64 bits each: of the file, then of the sound. A size of 32 bits is not to be believed."""
    found = _find_in_wav(file)
    file.seek(28)
    stated_bytes = int.from_bytes(file.read(8), "little")
    return None if found is None else StatedSound(found.start, stated_bytes)


def _find_in_aiff(file: BinaryIO) -> StatedSound | None:
    return _walk_chunks(file, 12, b"SSND", size_bytes=4, order="big", align=2)


def _find_in_caf(file: BinaryIO) -> StatedSound | None:
    return _walk_chunks(file, 8, b"data", size_bytes=8, order="big", align=1)


def _find_in_w64(file: BinaryIO) -> StatedSound | None:
    return _walk_chunks(file, 40, _W64_DATA, size_bytes=8, order="little", align=8, counts_head=True)


def _walk_chunks(
    file: BinaryIO, at: int, wanted: bytes, *, size_bytes: int, order: Literal["big", "little"], align: int, counts_head: bool = False
) -> StatedSound | None:
    name_bytes, head_bytes = len(wanted), len(wanted) + size_bytes
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(head_bytes)
        if len(head) < head_bytes:
            return None
        size = int.from_bytes(head[name_bytes:], order) - (head_bytes if counts_head else 0)
        if head[:name_bytes] == wanted:
            return StatedSound(at + head_bytes, size)
        at += head_bytes + max(size, 0)
        at += -at % align
    return None


def _find_in_au(file: BinaryIO) -> StatedSound | None:
    file.seek(4)
    head = file.read(8)
    return StatedSound(int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big"))


_FINDERS: dict[str, Callable[[BinaryIO], StatedSound | None]] = {
    "WAV": _find_in_wav,
    "WAVEX": _find_in_wav,
    "RF64": _find_in_rf64,
    "W64": _find_in_w64,
    "AIFF": _find_in_aiff,
    "CAF": _find_in_caf,
    "AU": _find_in_au,
}


def _check_ogg(file: BinaryIO, duration_s: float, *, is_lenient: bool) -> None:
    last_flags = 0
    for flags in _walk_ogg_flags(file):
        if flags & _OGG_FIRST_PAGE and last_flags & _OGG_LAST_PAGE:
            raise messages.make_corrupt_error("it is several Ogg streams joined, of which one can be read")
        last_flags = flags
    if not last_flags & _OGG_LAST_PAGE and not (is_lenient and _ends_on_last_page(file)):
        raise messages.make_cut_frame_error(duration_s)


def _ends_on_last_page(file: BinaryIO) -> bool:
    """Whether the page that begins last is its stream's last."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _MOST_OGG_PAGE_BYTES, 0))
    tail = file.read()
    at = tail.rfind(b"OggS")
    return at >= 0 and len(tail) > at + 5 and bool(tail[at + 5] & _OGG_LAST_PAGE)


def _walk_ogg_flags(file: BinaryIO) -> Iterator[int]:
    """Of each page that is all there. What follows the last page is looked over."""
    size = file.seek(0, os.SEEK_END)
    at = 0
    while at + 27 <= size:
        file.seek(at)
        head = file.read(27)
        if head[:4] != b"OggS":
            return
        at += 27 + head[26] + sum(file.read(head[26]))
        if at <= size:
            yield head[5]
