"""An object came to the drop zone, or went: bring tracks and receipts in line with what the bucket holds *now*.

The event only says where to look. After every change the bucket is looked at again, so that of several workers on one key the last to
write has seen the last state: the same event twice, late, out of order or beside another ends in one track. What makes a repetition
harmless: the key (one object of one track), the track_id (one track per sound), the upload_id (one receipt per drop).
Reading events, retrying and giving up are left to `ingest_messages`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from msgspec.structs import replace

from chalicelib.errors import ArtefactError, AudioError, ConflictError, NotFoundError
from chalicelib.log import log, log_fields
from chalicelib.metrics import metrics
from chalicelib.model import Analysis, StoredObject, Track
from chalicelib.upload_ids import is_upload_key
from chalicelib.way_model import Arrival, UploadWay
from chalicelib.workflows import ports
from chalicelib.workflows.records import ObjectEvent
from chalicelib.workflows.scaler_in_force import read_scaler_in_force

MAX_ROUNDS = 5  # how often an object that changes under our hands is begun anew before the event is put off
GONE = "The file was removed before it could be analysed."

Outcome = Literal["analysed", "indexed", "failed", "gone", "ignored"]


class Analyse(Protocol):
    def __call__(self, path: Path, /, *, file_name: str) -> Analysis:
        """AudioError where the file cannot become a track."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackIngestion:
    """The stores and settings of `ingest_track`, the same for every event of a container."""

    music_bucket: ports.MusicBucket
    index_bucket: ports.IndexBucket
    index_builds: ports.IndexBuildStore
    tracks: ports.TrackStore
    uploads: ports.UploadStore
    build_queue: ports.BuildQueue
    analyse: Analyse
    clock: Callable[[], datetime]
    max_upload_bytes: int
    build_delay_s: int


@dataclass(frozen=True, slots=True)
class _Times:
    """Of one attempt, for its receipt: written with what is written anyway."""

    arrival: Arrival
    downloaded_at: datetime
    analysed_at: datetime

    def complete(self, *, saved_at: datetime) -> UploadWay:
        return UploadWay(arrival=self.arrival, downloaded_at=self.downloaded_at, analysed_at=self.analysed_at, saved_at=saved_at)


def ingest_track(event: ObjectEvent, ingestion: TrackIngestion) -> Outcome:
    """What became of the object. StoreUnavailableError or ConflictError (it kept changing): let the event come again."""
    if not is_upload_key(event.key):
        return "ignored"
    upload_id = _find_receipt_id(event, ingestion) if event.kind == "found" else event.upload_id
    with log_fields(upload_id=upload_id, key=event.key):
        return _ingest_object(event, ingestion)


def _ingest_object(event: ObjectEvent, ingestion: TrackIngestion) -> Outcome:
    seen = ingestion.music_bucket.head(event.key)
    for _ in range(MAX_ROUNDS):
        handled, outcome = _forget_object(event, ingestion) if seen is None else _take_object(event, seen, ingestion)
        seen = ingestion.music_bucket.head(event.key)
        if _is_same(handled, seen):
            log.info("object_ingested", outcome=outcome)
            return outcome
    raise ConflictError(f"{event.key} kept changing while it was read.")


def _take_object(event: ObjectEvent, seen: StoredObject, ingestion: TrackIngestion) -> tuple[StoredObject | None, Outcome]:
    """The object that was handled (as it was downloaded) and what became of it."""
    upload_id = _find_receipt_id(event, ingestion)
    arrival = replace(event.arrival, received_at=ingestion.clock())
    receipt = ingestion.uploads.begin_attempt(upload_id, key=event.key, now=ingestion.clock(), arrival=arrival)
    stored: StoredObject | None = seen
    with tempfile.TemporaryDirectory(prefix="timbre-ingest-") as folder:
        path = Path(folder) / "audio"
        try:
            stored = ingestion.music_bucket.download(event.key, path, max_bytes=ingestion.max_upload_bytes)
            if stored is None:
                return _forget_object(event, ingestion)
            downloaded_at = ingestion.clock()
            analysis = _analyse(path, event.key, ingestion)
        except AudioError as exc:
            return stored, _refuse_object(event.key, upload_id, exc, ingestion)
    is_drop = receipt.status not in ("analysed", "indexed")  # a finished one: its event came again, or the object was come across
    times = _Times(arrival, downloaded_at, ingestion.clock())
    return stored, _attach_object(upload_id, analysis, stored, ingestion, times, is_drop=is_drop)


def _analyse(path: Path, key: str, ingestion: TrackIngestion) -> Analysis:
    started_at = ingestion.clock()
    analysis = ingestion.analyse(path, file_name=key.rsplit("/", 1)[-1])
    metrics.measure_seconds("AnalysisSeconds", (ingestion.clock() - started_at).total_seconds())
    metrics.count("TracksAnalysed")
    return analysis


