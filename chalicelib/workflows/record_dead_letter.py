"""What queues and streams have given up ends in one place, and an upload among it in a failed receipt that a person can read.

What makes a repetition harmless: the letter's id, the message's or the record's own. Nothing is too broken to be recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.metrics import metrics
from chalicelib.model import FEATURE_VERSION, DeadLetter
from chalicelib.query_model import find_query_id
from chalicelib.upload_ids import is_upload_key
from chalicelib.workflows import ports
from chalicelib.workflows.query_ports import QueryStore
from chalicelib.workflows.records import DeadMessage, ObjectEvent

CRASHED = "The file could not be processed: every attempt broke off. It may be damaged in an unusual way, or too large."
FINISHED = ("analysed", "indexed", "failed")


def record_dead_letters(
    messages: Iterable[DeadMessage],
    *,
    dead_letters: ports.DeadLetterStore,
    uploads: ports.UploadStore,
    music_bucket: ports.MusicBucket,
    reanalyses: ports.ReanalysisStore,
    queries: QueryStore | None = None,
    now: datetime,
) -> list[DeadMessage]:
    """The messages that must come again, because a store was away."""
    failed: list[DeadMessage] = []
    for message in messages:
        try:
            dead_letters.add(_write_letter(message, now))
            for event in message.events:
                if event.track_id is not None:  # its song stays as it is, and so do its receipts
                    reanalyses.give_up(event.track_id, FEATURE_VERSION, reason=message.reason)
                    continue
                query_id = find_query_id(event.key)
                if query_id is not None and queries is not None:
                    queries.fail(query_id, error_code="crashed", message=CRASHED)
                _fail_receipt(event, uploads=uploads, music_bucket=music_bucket, now=now)
        except StoreUnavailableError as exc:
            log.warning("dead_letter_put_off", letter_id=message.letter_id, reason=exc.message)
            failed.append(message)
        else:
            upload_ids = [event.upload_id for event in message.events]
            log.error(
                "dead_letter_recorded", letter_id=message.letter_id, source=message.source, reason=message.reason, upload_ids=upload_ids
            )
            metrics.count("DeadLetters", source=message.source)
    return failed


def _fail_receipt(event: ObjectEvent, *, uploads: ports.UploadStore, music_bucket: ports.MusicBucket, now: datetime) -> None:
    """A receipt that is finished tells the truth already, and of an object that is gone there is nothing to tell."""
    if event.kind == "removed" or not is_upload_key(event.key):
        return
    receipt = uploads.find(event.upload_id) if event.kind == "created" else uploads.find_by_key(event.key)
    if receipt is not None and receipt.status in FINISHED:
        return
    if music_bucket.head(event.key) is not None:
        upload_id = event.upload_id if receipt is None else receipt.upload_id
        uploads.mark_failed(upload_id, key=event.key, error_code="crashed", message=CRASHED, now=now)


def _write_letter(message: DeadMessage, now: datetime) -> DeadLetter:
    return DeadLetter(
        letter_id=message.letter_id,
        source=message.source,
        payload=message.payload,
        reason=message.reason,
        attempts=message.attempts,
        created_at=now,
    )
