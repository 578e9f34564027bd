"""The shortest question to each part that tells whether it can serve. Each is bounded by itself; what the answers mean is `web`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pymongo

from chalicelib.config import Settings
from chalicelib.events.kafka_probe import is_kafka_there
from chalicelib.storage.index_bucket import S3IndexBucket
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.workflows.check_health import Probe

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def make_probes(settings: Settings, database: MongoDatabase, s3: S3Client, *, timeout_s: float) -> dict[str, Probe]:
    """The client of S3 has time-outs as short and does not retry."""
    s3.generate_presigned_url("head_bucket", Params={"Bucket": settings.music_bucket})  # asks nobody: what boto3 loads at its first call
    index = S3IndexBucket(s3, settings.index_bucket)
    brokers, protocol = settings.kafka_bootstrap_servers, settings.kafka_security_protocol
    return {
        "mongodb": lambda: is_mongodb_there(database, timeout_s=timeout_s),
        "s3": lambda: is_bucket_there(s3, settings.music_bucket),
        "kafka": lambda: bool(brokers) and is_kafka_there(brokers, protocol, timeout_s=timeout_s),
        "index": lambda: index.read_current() is not None,
    }


def is_mongodb_there(database: MongoDatabase, *, timeout_s: float) -> bool:
    """Whether there is a primary, since a play that cannot be written is no play. Raises where no server answers in time."""
    with pymongo.timeout(timeout_s):
        return bool(database.command("hello").get("isWritablePrimary"))


def is_bucket_there(client: S3Client, bucket: str) -> bool:
    """Raises where the bucket is not there or not ours."""
    client.head_bucket(Bucket=bucket)
    return True
