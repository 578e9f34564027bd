"""After a crash that swallowed events: bucket, tracks and receipts are compared, and what differs is put in motion again.

What makes a repetition harmless: it only asks for work that `ingest_track` does by the state of the bucket. It streams both sides and
holds one 64-bit number per object (about 60 MB for a million), never the catalogue.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import msgspec

from chalicelib.log import log
from chalicelib.model import StoredObject, Upload
from chalicelib.upload_ids import is_upload_key
from chalicelib.workflows import ports

ARRIVAL_S = 6 * 3600.0  # a presigned upload begins within an hour; a slow line may take hours more
RECEIPTS_LOOKED_AT = 10_000  # the rest comes at the next reconciliation
NEVER_ARRIVED = "The file never arrived: the upload was not begun or broke off. Please upload it again."
REPLACED = "The file was replaced by a later one under the same name before it could be analysed."
RETRIED_FAILURES = ("gone", "never_arrived")  # what an object that is there contradicts


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each."""

    objects: int
    queued: int
    detached: int
    never_arrived: int


def reconcile_library(
    *,
    music_bucket: ports.MusicBucket,
    tracks: ports.TrackStore,
    uploads: ports.UploadStore,
    upload_queue: ports.UploadQueue,
    build_queue: ports.BuildQueue,
    now: datetime,
    arrival_s: float = ARRIVAL_S,
) -> Reconciliation:
    """Objects without a track or a finished receipt are queued; objects that tracks name and the bucket lacks are detached; receipts
    whose file never came are failed; a build is asked for."""
    known = {_digest(stored.key, stored.etag) for _, stored in tracks.stream_objects()}
    present: set[int] = set()
    queued: set[str] = set()
    for stored in music_bucket.list_uploads():
        present.add(_digest(stored.key))
        if is_upload_key(stored.key) and _is_unsettled(stored, known, uploads):
            upload_queue.queue_object(stored)
            queued.add(stored.key)
    detached = _detach_missing(present, music_bucket=music_bucket, tracks=tracks, now=now)
    never_arrived = _settle_waiting_receipts(
        queued, music_bucket=music_bucket, uploads=uploads, upload_queue=upload_queue, now=now, arrival_s=arrival_s
    )
    tracks.mend_counts()
    build_queue.request_build(delay_s=0)  # the one that was asked for may be among what was lost; one too many does nothing
    result = Reconciliation(objects=len(present), queued=len(queued), detached=detached, never_arrived=never_arrived)
    log.info("library_reconciled", **msgspec.structs.asdict(result))
    return result


def _is_unsettled(stored: StoredObject, known: set[int], uploads: ports.UploadStore) -> bool:
    """Not a track's object as it is now, and not refused for what it holds. Receipts that wait are looked at afterwards."""
    if _digest(stored.key, stored.etag) in known:
        return False
    receipt = uploads.find_by_key(stored.key)
    return receipt is None or receipt.status != "failed" or receipt.error_code in RETRIED_FAILURES


def _detach_missing(present: set[int], *, music_bucket: ports.MusicBucket, tracks: ports.TrackStore, now: datetime) -> int:
    """The bucket is asked again before a track loses its object: it may have come after the listing."""
    missing = [stored.key for _, stored in tracks.stream_objects() if _digest(stored.key) not in present]
    gone = [key for key in missing if music_bucket.head(key) is None]
    for key in gone:
        tracks.detach_object(key, now=now)
    return len(gone)


def _settle_waiting_receipts(
    queued: set[str],
    *,
    music_bucket: ports.MusicBucket,
    uploads: ports.UploadStore,
    upload_queue: ports.UploadQueue,
    now: datetime,
    arrival_s: float,
) -> int:
    """Receipts that are `queued`: with an object they are queued indeed, without one and too old they have failed."""
    never_arrived = 0
    for receipt in uploads.queued_before(now, limit=RECEIPTS_LOOKED_AT):
        stored = music_bucket.head(receipt.key)
        if stored is not None and _is_replaced(receipt, uploads):
            uploads.mark_failed(receipt.upload_id, key=receipt.key, error_code="replaced", message=REPLACED, now=now)
        elif stored is not None and stored.key not in queued:
            upload_queue.queue_object(stored)
            queued.add(stored.key)
        elif stored is None and _is_overdue(receipt, now, arrival_s):
            uploads.mark_failed(receipt.upload_id, key=receipt.key, error_code="never_arrived", message=NEVER_ARRIVED, now=now)
            never_arrived += 1
    return never_arrived


def _is_replaced(receipt: Upload, uploads: ports.UploadStore) -> bool:
    """A finding goes with the newest receipt of its key, so that an older one would wait for ever."""
    newest = uploads.find_by_key(receipt.key)
    return newest is not None and newest.upload_id != receipt.upload_id


def _is_overdue(receipt: Upload, now: datetime, arrival_s: float) -> bool:
    return receipt.created_at < now - timedelta(seconds=arrival_s)


def _digest(*parts: str) -> int:
    """64 bits: among a million objects two share one in fewer than one case in ten million."""
    return int.from_bytes(hashlib.blake2b("\n".join(parts).encode(), digest_size=8).digest())
