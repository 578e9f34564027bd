"""Which events count as a play in statistics and play counts: one for each playback, whatever a player tells of it. Pure.

A start counts, and so does an end that no start precedes: of a player that tells of ends alone. The two of one playback are told by the
song's events following each other within a day; nothing else ties them. Each event is judged as it takes effect, and again when one that
came later stands right before it: in the end the same events count, in whatever order they came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from chalicelib.model import PlayKind

PLAYBACK_LASTS = timedelta(days=1)  # with all its pauses
_IN_ORDER: tuple[PlayKind, ...] = ("start", "skip", "complete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    event_id: str
    user_id: str
    track_id: str
    kind: PlayKind
    occurred_at: datetime
    has_effect: bool = False
    is_play: bool = False  # it counts; of one that has taken effect


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ids."""

    plays: frozenset[str]  # that count from now on: fresh ones, and ends whose start is another one's now
    no_plays: frozenset[str]  # that counted until now


def judge_plays(fresh: Collection[str], heard: Iterable[Heard]) -> Verdict:
    """Of the events that take effect now. `heard`: these and all others of the same listeners and songs within a day of them."""
    of_song: defaultdict[tuple[str, str], list[Heard]] = defaultdict(list)
    for each in heard:
        of_song[each.user_id, each.track_id].append(each)
    plays: set[str] = set()
    no_plays: set[str] = set()
    for events in of_song.values():
        ordered = sorted(events, key=lambda each: (each.occurred_at, _IN_ORDER.index(each.kind), each.event_id))
        for before, one in pairwise([None, *ordered]):
            if one is None or not _is_judged(one, before, fresh):
                continue
            counts = _counts(one, before)
            if counts and not one.is_play:
                plays.add(one.event_id)
            if one.is_play and not counts:
                no_plays.add(one.event_id)
    return Verdict(frozenset(plays), frozenset(no_plays))


def _is_judged(one: Heard, before: Heard | None, fresh: Collection[str]) -> bool:
    is_told_anew = one.kind == "complete" and one.has_effect and before is not None and before.event_id in fresh
    return one.event_id in fresh or is_told_anew


def _counts(one: Heard, before: Heard | None) -> bool:
    if one.kind != "complete":
        return one.kind == "start"
    return before is None or before.kind != "start" or one.occurred_at - before.occurred_at > PLAYBACK_LASTS
