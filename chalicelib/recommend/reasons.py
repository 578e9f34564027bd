"""Why a song is in the list: the played tracks that speak for it, how near each is, and how rare it is to be as near."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chalicelib.model import Reason, Track
from chalicelib.recommend.agreement import Numbers

MOST_REASONS = 3
WORTH_NAMING = 0.25  # of what the strongest reason contributes


def explain_pick(
    played: Sequence[Track], distances: Numbers, contributions: Numbers, *, percentile_of: Callable[[float], float]
) -> tuple[Reason, ...]:
    """Strongest first, one at least. `distances` and `contributions` (m,) of the played tracks that speak for songs, m ≥ 1."""
    order = np.lexsort((distances, -contributions))[:MOST_REASONS]  # by distance where they are too far off to contribute
    strongest = float(contributions[order[0]])
    named = [int(row) for place, row in enumerate(order) if place == 0 or contributions[row] > WORTH_NAMING * strongest]
    return tuple(_name_reason(played[row], float(distances[row]), percentile_of) for row in named)


def _name_reason(track: Track, distance: float, percentile_of: Callable[[float], float]) -> Reason:
    return Reason(
        track_id=track.track_id,
        display_title=track.display_title,
        artist=track.artist,
        distance=round(distance, 6),
        percentile=round(percentile_of(distance), 4),
    )
