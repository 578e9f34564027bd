"""Times as MongoDB keeps them: whole milliseconds, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar, overload

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


@overload
def truncate_time(time: datetime) -> datetime: ...
@overload
def truncate_time(time: None) -> None: ...
def truncate_time(time: datetime | None) -> datetime | None:
    """Cut to the millisecond on the way in, so that what was written equals what is read."""
    if time is None:
        return None
    return time.astimezone(UTC).replace(microsecond=time.microsecond // 1000 * 1000)


def truncate_times(noted: S) -> S:
    """Every time in a Struct, and in those within it."""
    values = {name: _truncate(getattr(noted, name)) for name in noted.__struct_fields__}
    return msgspec.structs.replace(noted, **values)


def _truncate(value: object) -> object:
    if isinstance(value, datetime):
        return truncate_time(value)
    return truncate_times(value) if isinstance(value, msgspec.Struct) else value
