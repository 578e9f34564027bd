"""An MP3 as a decoder should see it: from its first frame on, or behind a Xing frame with the true count of frames; nothing is copied.

libsndfile stops where a Xing header, or its own guess without one, says that the sound ends (at 9 of 20 seconds, without a word),
and finds no frames behind much junk.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Buffer  # for mypy alone: collections.abc has it from Python 3.12 on


class Mp3View(io.RawIOBase):
    """Read-only and seekable; the underlying file stays open and belongs to the caller."""

    def __init__(self, file: BinaryIO, start: int, end: int, *, head: bytes = b"") -> None:
        super().__init__()
        self._file, self._start, self._head = file, start, head
        self._size = len(head) + end - start
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        count = min(len(view), max(self._size - self._at, 0))
        data = self._head[self._at : self._at + count]
        if count > len(data):
            self._file.seek(self._start + self._at + len(data) - len(self._head))
            data += self._file.read(count - len(data))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
