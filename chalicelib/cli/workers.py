"""One function over many things by all cores, answers in the order of the things.

A process that dies (a decoder's fault) costs the thing that it died of and no other; Ctrl-C ends all processes at once, without their
tracebacks.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class WorkerCrashedError(Exception):
    """The process died; stands in the place of the answer."""


class OrderedMap(Generic[T, R]):
    """Iterate once over the answers. `function` is one of a module; `on_done` is called once a thing, in whatever order they get ready."""

    def __init__(self, function: Callable[[T], R], things: Sequence[T], *, workers: int, on_done: Callable[[], object]) -> None:
        self._function, self._things, self._workers, self._on_done = function, things, workers, on_done
        self._done: set[int] = set()

    def __iter__(self) -> Iterator[R | WorkerCrashedError]:
        place = 0
        while place < len(self._things):
            for answer in self._answer_until_crash(place, len(self._things)):
                yield answer
                place += 1
            if place < len(self._things):
                yield self._answer_alone(place)
                place += 1

    def _answer_until_crash(self, start: int, end: int) -> Iterator[R]:
        """Up to the first that is missing because a process died: of that thing, or of another that was in work."""
        with _open_pool(min(self._workers, end - start)) as pool:
            futures = [self._submit(pool, place) for place in range(start, end)]
            for future in futures:
                try:
                    yield future.result()
                except BrokenProcessPool:
                    return

    def _answer_alone(self, place: int) -> R | WorkerCrashedError:
        for answer in self._answer_until_crash(place, place + 1):
            return answer
        self._note(place)
        return WorkerCrashedError()

    def _submit(self, pool: ProcessPoolExecutor, place: int) -> Future[R]:
        future = pool.submit(self._function, self._things[place])
        future.add_done_callback(partial(self._note_answer, place))
        return future

    def _note_answer(self, place: int, future: Future[R]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._note(place)

    def _note(self, place: int) -> None:
        if place not in self._done:  # what was ready when another crashed is asked again
            self._done.add(place)
            self._on_done()


@contextmanager
def _open_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    others = active_children()
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_parent)
    try:
        yield pool
    except (KeyboardInterrupt, GeneratorExit):  # Ctrl-C, or nobody wants more answers
        for child in active_children():
            if child not in others:
                child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
