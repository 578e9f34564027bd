"""What a question by sound takes and answers."""

from __future__ import annotations

from typing import Annotated

import msgspec

from chalicelib.query_model import QueryStatus
from chalicelib.web.parsing import AUDIO_TYPE
from chalicelib.web.shapes import Neighbour, Time

QueryId = Annotated[
    str,
    msgspec.Meta(pattern=r"^[0-9a-f]{24}\Z", examples=["5d41402abc4b2a76b9719d91"], extra_json_schema={"format": "query-id"}),
]


class QueryRequest(msgspec.Struct, frozen=True):
    filename: Annotated[str, msgspec.Meta(min_length=1, max_length=1000, examples=["hum.wav"])]
    size_bytes: Annotated[int, msgspec.Meta(examples=[1_048_576], extra_json_schema={"minimum": 1})]  # `request_query` tells the limits
    content_type: Annotated[str, msgspec.Meta(max_length=100, extra_json_schema={"pattern": AUDIO_TYPE})] = "audio/mpeg"


class QueryPermission(msgspec.Struct, frozen=True, kw_only=True):
    """Send `fields`, then the file as `file`, as a multipart form to `url`; then ask for the answer under its id."""

    query_id: QueryId
    status: QueryStatus
    expires_at: Time
    url: Annotated[str, msgspec.Meta(examples=["https://s3.eu-central-1.amazonaws.com/music"], extra_json_schema={"format": "uri"})]
    fields: Annotated[
        dict[str, str],
        msgspec.Meta(examples=[{"key": "queries/5d41402abc4b2a76b9719d91/hum.wav", "Content-Type": "audio/wav", "policy": "eyJ…"}]),
    ]


class QueryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`queued` until the clip has arrived and was heard; `ready` with the songs nearest in sound; `failed` with what was wrong with it."""

    query_id: QueryId
    status: QueryStatus
    duration_s: Annotated[float | None, msgspec.Meta(description="Of what was heard.", examples=[12.4])]
    error_code: Annotated[str | None, msgspec.Meta(examples=[None])]
    message: Annotated[str | None, msgspec.Meta(description="For people.", examples=[None])]
    created_at: Time
    expires_at: Time
    items: tuple[Neighbour, ...]