def _attach_object(
    upload_id: str, analysis: Analysis, stored: StoredObject, ingestion: TrackIngestion, times: _Times, *, is_drop: bool
) -> Outcome:
    before = ingestion.tracks.find_by_object(stored.key)
    cover_key = _put_cover(analysis, ingestion.music_bucket)
    standardized, scaler_version = standardize(analysis.mfcc, ingestion.index_bucket)
    track = ingestion.tracks.attach_object(
        analysis,
        stored,
        cover_key=cover_key,
        mfcc_standardized=standardized,
        scaler_version=scaler_version,
        now=ingestion.clock(),
        is_drop=is_drop,
    )
    if before is not None:
        _remove_unused_cover(before, ingestion)
    ingestion.uploads.mark_analysed(
        upload_id,
        track_id=track.track_id,
        seq=track.seq,
        warnings=analysis.warnings,
        now=ingestion.clock(),
        way=times.complete(saved_at=ingestion.clock()),
        is_duplicate=any(each.key != stored.key for each in track.objects),
    )
    if _is_built(track.seq, ingestion.index_builds):
        ingestion.uploads.mark_indexed([upload_id], now=ingestion.clock())
        return "indexed"
    # After the mark: whatever build answers this request finds the receipt.
    ingestion.build_queue.request_build(delay_s=ingestion.build_delay_s)
    return "analysed"


def _refuse_object(key: str, upload_id: str, error: AudioError, ingestion: TrackIngestion) -> Outcome:
    """These bytes are no track; if the key belonged to one, they are no longer that track's either."""
    metrics.count("TracksFailed", code=error.code)
    log.info("track_refused", upload_id=upload_id, code=error.code)
    ingestion.uploads.mark_failed(upload_id, key=key, error_code=error.code, message=error.message, now=ingestion.clock())
    _detach_object(key, ingestion)
    return "failed"


def _forget_object(event: ObjectEvent, ingestion: TrackIngestion) -> tuple[None, Outcome]:
    _detach_object(event.key, ingestion)
    if event.kind != "removed":
        upload_id = _find_receipt_id(event, ingestion)
        receipt = ingestion.uploads.find(upload_id)
        if receipt is None or receipt.status == "queued":
            ingestion.uploads.mark_failed(upload_id, key=event.key, error_code="gone", message=GONE, now=ingestion.clock())
    return None, "gone"


def _detach_object(key: str, ingestion: TrackIngestion) -> None:
    track = ingestion.tracks.detach_object(key, now=ingestion.clock())
    if track is None:
        return
    _remove_unused_cover(track, ingestion)
    ingestion.build_queue.request_build(delay_s=ingestion.build_delay_s)


def _remove_unused_cover(before: Track, ingestion: TrackIngestion) -> None:
    """The cover that a track had, when the track is gone or has another by now."""
    if before.cover_key is None or before.status == "trashed":
        return
    present = ingestion.tracks.find(before.track_id)
    if present is None or present.cover_key != before.cover_key:
        ingestion.music_bucket.remove(before.cover_key)


def _find_receipt_id(event: ObjectEvent, ingestion: TrackIngestion) -> str:
    """Only a creation is a drop with a receipt of its own. A finding, or a removal whose object is back, goes with the key's newest."""
    known = None if event.kind == "created" else ingestion.uploads.find_by_key(event.key)
    return event.upload_id if known is None else known.upload_id


def _put_cover(analysis: Analysis, bucket: ports.MusicBucket) -> str | None:
    if analysis.cover is None:
        return None
    key = f"covers/{analysis.track_id}.{analysis.cover.extension}"
    bucket.put_cover(key, analysis.cover.data, analysis.cover.mime)
    return key


def standardize(mfcc: tuple[float, ...], bucket: ports.IndexBucket) -> tuple[tuple[float, ...] | None, int | None]:
    """By the scaler in force; (None, None) before the first build, or where the scaler is unreadable: the next build fills it in."""
    try:
        scaler = read_scaler_in_force(bucket)
    except (ArtefactError, NotFoundError) as exc:
        log.warning("scaler_unreadable", reason=exc.message)
        return None, None
    if scaler is None:
        return None, None
    return tuple(scaler.transform(mfcc).tolist()), scaler.version


def _is_built(seq: int, index_builds: ports.IndexBuildStore) -> bool:
    """By the store beside the tracks, not by current.json: the numbers of another database's life say nothing about this seq."""
    build = index_builds.current()
    return build is not None and build.max_seq >= seq


def _is_same(handled: StoredObject | None, seen: StoredObject | None) -> bool:
    return (handled and handled.etag) == (seen and seen.etag)
