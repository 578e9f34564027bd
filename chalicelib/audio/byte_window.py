"""Random access to the bytes of a file up to an end, one window of it in memory, and a bounded search in them. Knows no format."""

from __future__ import annotations

import re
from typing import BinaryIO

_WINDOW_BYTES = 1 << 20
_MAX_MATCHES = 200_000  # a file may be made of nothing but false beginnings; sound ones have a few at most


class ByteWindow:
    def __init__(self, file: BinaryIO, end: int) -> None:
        self._file, self.end = file, end
        self._start, self._bytes = 0, b""
        self._matches_left = _MAX_MATCHES

    def word_at(self, offset: int) -> int:
        return int.from_bytes(self.bytes_at(offset, 4), "big")

    def bytes_at(self, offset: int, count: int) -> bytes:
        begin = offset - self._start
        if begin < 0 or begin + count > len(self._bytes):
            self._load(offset)
            begin = 0
        return self._bytes[begin : begin + count]

    def find(self, pattern: re.Pattern[bytes], offset: int, stop: int, *, width: int) -> int | None:
        """Where the pattern, `width` bytes long, is next found in [offset, stop). None too once a file has had too many such places."""
        while offset < min(stop, self.end) and self._matches_left > 0:
            if not self._start <= offset or offset + width > self._start + len(self._bytes):
                self._load(offset)
            found = pattern.search(self._bytes, offset - self._start, stop + width - 1 - self._start)
            if found is not None:
                self._matches_left -= 1
                return self._start + found.start()
            offset = max(self._start + len(self._bytes) - width + 1, offset + 1)
        return None

    def _load(self, offset: int) -> None:
        self._file.seek(offset)
        self._start, self._bytes = offset, self._file.read(min(_WINDOW_BYTES, max(self.end - offset, 0)))
        if not self._bytes:
            self.end = min(self.end, offset)
