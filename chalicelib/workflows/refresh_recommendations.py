"""Plays arrived from Kafka: each takes effect once, in a new list for its listener. So do wishes for a new list without a play.

What makes a repetition harmless: the event_id. A play whose effect is stored is left alone, whichever offset or topic brings it again;
a wish that is met (by whatever list came since) likewise.
A record that cannot be used goes to the dead letters and the others go on; a store that is away makes Kafka deliver again from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from chalicelib.errors import ConflictError, StoreUnavailableError
from chalicelib.log import log, log_fields
from chalicelib.metrics import metrics
from chalicelib.model import DeadLetter, Play, RecommendationList
from chalicelib.workflows import ports
from chalicelib.workflows.records import PlayMessage, PlayRecord

PLAYS_LOOKED_BACK = 200

Pending = list[tuple[PlayRecord, PlayMessage]]


class Recommend(Protocol):
    def __call__(self, user_id: str, /, *, now: datetime) -> RecommendationList:
        """The listener's list from all that is stored; stores nothing."""


class UnwantedPlayError(ValueError):
    """Its listener wants nothing kept of it: taken out, paused, erased. It is passed over. Never leaves this module."""


class UnusablePlayError(ValueError):
    """This record can never take effect; the sentence says why. Never leaves this module."""


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


def refresh_recommendations(records: Sequence[PlayRecord], refreshing: Refreshing) -> list[PlayRecord]:
    """The records that must be delivered again, because a store was away."""
    failed: list[PlayRecord] = []
    received_at = refreshing.clock()
    records = [msgspec.structs.replace(each, arrival=msgspec.structs.replace(each.arrival, received_at=received_at)) for each in records]
    readable = _set_faulty_aside(records, refreshing, failed)
    recorded = _record_plays(readable, refreshing, failed)
    by_user = _group_by_user(recorded)
    for user_id, pending in by_user.items():
        _refresh_user(user_id, pending, refreshing, failed)
    renewals = {record.renewal_of: record for record in records if record.renewal_of is not None}
    for user_id, record in renewals.items():
        _renew_user(user_id, record, refreshing, failed)
    return failed


def _set_faulty_aside(records: Iterable[PlayRecord], refreshing: Refreshing, failed: list[PlayRecord]) -> Pending:
    """The readable ones. A tombstone says nothing about a play and is passed over."""
    readable: Pending = []
    for record in records:
        if record.message is not None:
            readable.append((record, record.message))
        elif record.fault is not None:
            _give_up(record, record.fault, refreshing, failed)
    return readable


def _record_plays(readable: Pending, refreshing: Refreshing, failed: list[PlayRecord]) -> Pending:
    """Those that are in the outbox now and have had no effect yet: our API's were before, other producers' are written down here."""
    event_ids = [message.event_id for _, message in readable]
    try:
        known = refreshing.plays.unprocessed(event_ids) if event_ids else set()
        recorded = [(record, message) for record, message in readable if _record_play(record, message, known, refreshing, failed)]
        outstanding = refreshing.plays.unprocessed([message.event_id for _, message in recorded]) if recorded else set()
    except StoreUnavailableError as exc:
        log.warning("plays_put_off", play_count=len(readable), reason=exc.message)
        failed.extend(record for record, _ in readable)
        return []
    return [(record, message) for record, message in recorded if message.event_id in outstanding]


def _record_play(record: PlayRecord, message: PlayMessage, known: set[str], refreshing: Refreshing, failed: list[PlayRecord]) -> bool:
    """False when the record cannot be used. What the API has accepted is not judged again: a song taken down since was still played."""
    try:
        track_id = message.track_id
        if message.event_id not in known:
            _require_wanted(message, refreshing)
        if message.event_id not in known or track_id is None:
            track_id = _resolve_foreign(message, refreshing)
        refreshing.plays.record(_to_play(message, track_id, refreshing.clock()))
    except UnwantedPlayError as exc:
        log.info("play_passed_over", event_id=message.event_id, reason=str(exc))
        return False
    except (UnusablePlayError, ConflictError) as exc:
        if not _is_known(message, refreshing):
            _give_up(record, str(exc), refreshing, failed)
        return False
    return True


def _require_wanted(message: PlayMessage, refreshing: Refreshing) -> None:
    if message.event_id in refreshing.plays.removed([message.event_id]):
        raise UnwantedPlayError("It was taken out of the history.")
    user = refreshing.users.find(message.user_id)
    if user is None and refreshing.users.was_erased(message.user_id):
        raise UnwantedPlayError("Its listener was erased.")
    if user is not None and user.pauses_history_at(message.occurred_at):
        raise UnwantedPlayError("Its listener pauses their history.")


def _is_known(message: PlayMessage, refreshing: Refreshing) -> bool:
    """Whether it took effect before: a late repetition, of a song that is gone since, is no fault."""
    return any(play.event_id == message.event_id for play in refreshing.plays.recent(message.user_id, limit=PLAYS_LOOKED_BACK))


