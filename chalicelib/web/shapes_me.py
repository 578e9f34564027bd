"""What the API asks and gives of the listener themselves, as types."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from chalicelib.account_model import Period
from chalicelib.model import Role
from chalicelib.web.parsing import Secret
from chalicelib.web.shapes import Time, Track
from chalicelib.workflows.register_user import PASSWORD_MAX, PASSWORD_MIN

EVENT_ID = r"[A-Za-z0-9_-]{8,64}"
EventId = Annotated[str, msgspec.Meta(pattern=rf"^{EVENT_ID}\Z", examples=["b3f1c2a4-0001"], extra_json_schema={"format": "event-id"})]
SessionId = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9a-f]{24}\Z", examples=["3d7a1b7ed1f04c9c8fb6a7c1"], extra_json_schema={"format": "session-id"})
]
Day = Annotated[str, msgspec.Meta(examples=["2026-11-22"], extra_json_schema={"format": "date"})]
Count = Annotated[int, msgspec.Meta(ge=0, examples=[12])]
Offset = Annotated[int, msgspec.Meta(ge=-840, le=840, description="Minutes that the listener's clock is ahead of UTC.", examples=[60])]


class Me(msgspec.Struct, frozen=True, kw_only=True):
    user_id: Annotated[str, msgspec.Meta(examples=["45c48cce2e2d7fbdea1afc51"])]
    username: Annotated[str, msgspec.Meta(examples=["ada"])]
    roles: Annotated[tuple[Role, ...], msgspec.Meta(description="`uploader` may add songs, `operator` may do everything.")]
    created_at: Time
    history_paused_at: Annotated[Time | None, msgspec.Meta(description="Since then plays are not kept; null: they are.", examples=[None])]
    taste_reset_at: Annotated[Time | None, msgspec.Meta(description="Plays before then say nothing about taste.", examples=[None])]


class SettingsChange(msgspec.Struct, frozen=True, kw_only=True):
    history_paused: Annotated[bool, msgspec.Meta(description="While true, plays are accepted and kept nowhere.", examples=[False])]


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True):
    current_password: Secret
    new_password: Annotated[
        str,
        msgspec.Meta(
            examples=["a better battery"],
            extra_json_schema={"minLength": PASSWORD_MIN, "maxLength": PASSWORD_MAX, "format": "password"},
        ),
    ]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One device that is logged in."""

    session_id: SessionId
    device: Annotated[str, msgspec.Meta(examples=["Firefox on Linux"])]
    is_this: Annotated[bool, msgspec.Meta(description="The one that asks.", examples=[True])]
    created_at: Time
    last_seen_at: Annotated[Time | None, msgspec.Meta(description="To some minutes.")]
    expires_at: Time


class SessionList(msgspec.Struct, frozen=True):
    items: tuple[Session, ...]
    next_cursor: None = None


class SessionsEnded(msgspec.Struct, frozen=True):
    count: Count


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """Fetch `url`, without the token, within `expires_s` seconds: one JSON file."""

    url: Annotated[
        str, msgspec.Meta(examples=["https://s3.eu-central-1.amazonaws.com/music/exports/…"], extra_json_schema={"format": "uri"})
    ]
    size_bytes: Annotated[int, msgspec.Meta(examples=[184320])]
    expires_s: Annotated[int, msgspec.Meta(examples=[900])]


class EraseRequest(msgspec.Struct, frozen=True, kw_only=True):
    password: Secret
    with_uploads: Annotated[bool, msgspec.Meta(description="The songs that they uploaded go too.", examples=[False])] = False


class Erasing(msgspec.Struct, frozen=True):
    """The account is gone at once; the rest of it within minutes."""

    status: Literal["erasing"] = "erasing"


class RemovalQuery(msgspec.Struct, frozen=True):
    also: Annotated[
        str,
        msgspec.Meta(
            pattern=rf"^({EVENT_ID}(,{EVENT_ID}){{0,8}})?\Z",
            description="At most nine more events of the same listening (its start or its end), by commas.",
            examples=["b3f1c2a4-0002"],
        ),
    ] = ""

    @property
    def event_ids(self) -> tuple[str, ...]:
        return tuple(self.also.split(",")) if self.also else ()


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """Out of the history, and counting nowhere; until `restorable_until` it can come back."""

    event_ids: tuple[EventId, ...]
    restorable_until: Time


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    event_ids: tuple[EventId, ...]


class StatisticsQuery(msgspec.Struct, frozen=True):
    period: Annotated[Period, msgspec.Meta(description="The last four weeks by day, or all by week (bars and hours: of the last 52).")] = (
        "weeks"
    )
    utc_offset_min: Offset = 0


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    start: Day  # of a week its Monday
    plays: Count


class Named(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(examples=["Ada Bell"])]
    plays: Count


class TopSong(Track, frozen=True, kw_only=True):
    plays: Count


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """What the listener played, in starts. Artists and genres are told by the `song_count` songs played most."""

    period: Period
    plays: Count
    bars: tuple[Bar, ...]
    hours: Annotated[tuple[int, ...], msgspec.Meta(description="24 numbers, by the hour of the listener's clock.", examples=[[0] * 24])]
    artists: tuple[Named, ...]
    genres: tuple[Named, ...]
    songs: tuple[TopSong, ...]
    song_count: Count
