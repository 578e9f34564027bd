"""A listener takes plays out of their history, or back in. What is out counts nowhere from that moment: not for taste, statistics or play
counts. In the same moment the listener's list loses what it held because of it, and another list is wanted (see `renew_recommendations`).
For a while it can come back; then the minute's function empties it, and only its id stays, so that no repetition records it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from chalicelib.errors import NotFoundError
from chalicelib.log import log
from chalicelib.workflows.account_ports import HistoryStore

RESTORABLE_FOR = timedelta(minutes=10)
EVENTS_AT_ONCE = 10  # of one listening
_FORGOTTEN_AT_ONCE = 500


def take_out(user_id: str, event_ids: Sequence[str], *, history: HistoryStore, now: datetime) -> tuple[str, ...]:
    """Those that are out. Again is the same. NotFoundError (`play_not_found`) when none of them is in this listener's history."""
    gone = history.remove(user_id, event_ids[:EVENTS_AT_ONCE], now=now)
    if not gone:
        raise _no_such_play()
    log.info("plays_taken_out", user_id=user_id, play_count=len(gone))
    return gone


def bring_back(user_id: str, event_ids: Sequence[str], *, history: HistoryStore, now: datetime) -> tuple[str, ...]:
    """Those that are in the history again. NotFoundError when it is too late, or they never were there."""
    back = history.restore(user_id, event_ids[:EVENTS_AT_ONCE], removed_after=now - RESTORABLE_FOR, now=now)
    if not back:
        raise _no_such_play()
    return back


def forget_removed_plays(*, history: HistoryStore, clock: Callable[[], datetime], is_time_up: Callable[[], bool]) -> int:
    """How many were emptied."""
    forgotten = 0
    while not is_time_up() and (count := history.forget_removed(before=clock() - RESTORABLE_FOR, limit=_FORGOTTEN_AT_ONCE)):
        forgotten += count
    return forgotten


def _no_such_play() -> NotFoundError:
    return NotFoundError("There is no such play in your history, or it can no longer be brought back.", code="play_not_found")
