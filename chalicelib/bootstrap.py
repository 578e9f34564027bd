"""The only wiring: builds each client and store once per container, when it is first asked for. Imports are lazy, so that a handler
pays only for what it uses. What the stores stand on is in `connections.py`. Tests call `reset()` between settings.
"""

from __future__ import annotations

import secrets
import tempfile
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from chalicelib import connections
from chalicelib.config import Settings
from chalicelib.connections import WATCH_TIMEOUT_S, aws_client, impatient_aws_client, of_mongodb, secret
from chalicelib.connections import database as database  # noqa: PLC0414  # asked for here, and made there; `__all__` hid the rest from mypy
from chalicelib.connections import settings as settings  # noqa: PLC0414

if TYPE_CHECKING:
    from chalicelib.workflows import operator_ports, player_ports, ports
    from chalicelib.workflows.account_ports import AccountStores, ExportBucket
    from chalicelib.workflows.check_health import Probe
    from chalicelib.workflows.current_index import CurrentIndex
    from chalicelib.workflows.rebuild_index import IndexBuilding


@of_mongodb
def prepared_database() -> None:
    """MongoDB's indexes, once per container: by the function that every deployment and every minute invokes, so by no request."""
    from chalicelib.storage.mongo import ensure_indexes

    ensure_indexes(database())


@of_mongodb
def tracks() -> ports.TrackStore:
    from chalicelib.storage.tracks import MongoTrackStore

    return MongoTrackStore(database())


@of_mongodb
def uploads() -> ports.UploadStore:
    from chalicelib.storage.uploads import MongoUploadStore

    return MongoUploadStore(database())


@of_mongodb
def users() -> ports.UserStore:
    from chalicelib.storage.users import MongoUserStore

    return MongoUserStore(database())


@of_mongodb
def sessions() -> ports.SessionStore:
    from chalicelib.storage.sessions import MongoSessionStore

    return MongoSessionStore(database())


@of_mongodb
def throttles() -> ports.ThrottleStore:
    from chalicelib.storage.throttles import MongoThrottleStore

    return MongoThrottleStore(database())


@of_mongodb
def plays() -> ports.PlayStore:
    from chalicelib.storage.plays import MongoPlayStore

    return MongoPlayStore(database())


@of_mongodb
def listening() -> player_ports.ListeningStore:
    from chalicelib.storage.listening import MongoListeningStore

    return MongoListeningStore(database())


@of_mongodb
def feedback() -> ports.FeedbackStore:
    from chalicelib.storage.feedback import MongoFeedbackStore

    return MongoFeedbackStore(database())


@of_mongodb
def recommendations() -> ports.RecommendationStore:
    from chalicelib.storage.recommendations import MongoRecommendationStore

    return MongoRecommendationStore(database())


@of_mongodb
def index_builds() -> ports.IndexBuildStore:
    from chalicelib.storage.index_builds import MongoIndexBuildStore

    return MongoIndexBuildStore(database())


@of_mongodb
def leases() -> ports.LeaseStore:
    from chalicelib.storage.leases import MongoLeaseStore

    return MongoLeaseStore(database())


@of_mongodb
def account_stores() -> AccountStores:
    """History, statistics, settings, sessions, erasure: what a listener's own pages stand on."""
    from chalicelib.storage.account_stores import make_account_stores

    return make_account_stores(database())


@cache
def export_bucket() -> ExportBucket:
    from chalicelib.storage.export_bucket import S3ExportBucket

    return S3ExportBucket(aws_client("s3"), settings().music_bucket)


@of_mongodb
def dead_letters() -> ports.DeadLetterStore:
    from chalicelib.storage.dead_letters import MongoDeadLetterStore

    return MongoDeadLetterStore(database())


@cache
def music_bucket() -> ports.MusicBucket:
    from chalicelib.storage.music_bucket import S3MusicBucket

    return S3MusicBucket(aws_client("s3"), settings().music_bucket)


@cache
def index_bucket() -> ports.IndexBucket:
    from chalicelib.storage.index_bucket import S3IndexBucket

    return S3IndexBucket(aws_client("s3"), settings().index_bucket)


@cache
def build_queue() -> ports.BuildQueue:
    from chalicelib.events.queues import SqsBuildQueue

    return SqsBuildQueue(aws_client("sqs"), settings().build_queue_url)


