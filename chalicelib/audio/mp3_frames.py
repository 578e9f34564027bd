"""MPEG audio frames, walked header by header: how much sound the bytes of an MP3 hold, whatever its Xing header or its tags say.

Decodes nothing. The two other sources of a length are no truth: a Xing or VBRI header may lie or outlive half of its file, and without one
libsndfile and mutagen guess from the first bit rate (and libsndfile then stops there). Reads in windows, so that memory stays flat.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from chalicelib.audio.byte_window import ByteWindow

MAX_LEADING_JUNK_BYTES = 65_536  # libmpg123 gives up there too
MAX_FAR_JUNK_BYTES = 1 << 24  # a cover whose tag lies about its size
_FRAMES_OF_A_CHAIN = 8
_HEADER_BYTES = 4
_DECODER_DELAY = 529  # samples, of every MP3 decoder
_SYNC_BYTES = 3
_ID3V1_BYTES = 128

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits: MPEG-1, 2, 2.5
_KBITS_MPEG1 = {
    3: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),  # by layer bits: layer I
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # layer III
}
_KBITS_MPEG2_LAYER1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_KBITS_MPEG2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


# 11 bits of sync, a version and a layer that are not reserved; then a bit rate and a sample rate that are not.
_SECOND_BYTES = bytes(byte for byte in range(0xE0, 0x100) if byte >> 3 & 3 != 1 and byte >> 1 & 3)
_THIRD_BYTES = bytes(byte for byte in range(0x10, 0xF0) if byte >> 2 & 3 != 3)
_FRAME_START = re.compile(b"\xff[" + re.escape(_SECOND_BYTES) + b"][" + re.escape(_THIRD_BYTES) + b"]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FrameHeader:
    size_bytes: int
    samples: int
    sample_rate: int
    kind: int  # version, layer and sample rate: the bits that stay the same throughout a stream
    side_info_bytes: int  # of layer III: what stands between the header and a Xing mark


class DeclaredLength(NamedTuple):
    frames: int  # 0: not counted
    sound_bytes: int  # from the first frame on; 0: not counted


@dataclass(frozen=True, slots=True)
class FrameWalk:
    first_frame_at: int  # offset of the first frame, a Xing or VBRI frame if there is one
    first_sound_at: int  # offset of the first frame after that
    frames: int
    samples_per_frame: int
    sample_rate: int
    header_word: int  # of the first frame
    declared: DeclaredLength | None  # by a Xing or VBRI header
    skipped_bytes: int  # that belong to no frame and no tag, between the first frame and the last
    trailing_bytes: int  # the same behind the last
    is_last_cut: bool  # the last frame is longer than what is left of the file

    @property
    def duration_s(self) -> float:
        return self.frames * self.samples_per_frame / self.sample_rate

    @property
    def declared_s(self) -> float:
        """0 where nothing is declared."""
        return (self.declared.frames if self.declared else 0) * self.samples_per_frame / self.sample_rate


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


def walk_frames(file: BinaryIO, start: int, end: int) -> FrameWalk | None:
    """Walks the frames in [start, end), the audio bytes without the tags around them. None where no stream of frames begins."""
    window = ByteWindow(file, end)
    at = _find_first_frame(window, start)
    if at is None:
        return None
    word = window.word_at(at)
    first = parse_header(word)
    if first is None:
        return None
    declared = _read_declared(window.bytes_at(at, 192), first)
    sound_at = at if declared is None else at + first.size_bytes
    tally = _count_frames(window, sound_at, first.kind)
    return FrameWalk(
        first_frame_at=at,
        first_sound_at=sound_at,
        frames=tally.frames,
        samples_per_frame=first.samples,
        sample_rate=first.sample_rate,
        header_word=word,
        declared=declared,
        skipped_bytes=tally.skipped_bytes,
        trailing_bytes=tally.trailing_bytes,
        is_last_cut=tally.is_last_cut,
    )


def _find_first_frame(window: ByteWindow, start: int) -> int | None:
    """Behind more junk than decoders look through, more frames are wanted before it is believed to be a song."""
    near = min(window.end, start + MAX_LEADING_JUNK_BYTES)
    at = _find_frame(window, start, near, kind=None)
    return _find_chain(window, near) if at is None else at


def _find_chain(window: ByteWindow, start: int) -> int | None:
    stop = min(window.end, start + MAX_FAR_JUNK_BYTES)
    at = _find_frame(window, start, stop, kind=None)
    while at is not None and not _begins_frames(window, at, _FRAMES_OF_A_CHAIN):
        at = _find_frame(window, at + 1, stop, kind=None)
    return at


class _Tally(NamedTuple):
    frames: int
    skipped_bytes: int
    trailing_bytes: int
    is_last_cut: bool


def _count_frames(window: ByteWindow, at: int, kind: int) -> _Tally:
    frames = skipped_bytes = 0
    while at + _HEADER_BYTES <= window.end:
        header = parse_header(window.word_at(at))
        if header is None or header.kind != kind:
            behind_tags = _skip_inner_tags(window, at)
            found = _find_frame(window, behind_tags, window.end, kind=kind)
            if found is None:
                break
            skipped_bytes += found - (behind_tags if found == behind_tags else at)
            at = found
            continue
        if at + header.size_bytes > window.end:
            return _Tally(frames, skipped_bytes, 0, is_last_cut=True)
        frames += 1
        at += header.size_bytes
    return _Tally(frames, skipped_bytes, max(window.end - at, 0), is_last_cut=False)


def _find_frame(window: ByteWindow, at: int, stop: int, *, kind: int | None) -> int | None:
    """The next place where a frame begins and another like it, or the end, follows: a lone sync word is nothing in random bytes."""
    candidate = window.find(_FRAME_START, at, stop, width=_SYNC_BYTES)
    while candidate is not None:
        header = parse_header(window.word_at(candidate))
        if header is not None and (kind is None or header.kind == kind):
            after = candidate + header.size_bytes
            follower = parse_header(window.word_at(after)) if after + _HEADER_BYTES <= window.end else None
            if after == window.end or (follower is not None and follower.kind == header.kind):
                return candidate
        candidate = window.find(_FRAME_START, candidate + 1, stop, width=_SYNC_BYTES)
    return None


def _skip_inner_tags(window: ByteWindow, at: int) -> int:
    """Songs that were joined with `cat` have the first one's ID3v1 tag and the second one's ID3v2 tag, cover and all, in the middle."""
    start = at
    if window.bytes_at(at, 3) == b"TAG":
        at += _ID3V1_BYTES
    head = window.bytes_at(at, 10)
    if head[:3] == b"ID3" and len(head) == 10:
        at += 10 + decode_synchsafe(head[6:10])
    return at if at > start else start + 1


def begins_frames(file: BinaryIO, at: int, end: int, *, count: int) -> bool:
    """Whether so many frames of one kind follow each other from this very place on."""
    return _begins_frames(ByteWindow(file, end), at, count)


def find_chain(file: BinaryIO, start: int, end: int) -> int | None:
    """Where so many frames follow each other that nothing else can be meant."""
    return _find_chain(ByteWindow(file, end), start)


def _begins_frames(window: ByteWindow, at: int, count: int) -> bool:
    kinds: set[int] = set()
    for _ in range(count):
        header = parse_header(window.word_at(at)) if at + _HEADER_BYTES <= window.end else None
        if header is None:
            return False
        kinds.add(header.kind)
        at += header.size_bytes
    return len(kinds) == 1


def decode_synchsafe(four_bytes: bytes) -> int:
    """ID3v2's way of writing a size: 7 bits a byte."""
    size = 0
    for byte in four_bytes:
        size = size << 7 | byte & 0x7F
    return size


