"""An operator sends plays again that had no effect: dead letters that are usable now, and what waits in the outbox for too long.

What makes a repetition harmless: the event_id, by which a play takes effect once. A letter is removed only after its plays are in the
outbox and Kafka has acknowledged them (or they took effect already); one that fails again comes back under the same id.
What a letter is good for is found by `read_play_letters`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from chalicelib.errors import ConflictError
from chalicelib.log import log
from chalicelib.model import Play
from chalicelib.workflows import operator_ports, ports
from chalicelib.workflows.publish_plays import publish_plays
from chalicelib.workflows.read_play_letters import LetterReading, UsableLetter, read_play_letters
from chalicelib.workflows.records import PlayMessage, RecordSpan
from chalicelib.workflows.relay_plays import PUBLISH_GRACE_S, PUBLISH_TIMEOUT_S, relay_plays

LOOKED_AT = 10_000
BATCH_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayRedriving:
    plays: ports.PlayStore
    tracks: ports.TrackStore
    users: ports.UserStore
    dead_letters: ports.DeadLetterStore
    publisher: ports.PlayPublisher
    record_reader: operator_ports.RecordReader
    parse_play: Callable[[str], PlayMessage]  # ValueError for what is no play
    parse_spans: Callable[[str], tuple[RecordSpan, ...]]  # ValueError for what names no Kafka records
    resend_after_s: float
    clock: Callable[[], datetime]


class PlayPlan(msgspec.Struct, frozen=True, kw_only=True):
    letters: tuple[UsableLetter, ...]
    waiting_count: int  # in the outbox, without effect for longer than they should be; LOOKED_AT means at least so many
    beyond_help: dict[str, int]

    @property
    def count(self) -> int:
        return len(self.letters) + self.waiting_count


def plan_play_redrive(redriving: PlayRedriving) -> PlayPlan:
    """Changes nothing."""
    reading = LetterReading(
        plays=redriving.plays,
        tracks=redriving.tracks,
        users=redriving.users,
        record_reader=redriving.record_reader,
        parse_play=redriving.parse_play,
        parse_spans=redriving.parse_spans,
        clock=redriving.clock,
    )
    letters, beyond_help = read_play_letters(redriving.dead_letters.list_newest(source="plays", limit=LOOKED_AT), reading)
    return PlayPlan(letters=tuple(letters), waiting_count=len(_find_waiting(redriving)), beyond_help=beyond_help)


def redrive_plays(plan: PlayPlan, redriving: PlayRedriving, *, advance: Callable[[int], None] = lambda _count: None) -> int:
    """How many were sent or had taken effect already; fewer than planned where Kafka does not take them. StoreUnavailableError: what was
    done until then stays done."""
    done = 0
    for start in range(0, len(plan.letters), BATCH_SIZE):
        count = _redrive_letters(plan.letters[start : start + BATCH_SIZE], redriving)
        done += count
        advance(count)
    relayed = relay_plays(
        play_store=redriving.plays,
        tracks=redriving.tracks,
        publisher=redriving.publisher,
        resend_after_s=redriving.resend_after_s,
        clock=redriving.clock,
        is_time_up=lambda: False,
    )
    advance(relayed)
    log.info("plays_redriven", letters=done, relayed=relayed)
    return done + relayed


def _find_waiting(redriving: PlayRedriving) -> list[Play]:
    return redriving.plays.due_for_relay(
        now=redriving.clock(), publish_grace_s=PUBLISH_GRACE_S, resend_after_s=redriving.resend_after_s, limit=LOOKED_AT
    )


def _redrive_letters(letters: tuple[UsableLetter, ...], redriving: PlayRedriving) -> int:
    """How many are made good and gone. Each play is sent as the outbox holds it, with the id of the request that brought it."""
    recorded = [usable for usable in letters if _record(usable.plays, redriving)]
    stored = redriving.plays.find_many([play.event_id for usable in recorded for play in usable.plays])
    settled = 0
    is_away = False
    for usable in recorded:
        plays = [stored[play.event_id] for play in usable.plays if play.event_id in stored]
        outstanding = [play for play in plays if play.processed_at is None]
        is_away = is_away or _send(outstanding, redriving) < len(outstanding)
        if outstanding and is_away:
            continue  # it keeps its letter, and its plays are in the outbox
        for letter in usable.remains:
            redriving.dead_letters.add(letter)
        redriving.dead_letters.remove(usable.letter.letter_id)
        settled += 1
    return settled


def _send(plays: list[Play], redriving: PlayRedriving) -> int:
    return publish_plays(
        plays,
        publisher=redriving.publisher,
        tracks=redriving.tracks,
        play_store=redriving.plays,
        timeout_s=PUBLISH_TIMEOUT_S,
        clock=redriving.clock,
    )


def _record(plays: tuple[Play, ...], redriving: PlayRedriving) -> bool:
    """False where one of them is somebody else's by its id: then its letter stays."""
    for play in plays:
        try:
            redriving.plays.record(play)
        except ConflictError as exc:
            log.warning("play_not_redriven", event_id=play.event_id, reason=exc.message)
            return False
    return True
