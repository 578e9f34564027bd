"""Why a song is in a list, as types. Beside `model.py`, which tells them on."""

from __future__ import annotations

from typing import Literal

import msgspec

Act = Literal["played", "liked", "chosen", "avoided"]  # what the listener did with the song that a reason names


class PartLikeness(msgspec.Struct, frozen=True, kw_only=True):
    """How alike two songs are in one part of the sound."""

    part: str
    closeness: float  # 0-100: about how many of 100 pairs of songs differ more in it
    direction: str | None = None  # of the recommended song beside the other ("slower"), where the numbers bear it out


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """The song that a recommended one is near to."""

    track_id: str
    display_title: str
    artist: str | None
    distance: float  # angular, 0 (alike) to 2 (opposite), in the index's space
    percentile: float  # 0-100: how many of the catalogue's pairs are farther apart
    act: Act = "played"
    event_id: str | None = None  # of its latest play that the list rests on
    nearest: PartLikeness | None = None  # None: what the songs are made of could not be compared
    farthest: PartLikeness | None = None
