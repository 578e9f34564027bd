"""An MP3 with holes in it: the stretches of whole frames that are left, and how much of the song went with what lay between them.

libmpg123 gives up after 1,024 bytes that are no frame, and libsndfile where a false header among them speaks of another format; given the
stretches alone, both read on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO, NamedTuple

from chalicelib.audio.byte_window import ByteWindow
from chalicelib.audio.losses import Damage
from chalicelib.audio.mp3_frames import FrameWalk, find_next
from chalicelib.audio.mp3_headers import HEADER_BYTES, parse_header

_MAX_HOLES = 1_000  # what has more of them is none of the song any more
_FRAMES_AROUND = 40  # on either side of a hole: a second


class Hole(NamedTuple):
    frame: int  # that comes behind it
    size_bytes: int
    frame_bytes: float  # in the mean, of the frames around it: a variable bit rate is another one in another part of the song

    @property
    def is_seam(self) -> bool:
        """As small as what a cut leaves of the two frames that it goes through: how much lay between them nobody knows."""
        return self.size_bytes < 2 * self.frame_bytes


class _Run(NamedTuple):
    start: int
    stop: int
    frames: int
    first: Sequence[int]  # sizes of some frames at its beginning
    last: Sequence[int]  # and at its end


@dataclass(frozen=True, slots=True)
class Runs:
    ranges: tuple[tuple[int, int], ...]  # offsets [start, end)
    frames: int
    holes: tuple[Hole, ...]
    trailing_bytes: int  # behind the last frame, but for tags
    are_all: bool  # False: there were more holes than are counted

    @property
    def is_one(self) -> bool:
        return len(self.ranges) == 1

    @property
    def lost_frames(self) -> float:
        """As many as would have fitted into the holes."""
        return sum(hole.size_bytes / hole.frame_bytes for hole in self.holes)

    @property
    def frame_bytes(self) -> float:
        return max(sum(end - start for start, end in self.ranges) / max(self.frames, 1), 1.0)


def find_runs(file: BinaryIO, walk: FrameWalk, end: int) -> Runs:
    """Of frames of the song's kind, from the first that holds sound to `end`."""
    window, first = ByteWindow(file, end), parse_header(walk.header_word)
    assert first is not None  # noqa: S101  # for mypy: the walk began there
    runs: list[_Run] = []
    sizes: list[int] = []  # of the holes, each behind the run of its number
    at, trailing_bytes, are_all = walk.first_sound_at, walk.trailing_bytes, True
    while True:
        runs.append(_follow(window, at, first.kind))
        resumed = find_next(window, runs[-1].stop, first.kind)
        if resumed is None:
            break
        at, hole_bytes = resumed
        sizes.append(hole_bytes)
        if len(sizes) > _MAX_HOLES:
            trailing_bytes, are_all = end - at, False
            break
    ranges = tuple((run.start, run.stop) for run in runs if run.frames)
    return Runs(ranges, sum(run.frames for run in runs), tuple(_describe_holes(runs, sizes)), trailing_bytes, are_all)


def _describe_holes(runs: Sequence[_Run], sizes: Sequence[int]) -> Iterator[Hole]:
    passed = accumulate(run.frames for run in runs)
    for number, (size_bytes, frame) in enumerate(zip(sizes, passed, strict=False)):
        around = [*runs[number].last, *(runs[number + 1].first if number + 1 < len(runs) else ())]
        if size_bytes:
            yield Hole(frame, size_bytes, max(sum(around) / max(len(around), 1), 1.0))


def _follow(window: ByteWindow, at: int, kind: int) -> _Run:
    """The run of frames that begins there."""
    start, count = at, 0
    first: list[int] = []
    last: deque[int] = deque(maxlen=_FRAMES_AROUND)
    while at + HEADER_BYTES <= window.end:
        header = parse_header(window.word_at(at))
        if header is None or header.kind != kind or at + header.size_bytes > window.end:
            break
        at += header.size_bytes
        count += 1
        last.append(header.size_bytes)
        if count <= _FRAMES_AROUND:
            first.append(header.size_bytes)
    return _Run(start, at, count, first, tuple(last))


def note_holes(walk: FrameWalk, runs: Runs, *, has_declared_bytes: bool, is_tail_sound: bool) -> Damage:
    """By the count of frames in the header, where it can be; else by the bytes that are no frames.

    `is_tail_sound`: what follows the last frame should have been of the song.
    """
    frame_s = walk.samples_per_frame / walk.sample_rate
    held_s = runs.frames * frame_s
    tail_s = runs.trailing_bytes / runs.frame_bytes * frame_s if is_tail_sound else 0.0
    by_bytes_s = held_s + runs.lost_frames * frame_s + tail_s
    is_believed = walk.declared_s >= held_s and (walk.declared_s <= by_bytes_s or not has_declared_bytes)
    expected_s = walk.declared_s if is_believed else by_bytes_s
    damage = Damage(is_least=not is_believed and any(hole.is_seam for hole in runs.holes))
    for hole in runs.holes:
        damage.note(hole.frame * frame_s)
    damage.lost_s = expected_s - held_s
    return damage
