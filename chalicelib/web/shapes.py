"""What the API gives, as types: the JSON of its answers, the OpenAPI document and what templates see are all made from these.

The names are those of the document, so a module that speaks of the model too says `shapes.Track`. Parts with many answers of their own
keep them in `shapes_<part>.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from chalicelib.model import Basis, Opinion, PlayKind, UploadStatus
from chalicelib.reason_model import Act
from chalicelib.web.shapes_uploads import PartsPlan
from chalicelib.workflows.check_health import Check

TrackId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-f]{24}\Z",
        description="24 hex digits over what is heard.",
        examples=["8f14e45fceea167a5a36dedd"],
        extra_json_schema={"format": "track-id"},
    ),
]
UploadId = Annotated[
    str,
    msgspec.Meta(pattern=r"^[0-9a-f]{24}\Z", examples=["c9f0f895fb98ab9159f51fd0"], extra_json_schema={"format": "upload-id"}),
]
Time = Annotated[
    str,
    msgspec.Meta(
        description="In UTC, with milliseconds.",
        examples=["2026-11-22T12:00:00.123Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Link = Annotated[
    str,
    msgspec.Meta(description="From the host's root, with whatever prefix this request had.", extra_json_schema={"format": "uri-reference"}),
]
NextCursor = Annotated[
    str | None, msgspec.Meta(description="Give it back as `cursor` for the next part; null: that was all.", examples=[None])
]


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """A song as lists show it."""

    track_id: TrackId
    title: Annotated[str, msgspec.Meta(examples=["Blue Hour"])]
    artist: Annotated[str | None, msgspec.Meta(examples=["Ada Bell"])]
    album: Annotated[str | None, msgspec.Meta(examples=["Firsts"])]
    genre: Annotated[str | None, msgspec.Meta(examples=["Folk"])]
    year: Annotated[int | None, msgspec.Meta(examples=[1999])]
    duration_s: Annotated[float, msgspec.Meta(description="Decoded, not declared.", examples=[185.233])]
    preview_start_s: Annotated[float, msgspec.Meta(description="Where a passage begins that gives an idea of the song.", examples=[62.0])]
    cover_url: Annotated[Link | None, msgspec.Meta(examples=["/timbre/api/v1/tracks/8f14e45fceea167a5a36dedd/cover"])]
    audio_url: Annotated[Link, msgspec.Meta(examples=["/timbre/api/v1/tracks/8f14e45fceea167a5a36dedd/audio"])]


class TrackDetails(Track, frozen=True, kw_only=True):
    """A song, and what the listener thinks of it."""

    opinion: Opinion | None


class TrackList(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Track, ...]
    next_cursor: NextCursor = None


class PartLikeness(msgspec.Struct, frozen=True, kw_only=True):
    """How alike two songs are in one part of the sound."""

    part: Annotated[str, msgspec.Meta(examples=["timbre"])]
    closeness: Annotated[float, msgspec.Meta(description="About how many of 100 pairs of songs differ more in it.", examples=[97.3])]
    direction: Annotated[
        str | None, msgspec.Meta(description="Of this song beside the other, where there is one to tell.", examples=["brighter"])
    ]


class Neighbour(Track, frozen=True, kw_only=True):
    """A song that sounds alike."""

    distance: Annotated[float, msgspec.Meta(description="Angular, 0 (alike) to 2 (opposite).", examples=[0.214033])]
    percentile: Annotated[float, msgspec.Meta(description="How many of 100 pairs of songs are farther apart.", examples=[99.12])]
    text: Annotated[str, msgspec.Meta(description="For people.", examples=["Nearer than 99 % of all pairs of songs"])]
    nearest: PartLikeness | None = None  # of the parts of the sound; null: not compared
    farthest: PartLikeness | None = None
    likeness: Annotated[str, msgspec.Meta(description="The two in words.", examples=["very close in timbre, slower in rhythm"])] = ""


class NeighbourList(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Neighbour, ...]
    next_cursor: NextCursor = None


class PlayAccepted(msgspec.Struct, frozen=True):
    """The play is on disk; its effect follows within a second or so."""

    event_id: Annotated[str, msgspec.Meta(examples=["b3f1c2a4-0001"])]
    status: Literal["accepted"] = "accepted"
    is_kept: Annotated[bool, msgspec.Meta(description="False while the listener pauses their history: then nothing is kept of it.")] = True


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a song is recommended: the song of the listener that it is near to, and in what."""

    track_id: TrackId
    title: Annotated[str, msgspec.Meta(examples=["Night Train"])]
    artist: Annotated[str | None, msgspec.Meta(examples=["Bea Okafor"])]
    act: Annotated[Act, msgspec.Meta(description="What the listener did with it.")]
    event_id: Annotated[str | None, msgspec.Meta(description="Of its latest play.", examples=["b3f1c2a4-0001"])]
    distance: Annotated[float, msgspec.Meta(description="Angular, 0 (alike) to 2 (opposite).", examples=[0.25])]
    percentile: Annotated[float, msgspec.Meta(description="How many of 100 pairs of songs are farther apart.", examples=[99.5])]
    nearest: PartLikeness | None
    farthest: PartLikeness | None
    likeness: Annotated[str, msgspec.Meta(examples=["very close in timbre, slower in rhythm"])]
    text: Annotated[str, msgspec.Meta(examples=["Because you played “Night Train” by Bea Okafor: very close in timbre, slower in rhythm"])]


