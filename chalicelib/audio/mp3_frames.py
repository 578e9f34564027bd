"""MPEG audio frames, walked header by header: how much sound the bytes of an MP3 hold, whatever its Xing header or its tags say.

Decodes nothing. The two other sources of a length are no truth: a Xing or VBRI header may lie or outlive half of its file, and without one
libsndfile and mutagen guess from the first bit rate (and libsndfile then stops there). Reads in windows, so that memory stays flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

MAX_LEADING_JUNK_BYTES = 65_536  # libmpg123 gives up there too
_WINDOW_BYTES = 1 << 20
_HEADER_BYTES = 4

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits: MPEG-1, 2, 2.5
_KBITS_MPEG1 = {
    3: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),  # by layer bits: layer I
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # layer III
}
_KBITS_MPEG2_LAYER1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_KBITS_MPEG2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


@dataclass(frozen=True, slots=True)
class FrameHeader:
    size_bytes: int
    samples: int
    sample_rate: int
    kind: int  # version, layer and sample rate: the bits that stay the same throughout a stream
    side_info_bytes: int  # of layer III: what stands between the header and a Xing mark


@dataclass(frozen=True, slots=True)
class FrameWalk:
    first_frame_at: int  # offset of the first frame, a Xing or VBRI frame if there is one
    first_sound_at: int  # offset of the first frame after that
    frames: int
    samples_per_frame: int
    sample_rate: int
    header_word: int  # of the first frame
    declared_frames: int | None  # what a Xing or VBRI header says
    skipped_bytes: int  # that belong to no frame, between the first and the end
    is_last_cut: bool  # the last frame is longer than what is left of the file

    @property
    def duration_s(self) -> float:
        return self.frames * self.samples_per_frame / self.sample_rate


@lru_cache(maxsize=4096)
def parse_header(word: int) -> FrameHeader | None:
    """The frame that these 32 bits begin, or None. Free-format frames (of unstated length) are not followed."""
    version, layer, rate_index, kbit_index = word >> 19 & 3, word >> 17 & 3, word >> 10 & 3, word >> 12 & 15
    if word >> 21 != 0x7FF or version == 1 or layer == 0 or rate_index == 3 or kbit_index in (0, 15):
        return None
    rate = _RATES[version][rate_index]
    bits_per_s = _bit_rates(version, layer)[kbit_index - 1] * 1000
    padding = word >> 9 & 1
    samples = 384 if layer == 3 else 576 if layer == 1 and version != 3 else 1152
    slot_bytes = 4 if layer == 3 else 1
    size_bytes = (samples // 8 * bits_per_s // rate // slot_bytes + padding) * slot_bytes
    is_mono = word >> 6 & 3 == 3
    side_info_bytes = (17 if is_mono else 32) if version == 3 else (9 if is_mono else 17)
    return FrameHeader(size_bytes, samples, rate, word & 0x1E0C00, side_info_bytes)


def _bit_rates(version: int, layer: int) -> tuple[int, ...]:
    if version == 3:
        return _KBITS_MPEG1[layer]
    return _KBITS_MPEG2_LAYER1 if layer == 3 else _KBITS_MPEG2


class _Window:
    """Random access to [.., end) of a file, one window of it in memory."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        self._file, self.end = file, end
        self._start, self._bytes = 0, b""

    def word_at(self, offset: int) -> int:
        return int.from_bytes(self.bytes_at(offset, _HEADER_BYTES), "big")

    def bytes_at(self, offset: int, count: int) -> bytes:
        begin = offset - self._start
        if begin < 0 or begin + count > len(self._bytes):
            self._load(offset)
            begin = 0
        return self._bytes[begin : begin + count]

    def find_ff(self, offset: int, stop: int) -> int | None:
        while offset < stop:
            if not self._start <= offset < self._start + len(self._bytes):
                self._load(offset)
            found = self._bytes.find(b"\xff", offset - self._start, stop - self._start)
            if found >= 0:
                return self._start + found
            offset = self._start + len(self._bytes)
        return None

    def _load(self, offset: int) -> None:
        self._file.seek(offset)
        self._start, self._bytes = offset, self._file.read(min(_WINDOW_BYTES, max(self.end - offset, 0)))
        if not self._bytes:
            self.end = min(self.end, offset)


