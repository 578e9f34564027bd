"""What a listener's own pages speak of besides `model.py`: counts of their listening, and the wish to be forgotten."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

Period = Literal["weeks", "all"]  # the last four weeks, or all there ever was


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """Starts that took effect on one day, by UTC."""

    day: date
    plays: int
    hours: dict[int, int]  # hour of the day → starts; only those with any
    quarters: dict[int, int] = {}  # quarter of an hour of the day → starts, as far as they were counted so; no more than the hours say


class SongCount(msgspec.Struct, frozen=True, kw_only=True):
    track_id: str
    plays: int


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """An opinion as it is stored."""

    track_id: str
    opinion: str
    updated_at: datetime
    expires_at: datetime | None = None


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wanted to be forgotten: all that stays of them. Kept for good, so that nothing that comes late brings anything back."""

    user_id: str
    takes_uploads: bool  # their songs go too
    requested_at: datetime
    due_at: datetime | None  # when the next pass is; None: nothing is left
    passes: int = 0  # that found everything gone
