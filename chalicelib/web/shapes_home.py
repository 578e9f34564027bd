"""What home is asked and shows, as types."""

from __future__ import annotations

from typing import Annotated

import msgspec

from chalicelib.model import Opinion
from chalicelib.web.shapes import Recommendation, Recommendations, Track

Seen = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([0-9a-f]{24}(,[0-9a-f]{24}){0,29})?\Z",
        description="At most 30 ids of songs, by commas: those that were shown already.",
        examples=["8f14e45fceea167a5a36dedd"],
    ),
]


class PicksQuery(msgspec.Struct, frozen=True):
    seen: Seen = ""

    @property
    def seen_ids(self) -> tuple[str, ...]:
        return tuple(self.seen.split(",")) if self.seen else ()


class Picks(msgspec.Struct, frozen=True):
    """Three songs far apart in sound; none where the library has no three."""

    items: tuple[Track, ...]


class HomeRow(msgspec.Struct, frozen=True, kw_only=True):
    """Songs that have one played song as their reason."""

    lead: str  # the words before the song's title
    because: Track | None  # None: it is gone
    title: str
    items: tuple[Recommendation, ...]


class ContinueCard(msgspec.Struct, frozen=True, kw_only=True):
    track: Track
    position_s: float


class HomePage(msgspec.Struct, frozen=True, kw_only=True):
    """What the template is given."""

    offer: Recommendations
    rows: tuple[HomeRow, ...]
    picks: tuple[Track, ...]
    seen: str  # with these picks, for the link to others
    newest: tuple[Track, ...]
    continuation: ContinueCard | None
    opinions: dict[str, Opinion]