def walk_frames(file: BinaryIO, start: int, end: int) -> FrameWalk | None:
    """Walks the frames in [start, end), the audio bytes without the tags around them. None where no stream of frames begins."""
    window = _Window(file, end)
    at = _find_frame(window, start, min(end, start + MAX_LEADING_JUNK_BYTES), kind=None)
    if at is None:
        return None
    word = window.word_at(at)
    first = parse_header(word)
    if first is None:
        return None
    declared = _read_declared_frames(window.bytes_at(at, 192), first)
    sound_at = at if declared is None else at + first.size_bytes
    frames, skipped_bytes, is_last_cut = _count_frames(window, sound_at, first.kind)
    return FrameWalk(at, sound_at, frames, first.samples, first.sample_rate, word, declared, skipped_bytes, is_last_cut)


def _count_frames(window: _Window, at: int, kind: int) -> tuple[int, int, bool]:
    frames = skipped_bytes = 0
    while at + _HEADER_BYTES <= window.end:
        header = parse_header(window.word_at(at))
        if header is None or header.kind != kind:
            found = _find_frame(window, _skip_inner_tag(window, at), window.end, kind=kind)
            skipped_bytes += (window.end if found is None else found) - at
            if found is None:
                break
            at = found
            continue
        if at + header.size_bytes > window.end:
            return frames, skipped_bytes, True
        frames += 1
        at += header.size_bytes
    return frames, skipped_bytes, False


def _find_frame(window: _Window, at: int, stop: int, *, kind: int | None) -> int | None:
    """The next place where a frame begins and another like it, or the end, follows: a lone sync word is nothing in random bytes."""
    candidate = window.find_ff(at, stop)
    while candidate is not None:
        header = parse_header(window.word_at(candidate))
        if header is not None and (kind is None or header.kind == kind):
            after = candidate + header.size_bytes
            follower = parse_header(window.word_at(after)) if after + _HEADER_BYTES <= window.end else None
            if after == window.end or (follower is not None and follower.kind == header.kind):
                return candidate
        candidate = window.find_ff(candidate + 1, stop)
    return None


def _skip_inner_tag(window: _Window, at: int) -> int:
    """Songs that were joined with `cat` have the second one's ID3v2 tag, cover and all, in the middle."""
    head = window.bytes_at(at, 10)
    return at + 10 + decode_synchsafe(head[6:10]) if head[:3] == b"ID3" and len(head) == 10 else at + 1


def decode_synchsafe(four_bytes: bytes) -> int:
    """ID3v2's way of writing a size: 7 bits a byte."""
    size = 0
    for byte in four_bytes:
        size = size << 7 | byte & 0x7F
    return size


def _read_declared_frames(frame: bytes, header: FrameHeader) -> int | None:
    """The frame count of a Xing, Info or VBRI header in the first frame; None without one (or when it does not count)."""
    at = _HEADER_BYTES + header.side_info_bytes
    if frame[at : at + 4] in (b"Xing", b"Info"):
        has_count = len(frame) >= at + 12 and frame[at + 7] & 1
        return int.from_bytes(frame[at + 8 : at + 12], "big") if has_count else 0
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        return int.from_bytes(frame[50:54], "big")
    return None


def make_counting_frame(walk: FrameWalk) -> bytes:
    """A Xing frame with the true count, to stand before the frames that hold sound: with it the decoder reads all of them."""
    word = (walk.header_word | 0x10000) & ~0xF200 | 0x9000  # no checksum, no padding, a bit rate whose frame has room enough
    header = parse_header(word)
    if header is None:
        raise ValueError(f"no frame header: {walk.header_word:#x}")
    mark = b"Xing" + (1).to_bytes(4, "big") + walk.frames.to_bytes(4, "big")
    head = word.to_bytes(4, "big") + bytes(header.side_info_bytes)
    return (head + mark).ljust(header.size_bytes, b"\0")
