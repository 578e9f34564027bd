"""An MP3 with holes in it: the stretches of whole frames that are left, and how much of the song went with what lay between them.

libmpg123 gives up after 1,024 bytes that are no frame, and libsndfile where a false header among them speaks of another format; given the
stretches alone, both read on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from chalicelib.audio.byte_window import ByteWindow
from chalicelib.audio.losses import Damage
from chalicelib.audio.mp3_frames import FrameWalk, find_next
from chalicelib.audio.mp3_headers import HEADER_BYTES, parse_header

_MAX_HOLES = 1_000  # what has more of them is none of the song any more


class Hole(NamedTuple):
    frame: int  # that comes behind it
    size_bytes: int


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
        return sum(hole.size_bytes for hole in self.holes) / self.frame_bytes

    @property
    def frame_bytes(self) -> float:
        return max(sum(end - start for start, end in self.ranges) / max(self.frames, 1), 1.0)


def find_runs(file: BinaryIO, walk: FrameWalk, end: int) -> Runs:
    """Of frames of the song's kind, from the first that holds sound to `end`."""
    window, first = ByteWindow(file, end), parse_header(walk.header_word)
    assert first is not None  # noqa: S101  # for mypy: the walk began there
    ranges: list[tuple[int, int]] = []
    holes: list[Hole] = []
    at, frames = walk.first_sound_at, 0
    while len(holes) <= _MAX_HOLES:
        stop, count = _follow(window, at, first.kind)
        if count:
            ranges.append((at, stop))
            frames += count
        resumed = find_next(window, stop, first.kind)
        if resumed is None:
            return Runs(tuple(ranges), frames, tuple(holes), walk.trailing_bytes, are_all=True)
        at, hole_bytes = resumed
        if hole_bytes:
            holes.append(Hole(frames, hole_bytes))
    return Runs(tuple(ranges), frames, tuple(holes), end - at, are_all=False)


def _follow(window: ByteWindow, at: int, kind: int) -> tuple[int, int]:
    """Where the run of frames that begins there ends, and how many there are."""
    count = 0
    while at + HEADER_BYTES <= window.end:
        header = parse_header(window.word_at(at))
        if header is None or header.kind != kind or at + header.size_bytes > window.end:
            break
        at += header.size_bytes
        count += 1
    return at, count


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
    damage = Damage()
    for hole in runs.holes:
        damage.note(hole.frame * frame_s)
    damage.lost_s = expected_s - held_s
    return damage