@cache
def upload_queue() -> ports.UploadQueue:
    from chalicelib.events.queues import SqsUploadQueue

    return SqsUploadQueue(aws_client("sqs"), settings().uploads_queue_url, settings().music_bucket)


@cache
def upload_redelivery() -> ports.Redelivery:
    from chalicelib.events.queues import SqsRedelivery

    return SqsRedelivery(aws_client("sqs"), settings().uploads_queue_url)


@cache
def build_redelivery() -> ports.Redelivery:
    from chalicelib.events.queues import SqsRedelivery

    return SqsRedelivery(aws_client("sqs"), settings().build_queue_url)


@cache
def queue_watch() -> operator_ports.QueueWatch:
    from chalicelib.events.queue_watch import SqsQueueWatch

    return SqsQueueWatch(impatient_aws_client("sqs"), settings().uploads_queue_url, timeout_s=2 * WATCH_TIMEOUT_S)


@cache
def uploads_dead_letter_queue() -> operator_ports.DeadLetterQueue:
    from chalicelib.events.queue_watch import DEAD_LETTERS_OF_UPLOADS, SqsDeadLetterQueue, name_queue_url

    return SqsDeadLetterQueue(aws_client("sqs"), name_queue_url(settings().uploads_queue_url, DEAD_LETTERS_OF_UPLOADS))


@of_mongodb
def backfills() -> operator_ports.BackfillStore:
    from chalicelib.storage.backfills import MongoBackfillStore

    return MongoBackfillStore(database())


def source_bucket(name: str) -> operator_ports.SourceBucket:
    from chalicelib.storage.source_bucket import S3SourceBucket

    return S3SourceBucket(aws_client("s3"), name)


def health_probes() -> dict[str, Probe]:
    from chalicelib.storage.health_probes import make_probes

    return make_probes(settings(), database(), impatient_aws_client("s3"), timeout_s=WATCH_TIMEOUT_S)


def kafka_settings() -> Settings:
    """The settings with Kafka's user and password out of the secret, where there is one. For whoever connects to a broker."""
    arn = settings().kafka_secret_arn
    if not arn:
        return settings()
    from chalicelib.storage.secrets import parse_kafka_credentials

    credentials = parse_kafka_credentials(secret(arn).read())
    return msgspec.structs.replace(settings(), kafka_sasl_username=credentials.username, kafka_sasl_password=credentials.password)


@lru_cache(maxsize=2)
def _publisher_of(given: Settings) -> ports.PlayPublisher:
    from chalicelib.events.play_publisher import KafkaPlayPublisher

    arn = given.kafka_secret_arn
    return KafkaPlayPublisher(given, on_failure=secret(arn).doubt if arn else lambda: None)


def play_publisher() -> ports.PlayPublisher:
    """Another one when the secret says another password."""
    return _publisher_of(kafka_settings())


@lru_cache(maxsize=2)
def _lag_watch_of(given: Settings) -> operator_ports.LagWatch:
    from chalicelib.events.kafka_lag import KafkaLagWatch

    return KafkaLagWatch(given, timeout_s=2 * WATCH_TIMEOUT_S)


def lag_watch() -> operator_ports.LagWatch:
    return _lag_watch_of(kafka_settings())


def record_reader() -> operator_ports.RecordReader:
    """For who closes it."""
    from chalicelib.events.kafka_records import KafkaRecordReader

    return KafkaRecordReader(kafka_settings())


@cache
def current_index() -> CurrentIndex:
    from chalicelib.workflows.current_index import CurrentIndex

    return CurrentIndex(index_bucket(), Path(tempfile.gettempdir()) / "timbre-index", refresh_s=settings().index_refresh_s)


def index_building() -> IndexBuilding:
    """Everything that one build needs, under a new build id. For the build function and `timbre rebuild`."""
    from chalicelib.workflows.rebuild_index import IndexBuilding

    clock = partial(datetime.now, UTC)
    return IndexBuilding(
        tracks=tracks(),
        uploads=uploads(),
        index_builds=index_builds(),
        index_bucket=index_bucket(),
        leases=leases(),
        build_queue=build_queue(),
        clock=clock,
        build_id=f"{clock():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        build_delay_s=settings().index_build_delay_s,
    )


def reset() -> None:
    """Forgets every client: for tests that change the settings."""
    for made in [*vars(connections).values(), *globals().values()]:
        clear = getattr(made, "cache_clear", None)
        if clear is not None:
            clear()
