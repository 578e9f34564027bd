"""The only wiring: builds each client and store once per container, when it is first asked for. Imports are lazy, so that a handler
pays only for what it uses. Tests call `reset()` between settings.
"""

from __future__ import annotations

import secrets
import tempfile
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.config import Settings, read_settings

if TYPE_CHECKING:
    from pymongo.database import Database

    from chalicelib.workflows import ports
    from chalicelib.workflows.current_index import CurrentIndex
    from chalicelib.workflows.rebuild_index import IndexBuilding


@cache
def settings() -> Settings:
    return read_settings()


@cache
def database() -> Database[dict[str, Any]]:
    from chalicelib.storage.mongo import connect

    return connect(settings().mongodb_uri, settings().mongodb_database)


@cache
def _aws(service: str) -> Any:  # a client by the service's name: boto3 has no type for it
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=2,
        read_timeout=30,
        retries={"mode": "standard", "max_attempts": 3},
        s3={"addressing_style": "path" if settings().aws_endpoint_url else "auto"},
        signature_version="s3v4" if service == "s3" else None,
    )
    make_client: Any = boto3.client
    return make_client(service, config=config)


@cache
def tracks() -> ports.TrackStore:
    from chalicelib.storage.tracks import MongoTrackStore

    return MongoTrackStore(database())


@cache
def uploads() -> ports.UploadStore:
    from chalicelib.storage.uploads import MongoUploadStore

    return MongoUploadStore(database())


@cache
def users() -> ports.UserStore:
    from chalicelib.storage.users import MongoUserStore

    return MongoUserStore(database())


@cache
def sessions() -> ports.SessionStore:
    from chalicelib.storage.sessions import MongoSessionStore

    return MongoSessionStore(database())


@cache
def throttles() -> ports.ThrottleStore:
    from chalicelib.storage.throttles import MongoThrottleStore

    return MongoThrottleStore(database())


@cache
def plays() -> ports.PlayStore:
    from chalicelib.storage.plays import MongoPlayStore

    return MongoPlayStore(database())


@cache
def feedback() -> ports.FeedbackStore:
    from chalicelib.storage.feedback import MongoFeedbackStore

    return MongoFeedbackStore(database())


@cache
def recommendations() -> ports.RecommendationStore:
    from chalicelib.storage.recommendations import MongoRecommendationStore

    return MongoRecommendationStore(database())


@cache
def index_builds() -> ports.IndexBuildStore:
    from chalicelib.storage.index_builds import MongoIndexBuildStore

    return MongoIndexBuildStore(database())


@cache
def leases() -> ports.LeaseStore:
    from chalicelib.storage.leases import MongoLeaseStore

    return MongoLeaseStore(database())


@cache
def dead_letters() -> ports.DeadLetterStore:
    from chalicelib.storage.dead_letters import MongoDeadLetterStore

    return MongoDeadLetterStore(database())


@cache
def music_bucket() -> ports.MusicBucket:
    from chalicelib.storage.music_bucket import S3MusicBucket

    return S3MusicBucket(_aws("s3"), settings().music_bucket)


@cache
def index_bucket() -> ports.IndexBucket:
    from chalicelib.storage.index_bucket import S3IndexBucket

    return S3IndexBucket(_aws("s3"), settings().index_bucket)


@cache
def build_queue() -> ports.BuildQueue:
    from chalicelib.events.queues import SqsBuildQueue

    return SqsBuildQueue(_aws("sqs"), settings().build_queue_url)


@cache
def upload_queue() -> ports.UploadQueue:
    from chalicelib.events.queues import SqsUploadQueue

    return SqsUploadQueue(_aws("sqs"), settings().uploads_queue_url, settings().music_bucket)


@cache
def upload_redelivery() -> ports.Redelivery:
    from chalicelib.events.queues import SqsRedelivery

    return SqsRedelivery(_aws("sqs"), settings().uploads_queue_url)


@cache
def build_redelivery() -> ports.Redelivery:
    from chalicelib.events.queues import SqsRedelivery

    return SqsRedelivery(_aws("sqs"), settings().build_queue_url)


@cache
def play_publisher() -> ports.PlayPublisher:
    from chalicelib.events.play_publisher import KafkaPlayPublisher

    return KafkaPlayPublisher(settings())


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
    for name in list(globals()):
        clear = getattr(globals()[name], "cache_clear", None)
        if clear is not None:
            clear()
