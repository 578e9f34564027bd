"""The only wiring: builds each client and store once per container, when it is first asked for, with lazy imports: a handler pays only for
what it uses. It stands on `connections.py` and hands on `kafka_connections.py`. Tests call `reset()` between settings.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from chalicelib import connections, kafka_connections
from chalicelib.connections import WATCH_TIMEOUT_S, aws_client, impatient_aws_client, of_mongodb
from chalicelib.connections import database as database  # noqa: PLC0414  # asked for here, and made there; `__all__` hid the rest from mypy
from chalicelib.connections import settings as settings  # noqa: PLC0414
from chalicelib.kafka_connections import kafka_settings as kafka_settings  # noqa: PLC0414  # as above, with the next three
from chalicelib.kafka_connections import lag_watch as lag_watch  # noqa: PLC0414
from chalicelib.kafka_connections import play_publisher as play_publisher  # noqa: PLC0414
from chalicelib.kafka_connections import record_reader as record_reader  # noqa: PLC0414

if TYPE_CHECKING:
    from chalicelib.workflows import operator_ports, player_ports, ports
    from chalicelib.workflows.account_ports import AccountStores, ExportBucket
    from chalicelib.workflows.check_health import Probe
    from chalicelib.workflows.current_index import CurrentIndex
    from chalicelib.workflows.experiment_ports import ExperimentStore
    from chalicelib.workflows.query_ports import QueryStore
    from chalicelib.workflows.reanalyse_catalogue import Reanalysing
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
def passages() -> ports.PassageStore:
    from chalicelib.storage.passages import MongoPassageStore

    return MongoPassageStore(database())


@of_mongodb
def reanalyses() -> ports.ReanalysisStore:
    from chalicelib.storage.reanalyses import MongoReanalysisStore

    return MongoReanalysisStore(database())


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
def experiments() -> ExperimentStore:
    from chalicelib.storage.experiments import MongoExperimentStore

    return MongoExperimentStore(database())


@of_mongodb
def sound_queries() -> QueryStore:
    from chalicelib.storage.sound_queries import MongoQueryStore

    return MongoQueryStore(database())


@of_mongodb
def feedback() -> ports.FeedbackStore:
    from chalicelib.storage.feedback import MongoFeedbackStore

    return MongoFeedbackStore(database())


@of_mongodb
def recommendations() -> ports.RecommendationStore:
    from chalicelib.storage.recommendations import MongoRecommendationStore

    return MongoRecommendationStore(database())


@of_mongodb
def listener_states() -> ports.ListenerStore:
    from chalicelib.storage.listener_states import MongoListenerStore

    return MongoListenerStore(database())


@of_mongodb
def listener_sample() -> operator_ports.ListenerSample:
    from chalicelib.storage.listener_sample import MongoListenerSample

    return MongoListenerSample(database())


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


@cache
def current_index() -> CurrentIndex:
    from chalicelib.workflows.current_index import CurrentIndex

    chosen = settings()
    return CurrentIndex(index_bucket(), chosen.index_folder, refresh_s=chosen.index_refresh_s, space=chosen.feature_space)


def reanalysing() -> Reanalysing:
    """For the functions that ask for songs to be analysed anew, and those that do it."""
    from chalicelib.workflows.reanalyse_catalogue import Reanalysing

    return Reanalysing(
        tracks=tracks(),
        reanalyses=reanalyses(),
        upload_queue=upload_queue(),
        build_queue=build_queue(),
        dead_letters=dead_letters(),
        clock=partial(datetime.now, UTC),
        at_once=settings().reanalysed_at_once,
    )


def index_building() -> IndexBuilding:
    """Everything that one build needs, under a new build id. For the build function and `timbre rebuild`."""
    from chalicelib.workflows.rebuild_index import IndexBuilding

    clock = partial(datetime.now, UTC)
    return IndexBuilding(
        tracks=tracks(),
        passages=passages(),
        uploads=uploads(),
        index_builds=index_builds(),
        index_bucket=index_bucket(),
        leases=leases(),
        build_queue=build_queue(),
        clock=clock,
        build_id=f"{clock():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        build_delay_s=settings().index_build_delay_s,
        builds_kept=settings().index_builds_kept,
    )


def reset() -> None:
    """Forgets every client: for tests that change the settings."""
    for made in [*vars(connections).values(), *vars(kafka_connections).values(), *globals().values()]:
        clear = getattr(made, "cache_clear", None)
        if clear is not None:
            clear()
