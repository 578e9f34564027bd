"""Why a song is in the list: the songs of the listener that speak for it, how near each is, and how rare it is to be as near. In which
part of the sound is `likeness`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.model import Reason, Track
from chalicelib.reason_model import Act
from chalicelib.recommend.agreement import Numbers

MOST_REASONS = 3
WORTH_NAMING = 0.25  # of what the strongest reason contributes


@dataclass(frozen=True, slots=True)
class Cause:
    """A song that can speak for others, and what the listener did with it."""

    track: Track
    act: Act = "played"
    event_id: str | None = None  # of its latest play


def explain_pick(
    causes: Sequence[Cause], distances: Numbers, contributions: Numbers, *, percentile_of: Callable[[float], float]
) -> tuple[Reason, ...]:
    """Strongest first, one at least. `distances` and `contributions` (m,) of the songs that speak for others, m ≥ 1."""
    order = np.lexsort((distances, -contributions))[:MOST_REASONS]  # by distance where they are too far off to contribute
    strongest = float(contributions[order[0]])
    named = [int(row) for place, row in enumerate(order) if place == 0 or contributions[row] > WORTH_NAMING * strongest]
    return tuple(_name_reason(causes[row], float(distances[row]), percentile_of) for row in named)


def _name_reason(cause: Cause, distance: float, percentile_of: Callable[[float], float]) -> Reason:
    return Reason(
        track_id=cause.track.track_id,
        display_title=cause.track.display_title,
        artist=cause.track.artist,
        distance=round(distance, 6),
        percentile=round(percentile_of(distance), 4),
        act=cause.act,
        event_id=cause.event_id,
    )
