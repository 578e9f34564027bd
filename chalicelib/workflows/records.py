"""What the events say, as types: `events` parses into them, the workflows read them. No transport's shape goes further than this."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from chalicelib.model import PlayKind
from chalicelib.upload_ids import derive_upload_id
from chalicelib.way_model import Arrival, PlayArrival


class ObjectEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An object came or went (says S3), or was found (by `reconcile_library`). Only a hint where to look: what counts is what the bucket
    holds now. A finding is no drop of its own: it belongs to the newest receipt of its key, where there is one. An object of an
    outdated track concerns the track alone, and no receipt."""

    key: str  # as S3 knows it, unquoted
    kind: Literal["created", "removed", "found", "outdated"]
    track_id: str | None = None  # of an outdated one
    sequencer: str
    arrival: Arrival = Arrival()

    @property
    def upload_id(self) -> str:
        return derive_upload_id(self.key, self.sequencer)


class ObjectMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery: a message of the uploads queue, or a whole event when S3 calls the function itself (then `message_id` is None)."""

    message_id: str | None
    receipt_handle: str | None = None
    receive_count: int = 1
    events: tuple[ObjectEvent, ...] = ()
    fault: str | None = None  # why it could not be read
    payload: str = ""


class PlayMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Schema 1 of the topic `plays`. `track_id` decides; a message with a title alone is resolved by it."""

    event_id: str
    user_id: str
    track_id: str | None
    title: str | None
    kind: PlayKind
    position_s: float
    occurred_at: datetime
    arrived_at: datetime | None = None  # at our API, where that was later
    request_id: str | None = None  # of the request that brought the play, by the record's header


class PlayRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One Kafka record: a message, the user whose list is to be made anew, or the fault that makes it unreadable. A tombstone has none."""

    topic: str
    partition: int
    offset: int
    payload: str = ""
    message: PlayMessage | None = None
    renewal_of: str | None = None
    fault: str | None = None
    arrival: PlayArrival = PlayArrival()

    @property
    def record_id(self) -> str:
        return f"{self.topic}-{self.partition}-{self.offset}"


class RecordSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A run of Kafka records on one partition, by their places. The times tell them from others that have taken the places since."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    first_at: datetime | None
    last_at: datetime | None


class PartitionLag(msgspec.Struct, frozen=True, kw_only=True):
    partition: int
    committed: int | None  # None: the group has committed nothing there yet
    end: int
    waiting: int


class ConsumerLag(msgspec.Struct, frozen=True, kw_only=True):
    """How many plays lie in Kafka that the recommend function has not finished with, as the broker says."""

    topic: str
    consumer_group: str
    waiting: int | None = None  # None: not known, `unknown_because` says why
    partitions: tuple[PartitionLag, ...] = ()
    unknown_because: str | None = None


class BuildMessage(msgspec.Struct, frozen=True):
    """One message of the builds queue."""

    message_id: str
    receipt_handle: str | None
    receive_count: int


class BuildRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of messages, or a schedule's tick: one build either way."""

    refit: bool
    messages: tuple[BuildMessage, ...]  # none: nobody waits for an answer by message


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages a queue has, about. None: not known (no permission, no such queue, no answer)."""

    name: str
    waiting: int | None = None
    in_flight: int | None = None
    delayed: int | None = None


class HeldMessage(msgspec.Struct, frozen=True):
    """A message of a dead-letter queue, ours until its visibility time-out."""

    receipt_handle: str
    body: str


class DeadMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was given up by the queue or stream that carried it."""

    letter_id: str
    source: Literal["uploads", "builds", "plays", "unknown"]
    payload: str
    reason: str
    attempts: int
    events: tuple[ObjectEvent, ...] = ()  # what an upload's message was about
