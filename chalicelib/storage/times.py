"""Times as MongoDB keeps them: whole milliseconds, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


@overload
def truncate_time(time: datetime) -> datetime: ...
@overload
def truncate_time(time: None) -> None: ...
def truncate_time(time: datetime | None) -> datetime | None:
    """Cut to the millisecond on the way in, so that what was written equals what is read."""
    if time is None:
        return None
    return time.astimezone(UTC).replace(microsecond=time.microsecond // 1000 * 1000)
