"""An operator puts failed uploads back on their way: first a plan of what would be done, then the doing.

What makes a repetition harmless: a receipt that is queued again is no longer failed, a letter whose message was sent again is gone, and
`ingest_track` goes by what the bucket holds. A letter is removed, and a message deleted, only after its copy is in the queue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.model import DeadLetter, Upload
from chalicelib.workflows import operator_ports, ports
from chalicelib.workflows.records import ObjectEvent

RETRIED_CODES = ("crashed", "gone", "never_arrived", "store_unavailable")  # not a verdict on what the file holds
STUCK_AFTER_S = 3600.0  # a receipt that waits so long although its object is there has lost its message
LOOKED_AT = 10_000  # the rest comes with the next call
MESSAGES_TAKEN = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRedriving:
    uploads: ports.UploadStore
    dead_letters: ports.DeadLetterStore
    music_bucket: ports.MusicBucket
    upload_queue: ports.UploadQueue
    redelivery: ports.Redelivery  # of the uploads queue
    dead_letter_queue: operator_ports.DeadLetterQueue
    parse_events: Callable[[str], tuple[ObjectEvent, ...]]  # ValueError for what is no notification
    clock: Callable[[], datetime]


class UploadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`receipts` and `letters` will be queued again; what is `beyond_help` is counted by why."""

    receipts: tuple[Upload, ...]
    letters: tuple[tuple[DeadLetter, tuple[ObjectEvent, ...]], ...]
    beyond_help: dict[str, int]

    @property
    def count(self) -> int:
        return len(self.receipts) + len(self.letters)


def plan_upload_redrive(redriving: UploadRedriving) -> UploadPlan:
    """Changes nothing. An upload that has a letter goes by its letter, once."""
    beyond_help: Counter[str] = Counter()
    letters = _read_letters(redriving, beyond_help)
    with_letter = {event.key for _, events in letters for event in events}
    receipts = [each for each in _find_receipts(redriving, beyond_help) if each.key not in with_letter]
    return UploadPlan(receipts=tuple(receipts), letters=tuple(letters), beyond_help=dict(beyond_help))


def redrive_uploads(plan: UploadPlan, redriving: UploadRedriving, *, advance: Callable[[], None] = lambda: None) -> int:
    """How many were queued again, messages of the dead-letter queue included. StoreUnavailableError: what was done until then stays
    done, and the next call goes on."""
    for letter, events in plan.letters:
        _mark_queued(events, redriving)
        redriving.redelivery.send_again(letter.payload, delay_s=0)
        redriving.dead_letters.remove(letter.letter_id)
        advance()
    queued = sum(_queue_receipt(each, redriving, advance) for each in plan.receipts)
    sent = _empty_dead_letter_queue(redriving)
    log.info("uploads_redriven", letters=len(plan.letters), receipts=queued, messages=sent)
    return len(plan.letters) + queued + sent


def _read_letters(redriving: UploadRedriving, beyond_help: Counter[str]) -> list[tuple[DeadLetter, tuple[ObjectEvent, ...]]]:
    readable: list[tuple[DeadLetter, tuple[ObjectEvent, ...]]] = []
    for letter in redriving.dead_letters.list_newest(source="uploads", limit=LOOKED_AT):
        try:
            events = redriving.parse_events(letter.payload)
        except ValueError:
            events = ()
        if events:
            readable.append((letter, events))
        else:
            beyond_help["unreadable message"] += 1
    return readable


def _find_receipts(redriving: UploadRedriving, beyond_help: Counter[str]) -> list[Upload]:
    """Failed for a reason that may have passed, or waiting for a message that never comes; the newest of its key, its object there."""
    stuck = redriving.uploads.queued_before(redriving.clock() - timedelta(seconds=STUCK_AFTER_S), limit=LOOKED_AT)
    found: list[Upload] = []
    for receipt in [*redriving.uploads.list_failed(limit=LOOKED_AT), *stuck]:
        if receipt.status == "failed" and receipt.error_code not in RETRIED_CODES:
            beyond_help[receipt.error_code or "unknown"] += 1
        elif _is_replaced(receipt, redriving.uploads):
            beyond_help["replaced by a later upload"] += 1
        elif redriving.music_bucket.head(receipt.key) is None:
            beyond_help["no such object"] += 1
        else:
            found.append(receipt)
    return found


def _is_replaced(receipt: Upload, uploads: ports.UploadStore) -> bool:
    newest = uploads.find_by_key(receipt.key)
    return newest is not None and newest.upload_id != receipt.upload_id


def _queue_receipt(receipt: Upload, redriving: UploadRedriving, advance: Callable[[], None]) -> bool:
    """The receipt first: its message may be through before we are back. Failed as it was, where the queue does not take it."""
    stored = redriving.music_bucket.head(receipt.key)
    if stored is None:  # gone since the plan
        return False
    redriving.uploads.mark_queued(receipt.upload_id, now=redriving.clock())
    try:
        redriving.upload_queue.queue_object(stored)
    except StoreUnavailableError:
        if receipt.status == "failed":
            redriving.uploads.mark_failed(
                receipt.upload_id,
                key=receipt.key,
                error_code=receipt.error_code or "crashed",
                message=receipt.message or "",
                now=redriving.clock(),
            )
        raise
    advance()
    return True


def _mark_queued(events: tuple[ObjectEvent, ...], redriving: UploadRedriving) -> None:
    for event in events:
        if event.track_id is not None:  # of a song to be analysed anew, which no receipt hears of
            continue
        created = event.kind == "created"
        receipt = redriving.uploads.find(event.upload_id) if created else redriving.uploads.find_by_key(event.key)
        if receipt is not None and receipt.error_code in RETRIED_CODES:
            redriving.uploads.mark_queued(receipt.upload_id, now=redriving.clock())


def _empty_dead_letter_queue(redriving: UploadRedriving) -> int:
    """What has not become a letter yet. A message that nobody can read stays for the function that makes letters."""
    sent = 0
    unreadable: list[str] = []
    while sent < MESSAGES_TAKEN and (held := redriving.dead_letter_queue.receive()):
        for message in held:
            try:
                events = redriving.parse_events(message.body)
            except ValueError:
                unreadable.append(message.receipt_handle)
                continue
            _mark_queued(events, redriving)
            redriving.redelivery.send_again(message.body, delay_s=0)
            redriving.dead_letter_queue.delete(message.receipt_handle)
            sent += 1
    for receipt_handle in unreadable:
        redriving.dead_letter_queue.let_go(receipt_handle)
    return sent
