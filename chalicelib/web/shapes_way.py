"""What the API says of the way of a song, and how pages show it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from chalicelib.web.shapes import Time, TrackId
from chalicelib.workflows.show_way import StepState, Way

Milliseconds = Annotated[
    float | None,
    msgspec.Meta(description="From stored times; null where one is not known, or where the clocks of two hosts disagree.", examples=[41.0]),
]


class WayQuery(msgspec.Struct, frozen=True):
    upload_id: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^([0-9a-f]{24})?\Z", description="The way of this upload, instead of the last.", examples=["c9f0f895fb98ab9159f51fd0"]
        ),
    ] = ""


class WayStep(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(examples=["Queue"])]
    state: StepState
    detail: Annotated[str, msgspec.Meta(description="For people.", examples=["Announced by SQS, picked up after 12 ms"])]
    duration_ms: Milliseconds
    clocks: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Whose times the number comes from: where there are two, it holds as far as they agree.", examples=[["S3"]]
        ),
    ]


class SongWay(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of one upload (bucket, queue, MFCC, MongoDB, index) or one play (play, Kafka, Annoy, home)."""

    kind: Literal["upload", "play"]
    subject_id: Annotated[str, msgspec.Meta(description="Of the upload or the play.", examples=["c9f0f895fb98ab9159f51fd0"])]
    title: Annotated[str, msgspec.Meta(examples=["Blue Hour"])]
    track_id: TrackId | None
    began_at: Time
    is_travelling: bool  # more is to come: ask again
    total_ms: Milliseconds
    message: Annotated[str | None, msgspec.Meta(description="Why it failed.", examples=[None])]
    steps: tuple[WayStep, ...]


class LastWay(msgspec.Struct, frozen=True, kw_only=True):
    way: SongWay | None  # null: nothing was uploaded or played yet


def present_way(way: Way, began_at: str) -> SongWay:
    steps = tuple(
        WayStep(name=step.name, state=step.state, detail=step.detail, duration_ms=step.duration_ms, clocks=step.clocks)
        for step in way.steps
    )
    return SongWay(
        kind=way.kind,
        subject_id=way.subject_id,
        title=way.title,
        track_id=way.track_id,
        began_at=began_at,
        is_travelling=way.is_travelling,
        total_ms=way.total_ms,
        message=way.message,
        steps=steps,
    )
