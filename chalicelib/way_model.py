"""The times that an upload or a play leaves behind on its way: what the strip of `show_way` is drawn from. Each time is by the clock of
who notes it, and a time that nobody noted is None. Knows no database, no HTTP, no AWS.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """How the event of an upload came to the function."""

    object_created_at: datetime | None = None  # by S3's clock
    queued_at: datetime | None = None  # by SQS's clock, as the next
    first_received_at: datetime | None = None
    received_at: datetime | None = None  # by the function's clock


class UploadWay(msgspec.Struct, frozen=True, kw_only=True):
    """The whole way of the attempt that made a track of the file; but for the arrival by the function's clock."""

    arrival: Arrival
    downloaded_at: datetime
    analysed_at: datetime
    saved_at: datetime  # from now on it can be found, played and recommended


class IndexSearch(msgspec.Struct, frozen=True, kw_only=True):
    """How long the index (Annoy, and the exact scan beside it) was asked for a list, and how many songs it named."""

    duration_ms: float
    candidates: int


class PlayArrival(msgspec.Struct, frozen=True, kw_only=True):
    """How a play came to the function."""

    kafka_at: datetime | None = None  # the record's own timestamp
    stamped_by: Literal["producer", "broker"] | None = None  # whose clock that is
    received_at: datetime | None = None  # by the function's clock


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """A large file on its way in parts: S3's name for it, and what was promised."""

    multipart_id: str
    size_bytes: int
    part_bytes: int


class StoredPart(msgspec.Struct, frozen=True):
    number: int
    etag: str
    size_bytes: int
