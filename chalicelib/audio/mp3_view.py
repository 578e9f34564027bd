"""An MP3 as a decoder should see it: from its first frame on, without what is no frame, or behind a Xing frame with the true count of
frames; nothing is copied.

libsndfile stops where a Xing header, or its own guess without one, says that the sound ends (at 9 of 20 seconds, without a word),
and finds no frames behind much junk.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Buffer  # for mypy alone: collections.abc has it from Python 3.12 on


class Mp3View(io.RawIOBase):
    """Read-only and seekable; the underlying file stays open and belongs to the caller."""

    def __init__(self, file: BinaryIO, *ranges: tuple[int, int], head: bytes = b"") -> None:
        """`ranges`: the offsets [start, end) in the file that are seen, one after the other, behind `head`."""
        super().__init__()
        self._file, self._ranges, self._head = file, ranges, head
        self._begins = list(accumulate((end - start for start, end in ranges), initial=len(head)))  # as seen; the last is the size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._begins[-1]}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view) and (data := self._read_piece(len(view) - filled)):
            view[filled : filled + len(data)] = data
            filled += len(data)
            self._at += len(data)
        return filled

    def _read_piece(self, count: int) -> bytes:
        """At most so many bytes, all from one range."""
        if self._at < len(self._head):
            return self._head[self._at : self._at + count]
        number = bisect_right(self._begins, self._at) - 1
        if number >= len(self._ranges):
            return b""
        start, _ = self._ranges[number]
        self._file.seek(start + self._at - self._begins[number])
        return self._file.read(min(count, self._begins[number + 1] - self._at))