def _resolve_foreign(message: PlayMessage, refreshing: Refreshing) -> str:
    """The played track of a message that the outbox does not know (or has forgotten, or knows as processed)."""
    if message.track_id is not None:
        track = refreshing.tracks.find(message.track_id)
    else:
        track = refreshing.tracks.find_by_title(message.title or "")
    if track is None:
        raise UnusablePlayError(f"There is no track {message.track_id or message.title!r}.")
    if refreshing.users.find(message.user_id) is None:
        raise UnusablePlayError(f"There is no user {message.user_id!r}.")
    return track.track_id


def _refresh_user(user_id: str, pending: Pending, refreshing: Refreshing, failed: list[PlayRecord]) -> None:
    messages = {message.event_id: message for _, message in pending}
    with log_fields(request_ids=_list_requests(messages.values())):
        _save_refreshed(user_id, pending, messages, refreshing, failed)


def _list_requests(messages: Iterable[PlayMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(message.request_id for message in messages if message.request_id))


def _save_refreshed(
    user_id: str, pending: Pending, messages: dict[str, PlayMessage], refreshing: Refreshing, failed: list[PlayRecord]
) -> None:
    event_ids = list(messages)
    arrivals = {message.event_id: record.arrival for record, message in pending}
    try:
        epoch = refreshing.recommendations.read_epoch(user_id)  # before anything that the list will rest on
        recommendations = msgspec.structs.replace(
            refreshing.recommend(user_id, now=refreshing.clock()), request_ids=_list_requests(messages.values())
        )
        taken = refreshing.recommendations.save_with_effect(
            recommendations, event_ids, now=refreshing.clock(), arrivals=arrivals, epoch=epoch
        )
    except StoreUnavailableError as exc:
        log.warning("plays_put_off", user_id=user_id, play_count=len(pending), reason=exc.message)
        failed.extend(record for record, _ in pending)
    except Exception as exc:  # noqa: BLE001  # the listener's boundary: one that cannot be computed must not stop those behind it
        log.exception("recommendations_failed", user_id=user_id)
        for record, _ in pending:
            _give_up(record, f"Recommending failed: {exc!r}", refreshing, failed)
    else:
        log.info("recommendations_refreshed", user_id=user_id, plays_taken=taken, basis=recommendations.basis)
        if taken:
            _note_effects(messages.values(), taken, refreshing.clock())


def _renew_user(user_id: str, record: PlayRecord, refreshing: Refreshing, failed: list[PlayRecord]) -> None:
    """A list that cannot be made stays wanted: the relay tells of it again, and what no longer holds has left the old one already."""
    lists = refreshing.recommendations
    try:
        if not lists.is_renewal_wanted(user_id):
            return
        epoch = lists.read_epoch(user_id)
        made = refreshing.recommend(user_id, now=refreshing.clock())
        lists.save_with_effect(made, (), now=refreshing.clock(), epoch=epoch)
    except StoreUnavailableError as exc:
        log.warning("renewal_put_off", user_id=user_id, reason=exc.message)
        failed.append(record)
    except Exception:  # noqa: BLE001  # the listener's boundary, as with plays
        log.exception("recommendations_failed", user_id=user_id)
    else:
        log.info("recommendations_renewed", user_id=user_id, basis=made.basis, songs=len(made.items))


def _note_effects(messages: Iterable[PlayMessage], taken: int, now: datetime) -> None:
    """One line for each play, under its own request's id, and how long it took from its arrival to its
    recommendations: what a player kept without a network is not late by our doing."""
    metrics.count("PlaysProcessed", taken)
    for message in messages:
        seconds = max(0.0, (now - (message.arrived_at or message.occurred_at)).total_seconds())
        metrics.measure_seconds("PlayToRecommendationSeconds", seconds)
        log.info("play_processed", event_id=message.event_id, request_id=message.request_id, seconds=seconds)


def _give_up(record: PlayRecord, reason: str, refreshing: Refreshing, failed: list[PlayRecord]) -> None:
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


def _to_play(message: PlayMessage, track_id: str, now: datetime) -> Play:
    return Play(
        event_id=message.event_id,
        user_id=message.user_id,
        track_id=track_id,
        kind=message.kind,
        position_s=message.position_s,
        occurred_at=min(message.occurred_at, now),  # a clock that runs ahead must not outlive all later plays
        arrived_at=min(message.arrived_at or message.occurred_at, now),
        published_at=now,
        request_id=message.request_id,
    )


def _group_by_user(recorded: Pending) -> dict[str, Pending]:
    grouped: defaultdict[str, Pending] = defaultdict(list)
    for record, message in recorded:
        grouped[message.user_id].append((record, message))
    return dict(grouped)
