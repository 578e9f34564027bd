"""What the ways into the catalogue are asked and answer: mixes, radio, paths."""

from __future__ import annotations

from typing import Annotated

import msgspec

from chalicelib.web.shapes import NextCursor, PartLikeness, Recommendation, Track

_ID = "[0-9a-f]{24}"
_EXAMPLE = "8f14e45fceea167a5a36dedd"
_SEVERAL = "by commas, or each in a parameter of its own"

SongId = Annotated[str, msgspec.Meta(pattern=rf"^{_ID}\Z", examples=[_EXAMPLE], extra_json_schema={"format": "track-id"})]
Chosen = Annotated[
    tuple[SongId, ...],
    msgspec.Meta(max_length=20, description=f"At most 20 ids of songs, {_SEVERAL}: near to these.", examples=[[_EXAMPLE]]),
]
Avoided = Annotated[tuple[SongId, ...], msgspec.Meta(max_length=20, description=f"At most 20 ids of songs, {_SEVERAL}: away from these.")]
Heard = Annotated[
    tuple[SongId, ...],
    msgspec.Meta(max_length=150, description=f"At most 150 ids, oldest first, {_SEVERAL}: what was heard of this radio, not skipped."),
]
Skipped = Annotated[
    tuple[SongId, ...], msgspec.Meta(max_length=50, description=f"At most 50 ids, oldest first, {_SEVERAL}: what was skipped.")
]


class MixQuery(msgspec.Struct, frozen=True):
    """One song at least, to be near to or away from."""

    to: Chosen = ()
    away: Avoided = ()
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20


class Mixed(msgspec.Struct, frozen=True, kw_only=True):
    """Best first; each song with the chosen ones that it is near to."""

    items: tuple[Recommendation, ...]
    next_cursor: NextCursor = None


class RadioQuery(msgspec.Struct, frozen=True):
    seed: Annotated[
        str, msgspec.Meta(pattern=rf"^({_ID})?\Z", description="Without it, a song of the listener's taste.", examples=[_EXAMPLE])
    ] = ""
    heard: Heard = ()
    skipped: Skipped = ()
    limit: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5


class Radio(msgspec.Struct, frozen=True, kw_only=True):
    """What comes next; no items: everything was heard."""

    seed: Track | None  # give its id with the next question; null: there is nothing to play yet
    items: tuple[Recommendation, ...]


class PathQuery(msgspec.Struct, frozen=True):
    from_id: SongId = msgspec.field(name="from")
    to: SongId
    length: Annotated[int, msgspec.Meta(ge=2, le=25, description="At most so many songs, with both ends.")] = 10


class PathStep(Track, frozen=True, kw_only=True):
    """A song, and its step from the one before."""

    distance: Annotated[float | None, msgspec.Meta(description="Angular, 0 (alike) to 2 (opposite); null: the first.", examples=[0.41])]
    percentile: Annotated[float | None, msgspec.Meta(description="How many of 100 pairs of songs are farther apart.", examples=[97.2])]
    nearest: PartLikeness | None
    farthest: PartLikeness | None
    likeness: Annotated[str, msgspec.Meta(description="Beside the song before, in words.", examples=["close in timbre, slower in rhythm"])]


class SongPath(msgspec.Struct, frozen=True, kw_only=True):
    """From one song to the other; none where they cannot be compared yet."""

    items: tuple[PathStep, ...]
    next_cursor: NextCursor = None
