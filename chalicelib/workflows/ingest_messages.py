"""The deliveries of the uploads queue, each on its own: one that cannot be read or taken does not hold up the others.

Owns what is put off, what is given up and what is consumed; the work itself is `ingest_track`'s, of songs that are analysed anew
`reanalyse_track`'s, of clips that ask for songs like them `hear_query`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from chalicelib.errors import ConflictError, StoreUnavailableError
from chalicelib.log import log
from chalicelib.metrics import metrics
from chalicelib.model import DeadLetter
from chalicelib.query_model import is_query_key
from chalicelib.workflows import ports
from chalicelib.workflows.hear_query import QueryHearing, hear_query
from chalicelib.workflows.ingest_track import TrackIngestion, ingest_track
from chalicelib.workflows.reanalyse_catalogue import Reanalysing
from chalicelib.workflows.reanalyse_track import reanalyse_track
from chalicelib.workflows.records import ObjectMessage

RETRY_STEP_S = 5
LONGEST_RETRY_S = 60
PATIENT_DELIVERIES = 2  # below the queue's limit, behind which a message counts as a killer of the function


def ingest_messages(
    messages: Iterable[ObjectMessage],
    ingestion: TrackIngestion,
    *,
    dead_letters: ports.DeadLetterStore,
    redelivery: ports.Redelivery,
    reanalysing: Reanalysing,
    hearing: QueryHearing | None = None,
) -> list[str]:
    """The ids of the messages that must come again. A direct event (without an id) that fails raises instead, so that S3's caller,
    Lambda, delivers it again. Idempotent by what `ingest_track` says; a letter's id is its message's."""
    failed: list[str] = []
    for message in messages:
        try:
            _ingest_message(message, ingestion, dead_letters, reanalysing, hearing)
        except Exception as exc:  # the record's boundary: whatever it was, only this message comes again
            if message.message_id is None:
                raise
            if not _put_off(message, exc, redelivery):
                failed.append(message.message_id)
    return failed


def _ingest_message(
    message: ObjectMessage,
    ingestion: TrackIngestion,
    dead_letters: ports.DeadLetterStore,
    reanalysing: Reanalysing,
    hearing: QueryHearing | None,
) -> None:
    if message.fault is not None:
        log.error("upload_message_unreadable", message_id=message.message_id, reason=message.fault)
        dead_letters.add(_write_letter(message, message.fault, ingestion.clock()))
        metrics.count("DeadLetters", source="uploads")
        return
    for event in message.events:
        if hearing is not None and is_query_key(event.key):
            hear_query(event, hearing)
        elif event.kind == "outdated":
            reanalyse_track(event, message, ingestion, reanalysing)
        else:
            ingest_track(event, ingestion)


def _put_off(message: ObjectMessage, error: Exception, redelivery: ports.Redelivery) -> bool:
    """Whether the message is done with, since a copy of it waits. A passing fault is tried again in seconds, not when the queue's
    visibility time-out (made for long songs) is over, and however long it lasts it does not use up the message's deliveries."""
    delay_s = min(message.receive_count * RETRY_STEP_S, LONGEST_RETRY_S)
    is_passing = isinstance(error, StoreUnavailableError | ConflictError)
    log.warning(
        "upload_message_put_off",
        message_id=message.message_id,
        upload_id=",".join(event.upload_id for event in message.events),  # S3 announces one object in a message
        delay_s=delay_s,
        reason=repr(error),
        exc_info=None if is_passing else error,
    )
    try:
        if is_passing and message.receive_count >= PATIENT_DELIVERIES:
            redelivery.send_again(message.payload, delay_s=delay_s)
            return True
        if message.receipt_handle is not None:
            redelivery.retry_after(message.receipt_handle, delay_s=delay_s)
    except StoreUnavailableError as exc:  # then it comes again when the queue thinks fit
        log.warning("redelivery_not_arranged", message_id=message.message_id, reason=exc.message)
    return False


def _write_letter(message: ObjectMessage, fault: str, now: datetime) -> DeadLetter:
    identity = message.message_id or hashlib.sha256(message.payload.encode("utf-8", "backslashreplace")).hexdigest()[:24]
    return DeadLetter(
        letter_id=f"uploads-{identity}",
        source="uploads",
        payload=message.payload,
        reason=fault,
        attempts=message.receive_count,
        created_at=now,
    )
