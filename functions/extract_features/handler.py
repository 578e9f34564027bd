"""Lambda: an object came to the music bucket or went, or its song is to be analysed anew. Idempotent by key, track_id and upload_id (see
`ingest_track`), by the track's feature version (see `reanalyse_track`), and by the query's id (see
`hear_query`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib import bootstrap
from chalicelib.events.s3_events import parse_object_messages
from chalicelib.invocation import observed
from chalicelib.workflows.hear_query import QueryHearing
from chalicelib.workflows.ingest_messages import ingest_messages
from chalicelib.workflows.ingest_track import TrackIngestion


@observed
def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """AWS's event as it comes, by SQS or from S3 itself; which messages must come again."""
    failed = ingest_messages(
        parse_object_messages(event),
        prepare_ingestion(),
        dead_letters=bootstrap.dead_letters(),
        redelivery=bootstrap.upload_redelivery(),
        reanalysing=bootstrap.reanalysing(),
        hearing=prepare_hearing(),
    )
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def prepare_hearing() -> QueryHearing:
    from chalicelib.audio.analysis import analyse_file

    settings = bootstrap.settings()
    return QueryHearing(
        queries=bootstrap.sound_queries(),
        music_bucket=bootstrap.music_bucket(),
        analyse=partial(analyse_file, engine=settings.mfcc_engine, max_duration_s=settings.max_query_duration_s),
        clock=partial(datetime.now, UTC),
        max_bytes=settings.max_query_bytes,
    )


def prepare_ingestion() -> TrackIngestion:
    from chalicelib.audio.analysis import analyse_file

    settings = bootstrap.settings()
    return TrackIngestion(
        music_bucket=bootstrap.music_bucket(),
        index_bucket=bootstrap.index_bucket(),
        index_builds=bootstrap.index_builds(),
        tracks=bootstrap.tracks(),
        uploads=bootstrap.uploads(),
        build_queue=bootstrap.build_queue(),
        analyse=partial(analyse_file, engine=settings.mfcc_engine, max_duration_s=settings.max_duration_s),
        clock=partial(datetime.now, UTC),
        max_upload_bytes=settings.max_upload_bytes,
        build_delay_s=settings.index_build_delay_s,
    )
