"""MPEG audio frames, walked header by header: how much sound the bytes of an MP3 hold, whatever its Xing header or its tags say.

Decodes nothing. The two other sources of a length are no truth: a Xing or VBRI header may lie or outlive half of its file, and without one
libsndfile and mutagen guess from the first bit rate (and libsndfile then stops there). Reads in windows, so that memory stays flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from chalicelib.audio.byte_window import ByteWindow
from chalicelib.audio.mp3_headers import FRAME_START, HEADER_BYTES, SYNC_BYTES, FrameHeader, parse_header

MAX_LEADING_JUNK_BYTES = 65_536  # libmpg123 gives up there too
MAX_FAR_JUNK_BYTES = 1 << 24  # a cover whose tag lies about its size
_FRAMES_OF_A_CHAIN = 8
_DECODER_DELAY = 529  # samples, of every MP3 decoder
_ID3V1_BYTES = 128
_APE_HEAD_BYTES = 32
_MAX_INNER_TAGS = 8


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
    def is_empty(self) -> bool:
        return self.frames == 0 and self.declared_s == 0 and not self.is_last_cut

    @property
    def declared_s(self) -> float:
        """0 where nothing is declared."""
        return (self.declared.frames if self.declared else 0) * self.samples_per_frame / self.sample_rate


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
    at = find_frame(window, start, near, kind=None)
    return _find_chain(window, near) if at is None else at


def _find_chain(window: ByteWindow, start: int) -> int | None:
    stop = min(window.end, start + MAX_FAR_JUNK_BYTES)
    at = find_frame(window, start, stop, kind=None)
    while at is not None and not _begins_frames(window, at, _FRAMES_OF_A_CHAIN):
        at = find_frame(window, at + 1, stop, kind=None)
    return at


class _Tally(NamedTuple):
    frames: int
    skipped_bytes: int
    trailing_bytes: int
    is_last_cut: bool


def _count_frames(window: ByteWindow, at: int, kind: int) -> _Tally:
    frames = skipped_bytes = 0
    while at + HEADER_BYTES <= window.end:
        header = parse_header(window.word_at(at))
        if header is None or header.kind != kind:
            resumed = find_next(window, at, kind)
            if resumed is None:
                break
            at, hole_bytes = resumed
            skipped_bytes += hole_bytes
            continue
        if at + header.size_bytes > window.end:
            return _Tally(frames, skipped_bytes, 0, is_last_cut=True)
        frames += 1
        at += header.size_bytes
    return _Tally(frames, skipped_bytes, _count_trailing(window, at), is_last_cut=False)


def _count_trailing(window: ByteWindow, at: int) -> int:
    """Bytes that belong to no tag: some taggers append ID3v2 without the mark that tells where it begins."""
    behind_tags = _skip_inner_tags(window, at)
    return max(window.end - (behind_tags if behind_tags <= window.end else at), 0)


def find_frame(window: ByteWindow, at: int, stop: int, *, kind: int | None) -> int | None:
    """The next place where a frame begins and another like it, or the end, follows: a lone sync word is nothing in random bytes."""
    candidate = window.find(FRAME_START, at, stop, width=SYNC_BYTES)
    while candidate is not None:
        header = parse_header(window.word_at(candidate))
        if header is not None and (kind is None or header.kind == kind):
            after = candidate + header.size_bytes
            follower = parse_header(window.word_at(after)) if after + HEADER_BYTES <= window.end else None
            if after == window.end or (follower is not None and follower.kind == header.kind):
                return candidate
        candidate = window.find(FRAME_START, candidate + 1, stop, width=SYNC_BYTES)
    return None


def find_next(window: ByteWindow, at: int, kind: int) -> tuple[int, int] | None:
    """From where no frame begins on: the next one that does, and how many bytes before it are none of any tag's. Tags may lie here too."""
    behind_tags = _skip_inner_tags(window, at)
    found = find_frame(window, behind_tags, window.end, kind=kind)
    if found is None and behind_tags > at:
        behind_tags = at
        found = find_frame(window, at + 1, window.end, kind=kind)
    return None if found is None else (found, found - behind_tags)


def _skip_inner_tags(window: ByteWindow, at: int) -> int:
    """Songs that were joined with `cat` have the first one's tags and the second one's, cover and all, in the middle. `at` without any."""
    for _ in range(_MAX_INNER_TAGS):
        head = window.bytes_at(at, _APE_HEAD_BYTES)
        if head[:3] == b"TAG":
            at += _ID3V1_BYTES
        elif head[:3] == b"ID3" and len(head) >= 10:
            at += 10 + decode_synchsafe(head[6:10])
        elif head[:8] == b"APETAGEX" and len(head) == _APE_HEAD_BYTES:
            at += _APE_HEAD_BYTES + int.from_bytes(head[12:16], "little")
        else:
            break
    return at


def begins_frames(file: BinaryIO, at: int, end: int, *, count: int) -> bool:
    """Whether so many frames of one kind follow each other from this very place on."""
    return _begins_frames(ByteWindow(file, end), at, count)


def find_chain(file: BinaryIO, start: int, end: int) -> int | None:
    """Where so many frames follow each other that nothing else can be meant."""
    return _find_chain(ByteWindow(file, end), start)


def _begins_frames(window: ByteWindow, at: int, count: int) -> bool:
    kinds: set[int] = set()
    for _ in range(count):
        header = parse_header(window.word_at(at)) if at + HEADER_BYTES <= window.end else None
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
    at = HEADER_BYTES + header.side_info_bytes
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
