"""What the dead letters of plays are good for now: which plays can be sent again, which letters are settled already, and what is beyond
help, by why. Changes nothing.

A letter holds a play, or names the places of a batch of Kafka records that AWS's mapping gave up (it holds none of their content). Those
are read from Kafka again while it keeps them. Once it does not, the outbox tells: the API writes every play down before Kafka gets it,
so when none from before the letter waits any more, all that the batch had of them has taken effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from chalicelib.errors import NotFoundError, StoreUnavailableError
from chalicelib.model import DeadLetter, Play
from chalicelib.workflows import operator_ports, ports
from chalicelib.workflows.records import PlayMessage, PlayRecord, RecordSpan

BATCH = "batch-"  # how the id of a letter begins that names records
RECORDS_READ = 10_000  # from Kafka in one call; the rest comes with the next
SETTLED = "Kafka no longer holds its records; every play recorded before it has taken effect"
STILL_WAITING = "Kafka no longer holds its records, and plays from before it still wait: the relay sends those"
NOT_READ = "Kafka does not answer, its records cannot be read now"
TOO_MANY = "not looked at: redrive again for the rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterReading:
    plays: ports.PlayStore
    tracks: ports.TrackStore
    users: ports.UserStore
    record_reader: operator_ports.RecordReader
    parse_play: Callable[[str], PlayMessage]
    parse_spans: Callable[[str], tuple[RecordSpan, ...]]
    clock: Callable[[], datetime]


class UsableLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that can be made good."""

    letter: DeadLetter
    plays: tuple[Play, ...]  # none: it is settled already
    remains: tuple[DeadLetter, ...] = ()  # letters of their own, for those records of a batch that are beyond help
    why: str


class _BeyondHelpError(ValueError):
    """Why a letter cannot be made good now either."""


def read_play_letters(letters: Iterable[DeadLetter], reading: LetterReading) -> tuple[list[UsableLetter], dict[str, int]]:
    usable: list[UsableLetter] = []
    beyond_help: Counter[str] = Counter()
    batches = _BatchReader(reading)
    for letter in letters:
        is_batch = letter.letter_id.startswith(BATCH)
        try:
            usable.append(batches.read(letter) if is_batch else _read_letter(letter, reading))
        except _BeyondHelpError as exc:
            beyond_help[str(exc)] += 1
        except ValueError:
            beyond_help["it does not say which Kafka records" if is_batch else "no play can be read in it"] += 1
    return usable, dict(beyond_help)


def _read_letter(letter: DeadLetter, reading: LetterReading) -> UsableLetter:
    play = _resolve(reading.parse_play(letter.payload), reading)
    if play.request_id is None:
        play = msgspec.structs.replace(play, request_id=letter.request_id)
    return UsableLetter(letter=letter, plays=(play,), why=letter.reason)


def _resolve(message: PlayMessage, reading: LetterReading) -> Play:
    tracks = reading.tracks
    track = tracks.find_by_title(message.title or "") if message.track_id is None else tracks.find(message.track_id)
    if track is None:
        raise _BeyondHelpError("its track is not in the catalogue")
    if reading.users.find(message.user_id) is None:
        raise _BeyondHelpError("its user does not exist")
    return Play(
        event_id=message.event_id,
        user_id=message.user_id,
        track_id=track.track_id,
        kind=message.kind,
        position_s=message.position_s,
        occurred_at=min(message.occurred_at, reading.clock()),
        arrived_at=message.arrived_at,
        request_id=message.request_id,
    )


class _BatchReader:
    """For one call: how much was read, and whether Kafka is away, so that it is waited for once."""

    def __init__(self, reading: LetterReading) -> None:
        self._reading = reading
        self._records_left = RECORDS_READ
        self._is_away = False

    def read(self, letter: DeadLetter) -> UsableLetter:
        try:
            records = self._fetch(letter)
        except NotFoundError:
            return self._judge_by_outbox(letter)
        plays: list[Play] = []
        remains: list[DeadLetter] = []
        stored = self._reading.plays.find_many([record.message.event_id for record in records if record.message is not None])
        for record in records:
            try:
                plays.extend(_find_play(record, stored, self._reading))
            except _BeyondHelpError as exc:
                remains.append(_write_letter(record, str(exc), letter))
        return UsableLetter(letter=letter, plays=tuple(plays), remains=tuple(remains), why=letter.reason)

    def _fetch(self, letter: DeadLetter) -> list[PlayRecord]:
        spans = self._reading.parse_spans(letter.payload)
        if self._is_away:
            raise _BeyondHelpError(NOT_READ)
        if self._records_left <= 0:
            raise _BeyondHelpError(TOO_MANY)
        try:
            records = [record for span in spans for record in self._reading.record_reader.read(span)]
        except StoreUnavailableError as exc:
            self._is_away = True
            raise _BeyondHelpError(NOT_READ) from exc
        self._records_left -= len(records)
        return records

    def _judge_by_outbox(self, letter: DeadLetter) -> UsableLetter:
        oldest = self._reading.plays.oldest_unprocessed()
        if oldest is not None and oldest <= letter.created_at:
            raise _BeyondHelpError(STILL_WAITING)
        return UsableLetter(letter=letter, plays=(), why=SETTLED)


def _find_play(record: PlayRecord, stored: Mapping[str, Play], reading: LetterReading) -> tuple[Play, ...]:
    """The record's play, none of a tombstone. One that the outbox has is not judged again: a song taken down since was still played."""
    if record.fault is not None:
        raise _BeyondHelpError(record.fault)
    if record.message is None:
        return ()
    play = stored.get(record.message.event_id)
    if play is not None and play.user_id != record.message.user_id:
        raise _BeyondHelpError("its event id is somebody else's")
    return (play or _resolve(record.message, reading),)


def _write_letter(record: PlayRecord, reason: str, batch: DeadLetter) -> DeadLetter:
    """Under the id that the recommend function would have given it, so that it stays one letter."""
    return DeadLetter(
        letter_id=record.record_id if record.message is None else f"plays-{record.message.event_id}",
        source="plays",
        payload=record.payload,
        reason=f"Of a batch that was given up: {reason}.",
        attempts=batch.attempts,
        created_at=batch.created_at,
        request_id=None if record.message is None else record.message.request_id,
    )
