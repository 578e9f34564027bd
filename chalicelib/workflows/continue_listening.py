"""Going on where one stopped, on whichever device: what the player saves is bounded here, and what was saved is found again with the
songs as they are now.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.errors import InvalidInputError
from chalicelib.model import Listening, TrackCard
from chalicelib.workflows.player_ports import ListeningStore
from chalicelib.workflows.ports import TrackStore

QUEUE_MAX = 200


class Continuation(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to go on with: `queue[place]` from `position_s`."""

    queue: tuple[TrackCard, ...]
    place: int
    position_s: float
    changed_at: datetime
    device_id: str

    @property
    def track(self) -> TrackCard:
        return self.queue[self.place]


def save_listening(given: Listening, *, listening: ListeningStore, now: datetime) -> bool:
    """False where another device changed it later. A clock that is ahead of ours counts as ours, else it would win for ever."""
    if len(given.queue) > QUEUE_MAX:
        raise InvalidInputError(f"A queue holds at most {QUEUE_MAX} songs, got {len(given.queue)}.")
    if given.queue and given.place >= len(given.queue):
        raise InvalidInputError(f"place must be below {len(given.queue)}, the number of songs in the queue, got {given.place}.")
    return listening.save(msgspec.structs.replace(given, changed_at=min(given.changed_at, now)))


def find_continuation(user_id: str, *, listening: ListeningStore, tracks: TrackStore) -> Continuation | None:
    """None where nothing was saved, or nothing of it is left. Where the song itself is gone, the next one that is there begins."""
    saved = listening.find(user_id)
    if saved is None or not saved.queue:
        return None
    found = tracks.find_cards(list(dict.fromkeys(saved.queue)))
    kept = [place for place, track_id in enumerate(saved.queue) if track_id in found]
    ahead = [place for place in kept if place >= saved.place]
    if not ahead:
        return None
    return Continuation(
        queue=tuple(found[saved.queue[place]] for place in kept),
        place=kept.index(ahead[0]),
        position_s=min(saved.position_s, found[saved.queue[ahead[0]]].duration_s) if ahead[0] == saved.place else 0.0,
        changed_at=saved.changed_at,
        device_id=saved.device_id,
    )
