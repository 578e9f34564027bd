"""An operator sends plays again that had no effect: dead letters that are usable now, and what waits in the outbox for too long.

What makes a repetition harmless: the event_id, by which a play takes effect once. A letter is removed only after its play is in the
outbox and Kafka has acknowledged it (or it took effect already); one that fails again comes back under the same id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from chalicelib.errors import ConflictError
from chalicelib.log import log
from chalicelib.model import DeadLetter, Play
from chalicelib.workflows import ports
from chalicelib.workflows.publish_plays import publish_plays
from chalicelib.workflows.records import PlayMessage
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
    parse_play: Callable[[str], PlayMessage]  # ValueError for what is no play
    resend_after_s: float
    clock: Callable[[], datetime]


class PlayPlan(msgspec.Struct, frozen=True, kw_only=True):
    letters: tuple[tuple[DeadLetter, Play], ...]
    waiting_count: int  # in the outbox, without effect for longer than they should be; LOOKED_AT means at least so many
    beyond_help: dict[str, int]

    @property
    def count(self) -> int:
        return len(self.letters) + self.waiting_count


def plan_play_redrive(redriving: PlayRedriving) -> PlayPlan:
    """Changes nothing."""
    beyond_help: Counter[str] = Counter()
    letters: list[tuple[DeadLetter, Play]] = []
    for letter in redriving.dead_letters.list_newest(source="plays", limit=LOOKED_AT):
        try:
            letters.append((letter, _resolve(redriving.parse_play(letter.payload), redriving)))
        except _BeyondHelpError as exc:
            beyond_help[str(exc)] += 1
        except ValueError:
            is_batch = letter.letter_id.startswith("batch-")
            beyond_help["names Kafka records; the outbox sends its plays again" if is_batch else "no play can be read in it"] += 1
    return PlayPlan(letters=tuple(letters), waiting_count=len(_find_waiting(redriving)), beyond_help=dict(beyond_help))


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


class _BeyondHelpError(ValueError):
    """Why the play of a letter cannot take effect now either."""


def _resolve(message: PlayMessage, redriving: PlayRedriving) -> Play:
    tracks = redriving.tracks
    track = tracks.find_by_title(message.title or "") if message.track_id is None else tracks.find(message.track_id)
    if track is None:
        raise _BeyondHelpError("its track is not in the catalogue")
    if redriving.users.find(message.user_id) is None:
        raise _BeyondHelpError("its user does not exist")
    return Play(
        event_id=message.event_id,
        user_id=message.user_id,
        track_id=track.track_id,
        kind=message.kind,
        position_s=message.position_s,
        occurred_at=min(message.occurred_at, redriving.clock()),
        request_id=message.request_id,
    )


def _find_waiting(redriving: PlayRedriving) -> list[Play]:
    return redriving.plays.due_for_relay(
        now=redriving.clock(), publish_grace_s=PUBLISH_GRACE_S, resend_after_s=redriving.resend_after_s, limit=LOOKED_AT
    )


def _redrive_letters(letters: tuple[tuple[DeadLetter, Play], ...], redriving: PlayRedriving) -> int:
    recorded = [(letter, play) for letter, play in letters if _record(play, redriving)]
    outstanding = redriving.plays.unprocessed([play.event_id for _, play in recorded])
    to_send = [(letter, play) for letter, play in recorded if play.event_id in outstanding]
    settled = [letter for letter, play in recorded if play.event_id not in outstanding]
    for letter, play in to_send:
        sent = publish_plays(
            [play],
            publisher=redriving.publisher,
            tracks=redriving.tracks,
            play_store=redriving.plays,
            timeout_s=PUBLISH_TIMEOUT_S,
            now=redriving.clock(),
        )
        if not sent:
            break  # the broker is away: the rest keep their letters, and their plays are in the outbox
        settled.append(letter)
    for letter in settled:
        redriving.dead_letters.remove(letter.letter_id)
    return len(settled)


def _record(play: Play, redriving: PlayRedriving) -> bool:
    try:
        redriving.plays.record(play)
    except ConflictError as exc:
        log.warning("play_not_redriven", event_id=play.event_id, reason=exc.message)
        return False
    return True
