"""A clip of a question came to the bucket: what it sounds like is noted with the question, and the clip is removed, whatever came of it.

What makes a repetition harmless: the query's id, since only a query that waits is answered. The clip goes after the answer is stored, so
that a run that dies in between is made good by the message's next delivery; what no message brings again the bucket's own rule removes
after a day.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from chalicelib.errors import AudioError
from chalicelib.log import log
from chalicelib.model import Analysis, TrackVector
from chalicelib.query_model import SoundQuery, find_query_id
from chalicelib.workflows import ports
from chalicelib.workflows.ingest_track import Analyse
from chalicelib.workflows.query_ports import QueryStore
from chalicelib.workflows.records import ObjectEvent

GONE = "The recording was gone before it could be listened to."

Outcome = Literal["ready", "failed", "unknown", "ignored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryHearing:
    queries: QueryStore
    music_bucket: ports.MusicBucket
    analyse: Analyse
    clock: Callable[[], datetime]
    max_bytes: int


def hear_query(event: ObjectEvent, hearing: QueryHearing) -> Outcome:
    """What became of the clip. StoreUnavailableError: let the event come again."""
    if event.kind == "removed":
        return "ignored"
    query_id = find_query_id(event.key)
    query = None if query_id is None else hearing.queries.find(query_id, now=hearing.clock())
    if query is None or query.key != event.key:
        outcome: Outcome = "unknown"  # nobody waits for it (any more)
    elif query.status == "queued":
        outcome = _listen(query, hearing)
    else:
        outcome = query.status
    hearing.music_bucket.remove(event.key)
    log.info("query_heard", query_id=query_id, outcome=outcome)
    return outcome


def _listen(query: SoundQuery, hearing: QueryHearing) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="timbre-query-") as folder:
        path = Path(folder) / "audio"
        try:
            if hearing.music_bucket.download(query.key, path, max_bytes=hearing.max_bytes) is None:
                return _fail(query, "gone", GONE, hearing)
            analysis = hearing.analyse(path, file_name=query.key.rsplit("/", 1)[-1])
        except AudioError as exc:
            return _fail(query, exc.code, exc.message, hearing)
    hearing.queries.answer(query.query_id, mfcc=analysis.mfcc, features=pack_features(analysis), duration_s=analysis.duration_s)
    return "ready"


def _fail(query: SoundQuery, code: str, message: str, hearing: QueryHearing) -> Outcome:
    hearing.queries.fail(query.query_id, error_code=code, message=message)
    return "failed"


def make_sound(analysis: Analysis) -> TrackVector:
    """What neighbours can be looked for by: of no track, so without a `seq`."""
    return TrackVector(analysis.track_id, 0, analysis.mfcc, features=pack_features(analysis))


def pack_features(analysis: Analysis) -> bytes | None:
    """As track documents have them."""
    return struct.pack(f"<{len(analysis.features)}f", *analysis.features) if analysis.features else None
