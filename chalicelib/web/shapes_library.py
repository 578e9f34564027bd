"""What the API gives of the library and of a change to a song, as types."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from chalicelib.library_model import GroupKind
from chalicelib.web import shapes


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """An artist, an album, a genre or a year, and how many songs it has. Its name is what `GET /tracks` filters by."""

    kind: GroupKind
    name: Annotated[str, msgspec.Meta(examples=["Firsts"])]
    artist: Annotated[str | None, msgspec.Meta(description="Of an album.", examples=["Ada Bell"])]
    track_count: Annotated[int, msgspec.Meta(examples=[11])]
    cover_url: Annotated[shapes.Link | None, msgspec.Meta(examples=[None])]


class GroupList(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Group, ...]
    next_cursor: shapes.NextCursor = None


class TrackTags(shapes.TrackDetails, frozen=True, kw_only=True):
    """A song with all its tags, as they are after a change."""

    album_artist: Annotated[str | None, msgspec.Meta(examples=["Ada Bell"])]
    track_number: Annotated[int | None, msgspec.Meta(examples=[3])]


class Trashed(msgspec.Struct, frozen=True, kw_only=True):
    """The song is out of the library and everything made of it; until `restorable_until` it can be brought back."""

    track_id: shapes.TrackId
    restorable_until: shapes.Time
    status: Literal["trashed"] = "trashed"


class AlsoPlayed(shapes.Track, frozen=True, kw_only=True):
    listeners: Annotated[int, msgspec.Meta(description="Of the song's last listeners, those who played this one too.", examples=[3])]


class AlsoPlayedList(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[AlsoPlayed, ...]
    next_cursor: shapes.NextCursor = None
