"""Every minute: goes on with erasures that wait, and empties what listeners took out of their history when it cannot come back any more."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.log import log
from chalicelib.workflows.change_history import forget_removed_plays
from chalicelib.workflows.erase_user import Erasing, erase_due


def tend_accounts(erasing: Erasing, *, is_time_up: Callable[[], bool]) -> None:
    erased = erase_due(erasing, is_time_up=is_time_up)
    forgotten = forget_removed_plays(history=erasing.stores.history, clock=erasing.clock, is_time_up=is_time_up)
    if erased or forgotten:
        log.info("accounts_tended", erasure_passes=erased, plays_forgotten=forgotten)
