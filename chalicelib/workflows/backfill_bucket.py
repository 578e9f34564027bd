"""An existing bucket, of any size, is fed through the uploads queue: what lies in the drop zone is queued in place, all else is copied
into it (by S3 itself, which then announces the copy).

What makes a repetition harmless: the key that a copy gets is made from where it came from, and the same sound is one track. The cursor
is stored after each batch; a batch that was broken off is done again. Nothing is held but one batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

import msgspec

from chalicelib.log import log
from chalicelib.model import Backfill, StoredObject
from chalicelib.upload_ids import UPLOADS_PREFIX, is_upload_key
from chalicelib.workflows import operator_ports, ports

AUDIO_SUFFIXES = (".mp3", ".flac", ".wav", ".ogg", ".oga", ".opus", ".m4a", ".aac")
COPIES_AT_ONCE = 8
LARGEST_BATCH = 100
LOOK_EVERY_S = 2.0  # at the queue
_NAME_BYTES_MAX = 700  # of 1,024 that a key may have

Done = Literal["queued", "skipped", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilling:
    bucket: str
    prefix: str
    is_music_bucket: bool
    source: operator_ports.SourceBucket
    music_bucket: ports.MusicBucket
    upload_queue: ports.UploadQueue
    queue_watch: operator_ports.QueueWatch
    backfills: operator_ports.BackfillStore
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    rate_per_s: float
    waiting_max: int  # messages in the uploads queue above which we wait

    @property
    def name(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


def begin_backfill(backfilling: Backfilling, *, resume: bool) -> Backfill:
    """What was broken off goes on where it was. What is finished begins anew, or with `resume` behind its last key."""
    known = backfilling.backfills.find(backfilling.name)
    now = backfilling.clock()
    if known is not None and (resume or not known.is_finished):
        return msgspec.structs.replace(known, is_finished=False, updated_at=now)
    return Backfill(source=backfilling.name, started_at=now, updated_at=now)


def backfill_bucket(backfill: Backfill, backfilling: Backfilling, *, report: Callable[[Backfill], None]) -> Backfill:
    """The finished state. StoreUnavailableError and interruption leave the cursor behind the last whole batch."""
    pace = _Pace(backfilling)
    objects = backfilling.source.list_objects(backfilling.prefix, after=backfill.last_key)
    size = max(1, min(LARGEST_BATCH, int(backfilling.rate_per_s)))
    with ThreadPoolExecutor(COPIES_AT_ONCE, thread_name_prefix="backfill") as pool:
        while batch := list(islice(objects, size)):
            pace.wait_for_queue()
            done = list(pool.map(lambda stored: _feed(stored, backfilling), batch))
            backfill = _advance(backfill, batch[-1].key, done, backfilling)
            report(backfill)
            pace.keep_rate(done.count("queued"))
    backfill = msgspec.structs.replace(backfill, is_finished=True, updated_at=backfilling.clock())
    backfilling.backfills.save(backfill)
    log.info("backfill_finished", source=backfill.source, queued=backfill.queued, skipped=backfill.skipped, failed=backfill.failed)
    return backfill


def name_copy(bucket: str, key: str) -> str:
    """The same place in the drop zone each time, and another for every other source."""
    digest = hashlib.sha256(f"{bucket}/{key}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    name = key.rsplit("/", 1)[-1].encode("utf-8", "replace")[-_NAME_BYTES_MAX:].decode("utf-8", "ignore")
    return f"{UPLOADS_PREFIX}backfill/{digest}/{name}"


def _feed(stored: StoredObject, backfilling: Backfilling) -> Done:
    if not stored.key.lower().endswith(AUDIO_SUFFIXES) or stored.size_bytes == 0:
        return "skipped"
    if backfilling.is_music_bucket and is_upload_key(stored.key):
        backfilling.upload_queue.queue_object(stored)
        return "queued"
    if backfilling.music_bucket.copy_from(backfilling.bucket, stored.key, name_copy(backfilling.bucket, stored.key)):
        return "queued"
    log.warning("backfill_object_failed", bucket=backfilling.bucket, key=stored.key)
    return "failed"


def _advance(backfill: Backfill, last_key: str, done: list[Done], backfilling: Backfilling) -> Backfill:
    further = msgspec.structs.replace(
        backfill,
        last_key=last_key,
        queued=backfill.queued + done.count("queued"),
        skipped=backfill.skipped + done.count("skipped"),
        failed=backfill.failed + done.count("failed"),
        updated_at=backfilling.clock(),
    )
    backfilling.backfills.save(further)
    return further


class _Pace:
    """Not faster than asked for, and not faster than the other end takes it."""

    def __init__(self, backfilling: Backfilling) -> None:
        self._backfilling = backfilling
        self._due = backfilling.monotonic()
        self._next_look = self._due

    def keep_rate(self, count: int) -> None:
        """By a schedule, not by pauses: what the work itself took counts. A delay is not caught up with a burst."""
        now = self._backfilling.monotonic()
        self._due = max(self._due, now - 1.0) + count / self._backfilling.rate_per_s
        if self._due > now:
            self._backfilling.sleep(self._due - now)

    def wait_for_queue(self) -> None:
        while self._backfilling.monotonic() >= self._next_look:
            waiting = next((each.waiting for each in self._backfilling.queue_watch.depths() if each.name == "uploads"), None)
            if waiting is None or waiting < self._backfilling.waiting_max:
                self._next_look = self._backfilling.monotonic() + LOOK_EVERY_S
                return
            self._backfilling.sleep(LOOK_EVERY_S)


def count_objects(backfilling: Backfilling, *, after: str = "") -> Iterator[int]:
    """How many objects lie ahead: counts up, so that whoever shows it can stop at any time."""
    count = 0
    for count, _ in enumerate(backfilling.source.list_objects(backfilling.prefix, after=after), start=1):
        if count % 1000 == 0:
            yield count
    yield count