def _read_declared(frame: bytes, header: FrameHeader) -> DeclaredLength | None:
    """By a Xing, Info or VBRI header in the first frame."""
    at = _HEADER_BYTES + header.side_info_bytes
    if frame[at : at + 4] in (b"Xing", b"Info") and len(frame) >= at + 16:
        flags, numbers = frame[at + 7], [int.from_bytes(frame[at + place : at + place + 4], "big") for place in (8, 12)]
        frames = numbers.pop(0) if flags & 1 else 0
        return DeclaredLength(frames, numbers[0] if flags & 2 else 0)
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        return DeclaredLength(int.from_bytes(frame[50:54], "big"), int.from_bytes(frame[46:50], "big"))
    return None


def make_counting_head(walk: FrameWalk) -> bytes:
    """A Xing frame with the true count, to stand before the frames that hold sound: with it the decoder reads all of them.

    Where there is a count, libmpg123 takes the first samples for an encoder's delay: a silent frame or two are there to be taken.
    """
    word = (walk.header_word | 0x10000) & ~0xF200 | 0x9000  # no checksum, no padding, a bit rate whose frame has room enough
    header = parse_header(word)
    if header is None:
        raise ValueError(f"no frame header: {walk.header_word:#x}")
    silent_frames = -(-_DECODER_DELAY // header.samples)
    delay = silent_frames * header.samples - _DECODER_DELAY
    mark = b"Xing" + (1).to_bytes(4, "big") + (walk.frames + silent_frames).to_bytes(4, "big")
    trimming = b"LAME".ljust(21, b"\0") + (delay << 12).to_bytes(3, "big")
    start = word.to_bytes(4, "big") + bytes(header.side_info_bytes)
    return (start + mark + trimming).ljust(header.size_bytes, b"\0") + start.ljust(header.size_bytes, b"\0") * silent_frames
