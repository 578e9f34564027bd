"""What a batch of plays is refreshed with, and where a record goes that cannot be used. The steps are `refresh_recommendations`'."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.metrics import metrics
from chalicelib.model import DeadLetter, RecommendationList
from chalicelib.workflows import ports
from chalicelib.workflows.records import PlayMessage, PlayRecord

Pending = list[tuple[PlayRecord, PlayMessage]]


class Recommend(Protocol):
    def __call__(self, user_ids: Sequence[str], /, *, now: datetime) -> Mapping[str, RecommendationList | Exception]:
        """The listeners' lists from all that is stored, or why there is none; stores nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshing:
    """The stores of `refresh_recommendations`, the same for every batch of a container."""

    plays: ports.PlayStore
    tracks: ports.TrackStore
    users: ports.UserStore
    recommendations: ports.RecommendationStore
    dead_letters: ports.DeadLetterStore
    recommend: Recommend
    clock: Callable[[], datetime]


def give_up(record: PlayRecord, reason: str, refreshing: Refreshing, failed: list[PlayRecord]) -> None:
    """Into the dead letters, under its event_id where it has one: what is sent again and fails again is one letter."""
    letter_id = record.record_id if record.message is None else f"plays-{record.message.event_id}"
    request_id = None if record.message is None else record.message.request_id
    letter = DeadLetter(
        letter_id=letter_id,
        source="plays",
        payload=record.payload,
        reason=reason,
        attempts=1,
        created_at=refreshing.clock(),
        request_id=request_id,
    )
    log.error("play_given_up", record_id=record.record_id, letter_id=letter_id, reason=reason, request_id=request_id)
    metrics.count("DeadLetters", source="plays")
    try:
        refreshing.dead_letters.add(letter)
    except StoreUnavailableError:
        failed.append(record)
