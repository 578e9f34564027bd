"""Which song a file is: a hash of what is heard, so that the same audio under other tags, or another key, is the same track.

MP3: the bytes without ID3v2, ID3v1, APE and Lyrics3 tags. FLAC, WAV, Ogg: the codec's name, then its set-up and its packets, without the
containers' tags. Anything else that libsndfile reads (AIFF, CAF, AU): its name and the whole file, so that there new tags make a new track.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from chalicelib.audio.tag_bounds import find_sound_range

_BLOCK_BYTES = 1 << 18
_TRACK_ID_HEX = 24
_LAST_FLAC_BLOCK = 0x80


def identify_track(file: BinaryIO, container: str) -> str:
    """24 hex digits for the file of a libsndfile container ("MP3", "FLAC", "WAV", "OGG", ...)."""
    digest = hashlib.sha256()
    if container == "MP3":
        start, end, _ = find_sound_range(file)
        _feed(digest, _read_range(file, start, end))
        return digest.hexdigest()[:_TRACK_ID_HEX]
    digest.update(container.lower().encode() + b":")
    read_packets = _READERS.get(container, _read_whole)
    _feed(digest, read_packets(file))
    return digest.hexdigest()[:_TRACK_ID_HEX]


def _feed(digest: hashlib._Hash, blocks: Iterator[bytes]) -> None:
    for block in blocks:
        digest.update(block)


def _read_range(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    left = end - start
    while left > 0 and (block := file.read(min(_BLOCK_BYTES, left))):
        left -= len(block)
        yield block


def _read_whole(file: BinaryIO) -> Iterator[bytes]:
    yield from _read_range(file, 0, 1 << 62)


def _read_wav(file: BinaryIO) -> Iterator[bytes]:
    for name, start, size in walk_riff_chunks(file):
        if name in (b"fmt ", b"data"):
            yield from _read_range(file, start, start + size)


def walk_riff_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """(name, offset, stated size) of the chunks of a RIFF file, as far as the file goes."""
    at = 12
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], "little")
        yield head[:4], at + 8, size
        at += 8 + size + size % 2


def _read_flac(file: BinaryIO) -> Iterator[bytes]:
    """STREAMINFO, then the frames after the last metadata block."""
    start = find_sound_range(file).start  # an ID3 tag before fLaC
    at = start + 4
    file.seek(at)
    while len(head := file.read(4)) == 4:
        size = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == 0:
            yield file.read(size)
        at += 4 + size
        if head[0] & _LAST_FLAC_BLOCK:
            break
        file.seek(at)
    yield from _read_range(file, at, 1 << 62)


def _read_ogg(file: BinaryIO) -> Iterator[bytes]:
    """The first page's packet (the codec's set-up), then the pages after the comments: sound begins on a page of its own."""
    is_sound = False
    for number, (granule, body) in enumerate(_walk_ogg_pages(file)):
        is_sound = is_sound or granule > 0
        if number == 0 or is_sound:
            yield body


def _walk_ogg_pages(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    file.seek(0)
    while len(head := file.read(27)) == 27 and head[:4] == b"OggS":
        sizes = file.read(head[26])
        yield int.from_bytes(head[6:14], "little", signed=True), file.read(sum(sizes))


_READERS = {"WAV": _read_wav, "WAVEX": _read_wav, "FLAC": _read_flac, "OGG": _read_ogg}
