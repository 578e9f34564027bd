"""What the lists of several listeners need at once, read and written together. A protocol under the rules of `ports.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.model import Opinion, Play, RecommendationList
from chalicelib.way_model import PlayArrival


@dataclass(frozen=True, slots=True)
class ListenerState:
    """What a list rests on."""

    recent: Sequence[Play]  # newest first
    opinions: Mapping[str, Opinion]
    taste_reset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEffect:
    """A list, and the plays that take effect by it."""

    recommendations: RecommendationList
    arrivals: Mapping[str, PlayArrival]  # by the events' ids
    epoch: int | None


class ListenerStore(Protocol):
    def read_states(self, user_ids: Sequence[str], *, plays: int, now: datetime) -> dict[str, ListenerState]:
        """Of each: the last plays, at most so many, and the opinions, as their stores have them; nothing of who is not there."""
