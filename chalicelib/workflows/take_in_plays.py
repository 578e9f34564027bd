"""Records of plays as they arrive, taken in: judged, written down where our API has not done it, and asked whether they had their effect.

One that can never be used goes to the dead letters; one whose listener wants nothing kept of it is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from chalicelib.errors import ConflictError, StoreUnavailableError
from chalicelib.log import log
from chalicelib.model import Play
from chalicelib.workflows.records import PlayMessage, PlayRecord
from chalicelib.workflows.refreshing import Pending, Refreshing, give_up

PLAYS_LOOKED_BACK = 200


class UnwantedPlayError(ValueError):
    """Its listener wants nothing kept of it: taken out, paused, erased. It is passed over. Never leaves this module."""


class UnusablePlayError(ValueError):
    """This record can never take effect; the sentence says why. Never leaves this module."""


def set_faulty_aside(records: Iterable[PlayRecord], refreshing: Refreshing, failed: list[PlayRecord]) -> Pending:
    """The readable ones. A tombstone says nothing about a play and is passed over."""
    readable: Pending = []
    for record in records:
        if record.message is not None:
            readable.append((record, record.message))
        elif record.fault is not None:
            give_up(record, record.fault, refreshing, failed)
    return readable


def record_plays(readable: Pending, refreshing: Refreshing, failed: list[PlayRecord]) -> Pending:
    """Those that are in the outbox now and have had no effect yet: our API's were before, other producers' are written down here."""
    try:
        known = refreshing.plays.find_many([message.event_id for _, message in readable]) if readable else {}
        ours = {play.event_id: play.processed_at is None for play in known.values()}
        foreign = [pair for pair in readable if not _is_of(pair[1], known)]
        taken = {
            record.record_id: message.event_id for record, message in foreign if _record_play(record, message, ours, refreshing, failed)
        }
        outstanding = refreshing.plays.unprocessed(list(set(taken.values()))) if taken else set()
    except StoreUnavailableError as exc:
        log.warning("plays_put_off", play_count=len(readable), reason=exc.message)
        failed.extend(record for record, _ in readable)
        return []
    return [
        (record, message)
        for record, message in readable
        if (ours[message.event_id] if _is_of(message, known) else taken.get(record.record_id) in outstanding)
    ]


def _is_of(message: PlayMessage, known: Mapping[str, Play]) -> bool:
    """Whether the play is known, as this listener's."""
    play = known.get(message.event_id)
    return play is not None and play.user_id == message.user_id


def _record_play(
    record: PlayRecord, message: PlayMessage, ours: Mapping[str, bool], refreshing: Refreshing, failed: list[PlayRecord]
) -> bool:
    """False when the record cannot be used. What the API has accepted is not judged again: a song taken down since was still played."""
    try:
        track_id = message.track_id
        is_waiting = ours.get(message.event_id, False)
        if not is_waiting:
            _require_wanted(message, refreshing)
        if not is_waiting or track_id is None:
            track_id = _resolve_foreign(message, refreshing)
        refreshing.plays.record(_to_play(message, track_id, refreshing.clock()))
    except UnwantedPlayError as exc:
        log.info("play_passed_over", event_id=message.event_id, reason=str(exc))
        return False
    except (UnusablePlayError, ConflictError) as exc:
        if not _is_known(message, refreshing):
            give_up(record, str(exc), refreshing, failed)
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