class Recommendation(Track, frozen=True, kw_only=True):
    score: Annotated[float, msgspec.Meta(examples=[0.871422])]
    reasons: tuple[Reason, ...]


class Recommendations(msgspec.Struct, frozen=True, kw_only=True):
    """Songs near in sound to what was played lately, or random ones for someone new."""

    basis: Basis
    items: tuple[Recommendation, ...]
    generated_at: Time
    index_build: Annotated[str | None, msgspec.Meta(examples=["20261122T120000-3f2a"])]
    arm: Annotated[str | None, msgspec.Meta(description="Which of the ways that are compared it was made by.", examples=["plays"])]


class OpinionGiven(msgspec.Struct, frozen=True):
    track_id: TrackId
    opinion: Opinion
    until: Time | None = None  # `not_now` ends by itself


class PlayedTrack(msgspec.Struct, frozen=True, kw_only=True):
    """One act of listening."""

    event_id: Annotated[str, msgspec.Meta(examples=["b3f1c2a4-0001"])]
    track_id: TrackId
    kind: PlayKind
    position_s: Annotated[float, msgspec.Meta(examples=[0.0])]
    occurred_at: Time
    track: Track | None  # None: gone from the catalogue


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    items: tuple[PlayedTrack, ...]
    next_cursor: NextCursor = None


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt: what became of one file. `failed` says why in `error_code` and, for people, in `message`."""

    upload_id: UploadId
    key: Annotated[str, msgspec.Meta(examples=["uploads/c9f0f895fb98ab9159f51fd0/blue-hour.mp3"])]
    filename: Annotated[str, msgspec.Meta(examples=["blue-hour.mp3"])]
    status: UploadStatus
    track_id: TrackId | None
    error_code: Annotated[str | None, msgspec.Meta(examples=[None])]
    message: Annotated[str | None, msgspec.Meta(examples=[None])]
    warnings: Annotated[tuple[str, ...], msgspec.Meta(examples=[[]])]
    is_duplicate: Annotated[bool, msgspec.Meta(description="The same audio was in the library already.", examples=[False])]
    attempts: Annotated[int, msgspec.Meta(examples=[1])]
    created_at: Time
    updated_at: Time


class UploadList(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Upload, ...]
    next_cursor: NextCursor = None


class UploadPermission(Upload, frozen=True, kw_only=True):
    """Send `fields`, then the file as `file`, as a multipart form to `url`."""

    url: Annotated[str, msgspec.Meta(examples=["https://s3.eu-central-1.amazonaws.com/music"], extra_json_schema={"format": "uri"})]
    fields: Annotated[
        dict[str, str],
        msgspec.Meta(examples=[{"key": "uploads/c9f0f895fb98ab9159f51fd0/blue-hour.mp3", "Content-Type": "audio/mpeg", "policy": "eyJ…"}]),
    ]
    parts: PartsPlan | None  # where parts were asked for and the file is large enough: instead of the form


class User(msgspec.Struct, frozen=True, kw_only=True):
    user_id: Annotated[str, msgspec.Meta(examples=["45c48cce2e2d7fbdea1afc51"])]
    username: Annotated[str, msgspec.Meta(examples=["ada"])]
    created_at: Time


class SessionOpened(msgspec.Struct, frozen=True, kw_only=True):
    """The token goes into `Authorization: Bearer …`; a browser keeps the cookie that comes along."""

    token: Annotated[str, msgspec.Meta(examples=["Zk3…example…9Qw"])]
    expires_at: Time


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`degraded`: all works, with what `warnings` says; `down`: a part is away that nothing works without."""

    status: Literal["ok", "degraded", "down"]
    checks: Annotated[dict[str, Check], msgspec.Meta(examples=[{"mongodb": {"status": "ok", "duration_ms": 2}}])]
    warnings: Annotated[tuple[str, ...], msgspec.Meta(examples=[[]])]


class ErrorDetails(msgspec.Struct, frozen=True, kw_only=True):
    code: Annotated[str, msgspec.Meta(description="Stable, for programs.", examples=["track_not_found"])]
    message: Annotated[str, msgspec.Meta(description="One sentence, for people.", examples=["There is no such track."])]
    request_id: Annotated[
        str, msgspec.Meta(description="To find the request in the logs.", examples=["1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"])
    ]


class Error(msgspec.Struct, frozen=True):
    """Every error of the API looks like this."""

    error: ErrorDetails


class ApiDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An OpenAPI 3.1 document."""

    openapi: Annotated[str, msgspec.Meta(examples=["3.1.0"])]
    info: Annotated[dict[str, Any], msgspec.Meta(examples=[{"title": "Timbre", "version": "1"}])]
    servers: Annotated[tuple[dict[str, str], ...], msgspec.Meta(examples=[[{"url": "/timbre/api/v1"}]])]
    tags: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(examples=[[]])]
    paths: Annotated[dict[str, Any], msgspec.Meta(examples=[{}])]
    components: Annotated[dict[str, Any], msgspec.Meta(examples=[{}])]
