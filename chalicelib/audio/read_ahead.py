"""Decoding and resampling beside the measuring, where there is a second core: both spend their time in C, without Python's lock."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Generator, Iterator

from chalicelib.audio.frames import FloatArray

_BLOCKS_AHEAD = 4


def read_ahead(blocks: Iterator[FloatArray], *, core_count: int | None = None) -> Generator[FloatArray, None, None]:
    """The same blocks, or the same error at the same place. To be closed by whoever may stop early: then the thread has ended."""
    if (core_count or count_cores()) < 2:
        yield from blocks
        return
    reader = _Reader(blocks)
    reader.start()
    try:
        yield from reader.take_blocks()
    finally:
        reader.stop()


class _Reader(threading.Thread):
    """By hand: concurrent.futures brings logging along, a tenth of a cold start."""

    def __init__(self, blocks: Iterator[FloatArray]) -> None:
        super().__init__(name="read-ahead", daemon=True)
        self._blocks = blocks
        self._read: queue.Queue[FloatArray | BaseException | None] = queue.Queue()
        self._wanted = threading.Semaphore(_BLOCKS_AHEAD)
        self._is_stopped = False

    def run(self) -> None:
        try:
            for block in self._blocks:
                self._read.put(block)
                self._wanted.acquire()
                if self._is_stopped:
                    return
        except BaseException as error:  # noqa: BLE001  # raised again where the blocks are taken
            self._read.put(error)
        else:
            self._read.put(None)

    def take_blocks(self) -> Iterator[FloatArray]:
        while (block := self._read.get()) is not None:
            if isinstance(block, BaseException):
                raise block
            self._wanted.release()
            yield block

    def stop(self) -> None:
        self._is_stopped = True
        self._wanted.release()
        self.join()


def count_cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
