"""One song of an older feature version is analysed anew: its numbers change, and nothing else of it. No receipt hears of it, no tag is
read again, and it stays the song it is, even where this version would refuse it.

What makes a repetition harmless: the track's feature version. Which songs, and when, is `reanalyse_catalogue`'s.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from chalicelib.errors import AudioError
from chalicelib.log import log, log_fields
from chalicelib.metrics import metrics
from chalicelib.model import Analysis, StoredObject, Track
from chalicelib.workflows.ingest_track import TrackIngestion, standardize
from chalicelib.workflows.reanalyse_catalogue import Reanalysing, ask_for_more, give_up
from chalicelib.workflows.records import ObjectEvent, ObjectMessage

Outcome = Literal["reanalysed", "unchanged", "given_up"]


def reanalyse_track(event: ObjectEvent, message: ObjectMessage, ingestion: TrackIngestion, reanalysing: Reanalysing) -> Outcome:
    """What became of it; then the next one is asked for. StoreUnavailableError: let the event come again."""
    assert event.track_id is not None  # noqa: S101  # for mypy: an outdated object names its track
    with log_fields(track_id=event.track_id, key=event.key):
        outcome = _reanalyse(event.track_id, message, ingestion, reanalysing)
        log.info("track_reanalysis_ended", outcome=outcome, version=reanalysing.version)
    ask_for_more(reanalysing)
    return outcome


def _reanalyse(track_id: str, message: ObjectMessage, ingestion: TrackIngestion, reanalysing: Reanalysing) -> Outcome:
    track = reanalysing.tracks.find(track_id)
    if track is None or track.feature_version >= reanalysing.version:
        reanalysing.reanalyses.forget(track_id)
        return "unchanged"
    faults: list[str] = []
    for stored in track.objects:
        try:
            analysis = _analyse(stored, ingestion)
        except AudioError as exc:  # the same bytes would be refused every time
            faults.append(f"{exc.code}: {exc.message}")
            continue
        if analysis is None:
            faults.append(f"the bucket does not hold {stored.key} as it was")
        elif analysis.feature_version < reanalysing.version:
            faults.append(f"the engine in use makes version {analysis.feature_version}")
        else:
            return _renew(track, analysis, stored, ingestion, reanalysing)
    reason = "; ".join(faults)
    give_up(track_id, reason=reason, payload=message.payload, attempts=message.receive_count, reanalysing=reanalysing)
    return "given_up"


def _analyse(stored: StoredObject, ingestion: TrackIngestion) -> Analysis | None:
    """None where the object is gone, or another by now: it has an event of its own."""
    with tempfile.TemporaryDirectory(prefix="timbre-reanalysis-") as folder:
        path = Path(folder) / "audio"
        present = ingestion.music_bucket.download(stored.key, path, max_bytes=ingestion.max_upload_bytes)
        if present is None or present.etag != stored.etag:
            return None
        started_at = ingestion.clock()
        analysis = ingestion.analyse(path, file_name=stored.key.rsplit("/", 1)[-1])
        metrics.measure_seconds("AnalysisSeconds", (ingestion.clock() - started_at).total_seconds())
        return analysis


def _renew(track: Track, analysis: Analysis, stored: StoredObject, ingestion: TrackIngestion, reanalysing: Reanalysing) -> Outcome:
    if analysis.track_id != track.track_id:
        log.warning("track_known_by_another_id", today=analysis.track_id)
    standardized, scaler_version = standardize(analysis.mfcc, ingestion.index_bucket)
    if not reanalysing.tracks.renew_features(
        track.track_id, analysis, stored, mfcc_standardized=standardized, scaler_version=scaler_version
    ):  # removed, replaced or renewed by another while we were at it; what is outdated still, the next walk finds
        reanalysing.reanalyses.forget(track.track_id)
        return "unchanged"
    reanalysing.reanalyses.note_done(reanalysing.version)
    metrics.count("TracksReanalysed")
    return "reanalysed"
