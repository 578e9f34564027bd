"""Decoding beside measuring changes nothing but the time it takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.audio.frames import FloatArray
from chalicelib.audio.read_ahead import read_ahead
from chalicelib.errors import AudioError


def make_blocks(count: int, *, error: Exception | None = None) -> Iterator[FloatArray]:
    for number in range(count):
        yield np.full(3, number, np.float32)
    if error is not None:
        raise error


def count_readers() -> int:
    return sum(thread.name == "read-ahead" for thread in threading.enumerate())


@settings(deadline=None, max_examples=20)
@given(count=st.integers(min_value=0, max_value=50), core_count=st.sampled_from([1, 2]))
def test_the_same_blocks_come_in_the_same_order(count: int, core_count: int) -> None:
    blocks = list(read_ahead(make_blocks(count), core_count=core_count))
    assert [block[0] for block in blocks] == list(range(count))


@pytest.mark.parametrize("core_count", [1, 2])
def test_an_error_comes_after_the_blocks_before_it(core_count: int) -> None:
    error = AudioError("made for the test")
    taken = []
    with pytest.raises(AudioError) as caught:
        taken.extend(block[0] for block in read_ahead(make_blocks(7, error=error), core_count=core_count))
    assert caught.value is error
    assert count_readers() == 0


def test_whoever_stops_early_leaves_no_thread_that_reads_on() -> None:
    source = make_blocks(1_000)
    blocks = read_ahead(source, core_count=2)
    assert next(blocks)[0] == 0
    blocks.close()
    assert count_readers() == 0
    assert next(source)[0] < 10  # a few blocks ahead, no more


def test_no_more_than_a_few_blocks_are_read_ahead() -> None:
    made: list[int] = []

    def note_blocks() -> Iterator[FloatArray]:
        for block in make_blocks(100):
            made.append(int(block[0]))
            yield block

    for number, _ in enumerate(read_ahead(note_blocks(), core_count=2)):
        assert len(made) <= number + 6
