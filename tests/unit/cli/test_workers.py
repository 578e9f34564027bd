"""One function over many things by all cores."""

from __future__ import annotations

from multiprocessing import active_children

import pytest

from chalicelib.cli.workers import OrderedMap, WorkerCrashedError
from tests.unit.cli.things_to_do import die_of_unlucky_numbers, double, double_slowly_at_first, refuse


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def test_answers_come_in_the_order_of_the_things_whatever_is_ready_first() -> None:
    done = Counter()
    assert list(OrderedMap(double_slowly_at_first, range(8), workers=2, on_done=done)) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert done.count == 8


def test_a_process_that_dies_costs_the_thing_it_died_of_and_no_other() -> None:
    done = Counter()
    answers = list(OrderedMap(die_of_unlucky_numbers, range(10), workers=2, on_done=done))
    assert [place for place, answer in enumerate(answers) if isinstance(answer, WorkerCrashedError)] == [3, 8]
    assert [answer for answer in answers if not isinstance(answer, WorkerCrashedError)] == [0, 2, 4, 8, 10, 12, 14, 18]
    assert done.count == 10


def test_who_wants_no_more_answers_leaves_no_process_behind() -> None:
    before = set(active_children())
    answers = iter(OrderedMap(double, range(1000), workers=2, on_done=Counter()))
    assert next(answers) == 0
    del answers
    assert set(active_children()) <= before


def test_an_error_of_the_function_itself_is_raised() -> None:
    with pytest.raises(ValueError, match="not 0"):
        list(OrderedMap(refuse, range(3), workers=2, on_done=Counter()))
