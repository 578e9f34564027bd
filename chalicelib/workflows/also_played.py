"""What listeners of a song also played. Reads a bounded part of what they did lately; says nothing that fewer than two others did, and
never what the one who asks did.
"""

from __future__ import annotations

import math
from collections import Counter

import msgspec

from chalicelib.model import TrackCard
from chalicelib.workflows.ports import PlayStore, TrackStore

LISTENERS = 60
PLAYS_EACH = 30
LEAST_LISTENERS = 2
READ_PER_SHOWN = 6
FEW_PLAYS = 10  # of a song: below this its popularity says little


class AlsoPlayed(msgspec.Struct, frozen=True):
    track: TrackCard
    listeners: int  # of those that were looked at


def list_also_played(track_id: str, *, user_id: str, plays: PlayStore, tracks: TrackStore, limit: int) -> list[AlsoPlayed]:
    """Those first that its listeners play more than everybody does: else every song would lead to the same few."""
    played = plays.played_by_listeners_of(track_id, leave_out=user_id, listeners=LISTENERS, plays_each=PLAYS_EACH)
    together = Counter(each for of_one in played for each in of_one)
    shared = [(each, count) for each, count in together.most_common(READ_PER_SHOWN * limit) if count >= LEAST_LISTENERS]
    active = tracks.find_cards([each for each, _ in shared])
    found = [AlsoPlayed(active[each], count) for each, count in shared if each in active]
    return sorted(found, key=lambda each: (-_lift(each), each.track.track_id))[:limit]


def _lift(each: AlsoPlayed) -> float:
    return each.listeners / math.sqrt(each.track.play_count + FEW_PLAYS)
