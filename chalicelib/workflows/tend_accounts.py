"""Every minute: goes on with erasures that wait, empties what listeners took out of their history when it cannot come back any more, and
counts plays of older versions for the statistics.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.log import log
from chalicelib.workflows.account_ports import StatisticsStore
from chalicelib.workflows.change_history import forget_removed_plays
from chalicelib.workflows.erase_user import Erasing, erase_due

PLAYS_AT_ONCE = 200
PLAYS_A_MINUTE = 20_000


def tend_accounts(erasing: Erasing, *, is_time_up: Callable[[], bool]) -> None:
    erased = erase_due(erasing, is_time_up=is_time_up)
    forgotten = forget_removed_plays(history=erasing.stores.history, clock=erasing.clock, is_time_up=is_time_up)
    counted = count_older_plays(erasing.stores.statistics, is_time_up=is_time_up)
    if erased or forgotten or counted:
        log.info("accounts_tended", erasure_passes=erased, plays_forgotten=forgotten, plays_counted=counted)


def count_older_plays(statistics: StatisticsStore, *, is_time_up: Callable[[], bool]) -> int:
    counted = 0
    while counted < PLAYS_A_MINUTE and not is_time_up():
        at_once = statistics.count_older(limit=PLAYS_AT_ONCE)
        if not at_once:
            break
        counted += at_once
    return counted
