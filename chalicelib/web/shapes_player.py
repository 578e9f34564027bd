"""What the player sends and gets, as types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from chalicelib.web.shapes import Time, Track, TrackId

DeviceId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_-]{8,64}\Z", description="Drawn by the device, kept by it.", examples=["d5c1a0b86e0f4f7a9c3e2b1d4f6a8c0e"]
    ),
]
Position = Annotated[float, msgspec.Meta(ge=0, le=1_000_000, examples=[151.2])]
Place = Annotated[int, msgspec.Meta(ge=0, lt=200, description="Of the song in the queue, counted from 0.", examples=[0])]


class ListeningRequest(msgspec.Struct, frozen=True, kw_only=True):
    queue: Annotated[
        tuple[TrackId, ...], msgspec.Meta(max_length=200, description="In the order of playing; empty: nothing to go on with.")
    ]
    place: Place = 0
    position_s: Position = 0.0
    changed_at: Annotated[datetime, msgspec.Meta(tz=True, description="When the listener did it; a time to come counts as now.")]
    device_id: DeviceId


class ListeningSaved(msgspec.Struct, frozen=True, kw_only=True):
    """`is_current` is false where another device changed it later: what that one saved stands."""

    is_current: bool


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """Where the listener stopped, on whichever device: `queue[place]` from `position_s`; an empty queue where there is nothing."""

    queue: tuple[Track, ...] = ()
    place: Place = 0
    position_s: Position = 0.0
    changed_at: Time | None = None
    device_id: DeviceId | None = None
