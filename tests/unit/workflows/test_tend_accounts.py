"""What the minute's function does for accounts: within its time, and on from where the last minute ended."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from chalicelib.workflows.tend_accounts import PLAYS_A_MINUTE, PLAYS_AT_ONCE, count_older_plays
from tests.fakes.account_stores import FakeStatisticsStore
from tests.fakes.listener_stores import FakePlayStore


def never() -> bool:
    return False


def after(calls: int) -> Callable[[], bool]:
    asked = count(1)
    return lambda: next(asked) > calls


@pytest.mark.parametrize(
    ("waiting", "is_time_up", "counted"),
    [
        (0, never, 0),
        (PLAYS_AT_ONCE + 1, never, PLAYS_AT_ONCE + 1),
        (PLAYS_A_MINUTE + PLAYS_AT_ONCE, never, PLAYS_A_MINUTE),
        (PLAYS_A_MINUTE, after(2), 2 * PLAYS_AT_ONCE),
    ],
)
def test_older_plays_are_counted_as_far_as_a_minute_goes(waiting: int, is_time_up: Callable[[], bool], counted: int) -> None:
    statistics = FakeStatisticsStore(FakePlayStore())
    statistics.uncounted = waiting
    assert count_older_plays(statistics, is_time_up=is_time_up) == counted
    assert statistics.uncounted == waiting - counted
