"""A listener asks for songs like a recording: the permission to send one clip, and the answer once it was heard. The clip is analysed by
the same function as songs are (`hear_query`); it never becomes part of the library.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec

from chalicelib.errors import InvalidInputError, NotFoundError
from chalicelib.query_model import QUERIES_PREFIX, SoundQuery
from chalicelib.workflows import ports
from chalicelib.workflows.limit_rate import limit_rate
from chalicelib.workflows.query_ports import QueryStore
from chalicelib.workflows.request_upload import clean_filename

if TYPE_CHECKING:
    from chalicelib.workflows.current_index import CurrentIndex
    from chalicelib.workflows.find_neighbours import NeighbourTrack

TTL = timedelta(hours=1)
PERMISSION_S = 900
_AUDIO_TYPE = re.compile(r"audio/[\w.+-]{1,60}")


class WantedQuery(msgspec.Struct, frozen=True, kw_only=True):
    filename: str
    size_bytes: int
    content_type: str


class QueryLimits(Protocol):
    """Of `Settings`."""

    @property
    def max_query_bytes(self) -> int: ...

    @property
    def queries_per_hour(self) -> int: ...


class QueryPermission(msgspec.Struct, frozen=True, kw_only=True):
    """Send `fields`, then the file as `file`, as a multipart form to `url`."""

    query: SoundQuery
    url: str
    fields: dict[str, str]


def request_query(
    user_id: str,
    wanted: WantedQuery,
    *,
    drawn_id: str,
    queries: QueryStore,
    bucket: ports.MusicBucket,
    throttles: ports.ThrottleStore,
    limits: QueryLimits,
    now: datetime,
) -> QueryPermission:
    """TooManyRequestsError where the listener has asked too often within the hour: each clip is work for a function."""
    if not _AUDIO_TYPE.fullmatch(wanted.content_type):
        raise InvalidInputError(f"Only audio can be listened to, got {wanted.content_type!r}.", code="not_audio")
    most = limits.max_query_bytes
    if not 1 <= wanted.size_bytes <= most:
        raise InvalidInputError(
            f"A recording has 1 to {most} bytes, got {wanted.size_bytes}.", code="empty" if wanted.size_bytes < 1 else "too_large"
        )
    limit_rate(act="query", by=user_id, limit=limits.queries_per_hour, window_s=3600, throttles=throttles, now=now)
    key = f"{QUERIES_PREFIX}{drawn_id}/{clean_filename(wanted.filename)}"
    query = SoundQuery(query_id=drawn_id, user_id=user_id, key=key, created_at=now, expires_at=now + TTL)
    queries.create(query)
    url, fields = bucket.presign_post(key, max_bytes=most, expires_s=PERMISSION_S)
    return QueryPermission(query=query, url=url, fields={**fields, "Content-Type": wanted.content_type})


def find_query(user_id: str, query_id: str, *, queries: QueryStore, now: datetime) -> SoundQuery:
    """Another's query does not exist."""
    query = queries.find(query_id, now=now)
    if query is None or query.user_id != user_id:
        raise NotFoundError("There is no such query.", code="query_not_found")
    return query


def answer_query(query: SoundQuery, *, count: int, index: CurrentIndex, tracks: ports.TrackStore) -> list[NeighbourTrack]:
    """By the index of this moment; nothing while the clip waits, or where it cannot be compared with what is indexed."""
    from chalicelib.model import TrackVector
    from chalicelib.workflows.find_neighbours import find_neighbours_of_sound

    if query.status != "ready":
        return []
    sound = TrackVector(query.query_id, 0, query.mfcc, features=query.features)
    return find_neighbours_of_sound(sound, count=count, index=index, tracks=tracks, max_per_artist=3)
