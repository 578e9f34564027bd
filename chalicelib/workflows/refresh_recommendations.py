"""Plays arrived from Kafka: each takes effect once, in a new list for its listener. So do wishes for a new list without a play.

What makes a repetition harmless: the event_id. A play whose effect is stored is left alone, whichever offset or topic brings it again;
a wish that is met (by whatever list came since) likewise.
A record that cannot be used goes to the dead letters and the others go on; a store that is away makes Kafka deliver again from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log, log_fields
from chalicelib.metrics import metrics
from chalicelib.model import RecommendationList
from chalicelib.workflows import ports
from chalicelib.workflows.records import PlayMessage, PlayRecord
from chalicelib.workflows.refreshing import Pending, Refreshing, give_up
from chalicelib.workflows.take_in_plays import record_plays, set_faulty_aside

LISTENERS_TOGETHER = 25  # whose lists are read for, made and stored at once: more would gain little, and the first would wait for the last
AWAY_AFTER = 2  # listeners in a row whom a store does not answer: the others are not kept waiting for it


def refresh_recommendations(records: Sequence[PlayRecord], refreshing: Refreshing) -> list[PlayRecord]:
    """The records that must be delivered again, because a store was away."""
    failed: list[PlayRecord] = []
    received_at = refreshing.clock()
    records = [msgspec.structs.replace(each, arrival=msgspec.structs.replace(each.arrival, received_at=received_at)) for each in records]
    readable = set_faulty_aside(records, refreshing, failed)
    recorded = record_plays(readable, refreshing, failed)
    by_user = _group_by_user(recorded)
    users = list(by_user)
    for start in range(0, len(users), LISTENERS_TOGETHER):
        _refresh_some({user_id: by_user[user_id] for user_id in users[start : start + LISTENERS_TOGETHER]}, refreshing, failed)
    renewals = {record.renewal_of: record for record in records if record.renewal_of is not None}
    for user_id, record in renewals.items():
        _renew_user(user_id, record, refreshing, failed)
    return failed


def _refresh_some(by_user: Mapping[str, Pending], refreshing: Refreshing, failed: list[PlayRecord]) -> None:
    """Made together, and stored in one transaction."""
    made = _make_lists(list(by_user), refreshing)
    effects: dict[str, ports.ListEffect] = {}
    for user_id, outcome in made.items():
        if isinstance(outcome, Exception):
            _set_back(user_id, by_user[user_id], outcome, refreshing, failed)
        else:
            effects[user_id] = _name_effect(*outcome, by_user[user_id])
    _save_some(effects, by_user, refreshing, failed)


def _make_lists(user_ids: Sequence[str], refreshing: Refreshing) -> dict[str, tuple[RecommendationList, int] | Exception]:
    """With the epoch of each."""
    try:
        epochs = refreshing.recommendations.read_epochs(user_ids)  # before anything that the lists will rest on
        made = refreshing.recommend(user_ids, now=refreshing.clock())
    except Exception as exc:  # noqa: BLE001  # the listeners' boundary: what cannot be computed must not stop what is behind it
        return dict.fromkeys(user_ids, exc)
    outcomes = {user_id: made[user_id] for user_id in user_ids}
    return {user_id: each if isinstance(each, Exception) else (each, epochs[user_id]) for user_id, each in outcomes.items()}


def _name_effect(made: RecommendationList, epoch: int, pending: Pending) -> ports.ListEffect:
    return ports.ListEffect(
        recommendations=msgspec.structs.replace(made, request_ids=_list_requests(message for _, message in pending)),
        arrivals={message.event_id: record.arrival for record, message in pending},
        epoch=epoch,
    )


def _list_requests(messages: Iterable[PlayMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(message.request_id for message in messages if message.request_id))


def _save_some(
    effects: Mapping[str, ports.ListEffect], by_user: Mapping[str, Pending], refreshing: Refreshing, failed: list[PlayRecord]
) -> None:
    """All of them, or, where one of them may stand in the way of the others, one by one."""
    if not effects:
        return
    outcome = _try_to_save(list(effects.values()), refreshing)
    if not isinstance(outcome, Exception):
        for (user_id, effect), taken in zip(effects.items(), outcome, strict=True):
            _note_refreshed(user_id, effect, by_user[user_id], taken, refreshing)
    elif len(effects) == 1:
        (user_id,) = effects
        _set_back(user_id, by_user[user_id], outcome, refreshing, failed)
    else:
        _save_one_by_one(effects, by_user, refreshing, failed)


def _save_one_by_one(
    effects: Mapping[str, ports.ListEffect], by_user: Mapping[str, Pending], refreshing: Refreshing, failed: list[PlayRecord]
) -> None:
    away = 0
    for user_id, effect in effects.items():
        outcome = _try_to_save([effect], refreshing) if away < AWAY_AFTER else StoreUnavailableError("recommendations")
        away = away + 1 if isinstance(outcome, StoreUnavailableError) else 0
        if isinstance(outcome, Exception):
            _set_back(user_id, by_user[user_id], outcome, refreshing, failed)
        else:
            _note_refreshed(user_id, effect, by_user[user_id], outcome[0], refreshing)


def _try_to_save(effects: Sequence[ports.ListEffect], refreshing: Refreshing) -> list[int] | Exception:
    """How many plays took effect, by listener."""
    try:
        return refreshing.recommendations.save_each_with_effect(effects, now=refreshing.clock())
    except Exception as exc:  # noqa: BLE001  # the listeners' boundary, as above
        return exc


def _set_back(user_id: str, pending: Pending, exc: Exception, refreshing: Refreshing, failed: list[PlayRecord]) -> None:
    """What a store could not do for this listener comes again; what else went wrong would go wrong again."""
    with log_fields(request_ids=_list_requests(message for _, message in pending)):
        if isinstance(exc, StoreUnavailableError):
            log.warning("plays_put_off", user_id=user_id, play_count=len(pending), reason=exc.message)
            failed.extend(record for record, _ in pending)
            return
        log.error("recommendations_failed", user_id=user_id, exc_info=exc)
        for record, _ in pending:
            give_up(record, f"Recommending failed: {exc!r}", refreshing, failed)


def _note_refreshed(user_id: str, effect: ports.ListEffect, pending: Pending, taken: int, refreshing: Refreshing) -> None:
    with log_fields(request_ids=effect.recommendations.request_ids):
        log.info("recommendations_refreshed", user_id=user_id, plays_taken=taken, basis=effect.recommendations.basis)
        if taken:
            messages = {message.event_id: message for _, message in pending}
            _note_effects(messages.values(), taken, refreshing.clock())


def _renew_user(user_id: str, record: PlayRecord, refreshing: Refreshing, failed: list[PlayRecord]) -> None:
    """A list that cannot be made stays wanted: the relay tells of it again, and what no longer holds has left the old one already."""
    try:
        outcome = _try_to_renew(user_id, refreshing)
    except Exception as exc:  # noqa: BLE001  # the listener's boundary, as with plays
        outcome = exc
    if isinstance(outcome, StoreUnavailableError):
        log.warning("renewal_put_off", user_id=user_id, reason=outcome.message)
        failed.append(record)
    elif isinstance(outcome, Exception):
        log.error("recommendations_failed", user_id=user_id, exc_info=outcome)
    elif outcome is not None:
        log.info("recommendations_renewed", user_id=user_id, basis=outcome.basis, songs=len(outcome.items))


def _try_to_renew(user_id: str, refreshing: Refreshing) -> RecommendationList | Exception | None:
    """None where the wish was met meanwhile."""
    lists = refreshing.recommendations
    if not lists.is_renewal_wanted(user_id):
        return None
    outcome = _make_lists([user_id], refreshing)[user_id]
    if isinstance(outcome, Exception):
        return outcome
    made, epoch = outcome
    lists.save_with_effect(made, (), now=refreshing.clock(), epoch=epoch)
    return made


def _note_effects(messages: Iterable[PlayMessage], taken: int, now: datetime) -> None:
    """One line for each play, under its own request's id, and how long it took from its arrival to its
    recommendations: what a player kept without a network is not late by our doing."""
    metrics.count("PlaysProcessed", taken)
    for message in messages:
        seconds = max(0.0, (now - (message.arrived_at or message.occurred_at)).total_seconds())
        metrics.measure_seconds("PlayToRecommendationSeconds", seconds)
        log.info("play_processed", event_id=message.event_id, request_id=message.request_id, seconds=seconds)


def _group_by_user(recorded: Pending) -> dict[str, Pending]:
    grouped: defaultdict[str, Pending] = defaultdict(list)
    for record, message in recorded:
        grouped[message.user_id].append((record, message))
    return dict(grouped)
