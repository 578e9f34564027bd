"""Why a song is in the list: the songs of the listener that speak for it, how near each is, and how rare it is to be as near. In which
part of the sound is `likeness`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.model import Reason, TrackCard, TrackName
from chalicelib.reason_model import Act
from chalicelib.recommend.agreement import Numbers

MOST_REASONS = 3
WORTH_NAMING = 0.25  # of what the strongest reason contributes


@dataclass(frozen=True, slots=True)
class Cause:
    """A song that can speak for others, and what the listener did with it."""

    track: TrackCard | TrackName
    act: Act = "played"
    event_id: str | None = None  # of its latest play


def explain_picks(
    causes: Sequence[Cause], distances: Numbers, contributions: Numbers, *, percentiles_of: Callable[[Numbers], Numbers]
) -> list[tuple[Reason, ...]]:
    """Of each pick: strongest first, one at least. `distances` and `contributions` (n, m) of the songs that speak for others, m ≥ 1."""
    order = np.lexsort((distances, -contributions), axis=1)[:, :MOST_REASONS]  # by distance where they are too far off to contribute
    strength = np.take_along_axis(contributions, order, axis=1)
    is_named = strength > WORTH_NAMING * strength[:, :1]
    is_named[:, 0] = True
    picks, places = np.divmod(np.flatnonzero(is_named), order.shape[1])
    chosen = order[picks, places]
    far = distances[picks, chosen]
    columns = (picks, chosen, np.round(far, 6), np.round(percentiles_of(far), 4))
    reasons: list[list[Reason]] = [[] for _ in order]
    for pick, at, distance, percentile in zip(*(column.tolist() for column in columns), strict=True):
        reasons[pick].append(_name_reason(causes[at], distance, percentile))
    return [tuple(each) for each in reasons]


def explain_pick(
    causes: Sequence[Cause], distances: Numbers, contributions: Numbers, *, percentile_of: Callable[[float], float]
) -> tuple[Reason, ...]:
    """`explain_picks` of one."""
    percentiles_of = np.vectorize(percentile_of, otypes=[np.float64])
    return explain_picks(causes, distances[np.newaxis], contributions[np.newaxis], percentiles_of=percentiles_of)[0]


def _name_reason(cause: Cause, distance: float, percentile: float) -> Reason:
    return Reason(
        track_id=cause.track.track_id,
        display_title=cause.track.display_title,
        artist=cause.track.artist,
        distance=distance,
        percentile=percentile,
        act=cause.act,
        event_id=cause.event_id,
    )
