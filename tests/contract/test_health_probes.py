"""The probes of health against a real mongod and S3 over HTTP, and against servers that are not there or hang."""

from __future__ import annotations

import socket
import time

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from chalicelib.config import Settings
from chalicelib.storage.health_probes import is_mongodb_there, make_probes
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.workflows.check_health import check_health


def make_settings(bucket: str) -> Settings:
    return Settings(mongodb_uri="unused", music_bucket=bucket, index_bucket=bucket)


def test_what_is_there_is_ok_and_what_was_never_set_or_built_is_absent(database: MongoDatabase, s3_client: S3Client, bucket: str) -> None:
    checks = check_health(make_probes(make_settings(bucket), database, s3_client, timeout_s=5), timeout_s=5)
    assert {name: check.status for name, check in checks.items()} == {"mongodb": "ok", "s3": "ok", "kafka": "absent", "index": "absent"}
    s3_client.put_object(Bucket=bucket, Key="current.json", Body=b"{}")
    assert check_health(make_probes(make_settings(bucket), database, s3_client, timeout_s=5), timeout_s=5)["index"].status == "ok"


def test_what_is_not_there_has_failed(unreachable_database: MongoDatabase, unreachable_s3_client: S3Client) -> None:
    checks = check_health(make_probes(make_settings("music"), unreachable_database, unreachable_s3_client, timeout_s=5), timeout_s=10)
    assert {name: check.status for name, check in checks.items()} == {
        "mongodb": "failed",
        "s3": "failed",
        "kafka": "absent",
        "index": "failed",
    }


def test_a_bucket_that_does_not_exist_has_failed(s3_client: S3Client, database: MongoDatabase) -> None:
    with pytest.raises(ClientError):
        make_probes(make_settings("no-such-bucket-anywhere"), database, s3_client, timeout_s=5)["s3"]()


def test_a_mongodb_that_accepts_and_never_answers_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"mongodb://127.0.0.1:{silent.getsockname()[1]}/?directConnection=true"
        with MongoClient(uri, tz_aware=True) as client:
            started = time.monotonic()
            with pytest.raises(PyMongoError):
                is_mongodb_there(client["nowhere"], timeout_s=0.3)
            assert time.monotonic() - started < 1.5
