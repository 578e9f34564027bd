"""What the map is asked and gives, as types. The points themselves are a file in the index bucket: `chalicelib/index/song_map.py`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from chalicelib.web.shapes import TrackId

TrackIds = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-f]{24}(,[0-9a-f]{24}){0,29}\Z",
        description="Up to 30 ids of songs, by commas.",
        examples=["8f14e45fceea167a5a36dedd"],
    ),
]


class MapSongsQuery(msgspec.Struct, frozen=True):
    ids: TrackIds

    @property
    def track_ids(self) -> list[str]:
        return list(dict.fromkeys(self.ids.split(",")))


class MapGenre(msgspec.Struct, frozen=True):
    name: Annotated[str, msgspec.Meta(examples=["Folk"])]
    track_count: Annotated[int, msgspec.Meta(examples=[12])]


class MapPoints(msgspec.Struct, frozen=True, kw_only=True):
    """The file `map.bin` of the index build in force: 17 bytes a song behind a head of 32, little-endian, column after column: x and y
    (uint16), genre (uint8: its place in `genres`, 254 another, 255 none), id (12 bytes)."""

    url: Annotated[
        str,
        msgspec.Meta(
            description="Good for ten minutes.",
            examples=["https://index.s3.eu-central-1.amazonaws.com/indexes/20261122T120000Z-3f2a/map.bin?X-Amz-Signature=…"],
            extra_json_schema={"format": "uri"},
        ),
    ]
    build_id: Annotated[str, msgspec.Meta(examples=["20261122T120000Z-3f2a"])]
    track_count: Annotated[int, msgspec.Meta(examples=[60])]
    size_bytes: Annotated[int, msgspec.Meta(examples=[1052])]
    sha256: Annotated[str, msgspec.Meta(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    genres: Annotated[tuple[MapGenre, ...], msgspec.Meta(description="At most 200, the one with the most songs first.")]


class SongMap(msgspec.Struct, frozen=True, kw_only=True):
    """Where every song stands: near each other what sounds alike. And which of them are the listener's."""

    points: Annotated[MapPoints | None, msgspec.Meta(description="Null as long as no index build has a map; the next one brings it.")]
    played: Annotated[tuple[TrackId, ...], msgspec.Meta(description="Heard lately, the last first.")]
    recommended: Annotated[tuple[TrackId, ...], msgspec.Meta(description="The best first; none for someone new.")]
