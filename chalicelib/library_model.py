"""What one asks of the library, and the groups that it falls into. Beside `model.py`, which says what things are."""

from __future__ import annotations

from typing import Literal

import msgspec

GroupKind = Literal["artist", "album", "genre", "year"]
GroupSort = Literal["name", "count"]
TrackSort = Literal["title", "newest", "played", "track"]


class TrackQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is given must hold. Names are compared without regard to case and accents."""

    text: str = ""  # words of title, artist or album: then the best come first, whatever the sort
    artist: str | None = None  # of the song or of its album
    album: str | None = None
    genre: str | None = None
    year: int | None = None
    sort: TrackSort = "title"  # `track`: as on the album, where album and artist are given; else by title


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """An artist, an album, a genre or a year, and how many active songs it has."""

    kind: GroupKind
    name: str
    artist: str | None = None  # of an album
    count: int
    cover_track_id: str | None = None  # a song of it that had a cover
