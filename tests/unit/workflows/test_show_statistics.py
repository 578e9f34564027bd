from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.account_model import DayCount
from chalicelib.workflows.show_statistics import Statistics, show_statistics
from tests.fakes.account_stores import FakeStatisticsStore
from tests.fakes.stores import FakePlayStore, FakeTrackStore

DAY = date(2026, 5, 1)


class Counted(FakeStatisticsStore):
    """As documents say it that an older version began and a newer one went on with."""

    def __init__(self, *days: DayCount) -> None:
        super().__init__(FakePlayStore())
        self.counted = list(days)

    def days(self, user_id: str, *, since: date) -> list[DayCount]:
        return [each for each in self.counted if each.day >= since]


def show(day: DayCount, *, offset_min: int) -> Statistics:
    now = datetime(2026, 5, 2, 12, tzinfo=UTC)
    offset = timedelta(minutes=offset_min)
    return show_statistics("ann", "weeks", statistics=Counted(day), tracks=FakeTrackStore(), now=now, offset=offset)


@pytest.mark.parametrize(("offset_min", "hours"), [(0, {18: 3}), (330, {0: 2, 23: 1}), (345, {0: 3}), (-30, {17: 1, 18: 2}), (60, {19: 3})])
def test_hours_are_told_by_quarters(offset_min: int, hours: dict[int, int]) -> None:
    shown = show(DayCount(day=DAY, plays=3, hours={18: 3}, quarters={72 + 1: 1, 72 + 2: 1, 72 + 3: 1}), offset_min=offset_min)
    assert {hour: plays for hour, plays in enumerate(shown.hours) if plays} == hours
    assert shown.plays == 3


def test_what_was_counted_by_the_hour_alone_is_not_lost_and_not_counted_twice() -> None:
    shown = show(DayCount(day=DAY, plays=3, hours={18: 3}, quarters={72 + 3: 1}), offset_min=330)
    assert {hour: plays for hour, plays in enumerate(shown.hours) if plays} == {23: 2, 0: 1}
    assert [bar.plays for bar in shown.bars[-2:]] == [2, 1]
