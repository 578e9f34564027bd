"""S3, SQS and Secrets Manager by moto, and a recorder of every call that a client makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest

from chalicelib import bootstrap
from chalicelib.config import Settings
from tests.policy.roles import PARAMETERS, Need, name_needs

STAGE = PARAMETERS["Stage"]
QUEUES = ("uploads", "builds", "uploads-dead-letters", "builds-dead-letters", "plays-dead-letters")


class Recorder:
    """Listens where botocore hands over a call's parameters: presigned ones pass there too."""

    def __init__(self) -> None:
        self.needs: set[Need] = set()

    def attach(self, session: botocore.session.Session) -> None:
        session.register("provide-client-params", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.needs |= set(name_needs(model.service_model.service_name, model.name, params))


@pytest.fixture
def recorder(s3_endpoint_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    for name, value in {
        "AWS_ENDPOINT_URL": s3_endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    prepare()
    recorder = Recorder()
    session = botocore.session.Session()
    recorder.attach(session)
    boto3.setup_default_session(botocore_session=session)
    bootstrap.reset()
    yield recorder
    bootstrap.reset()
    boto3.DEFAULT_SESSION = None


def prepare() -> None:
    """The buckets and queues of the stack, and the secrets, by clients that nobody records."""
    session = boto3.Session()
    s3, sqs, secrets = session.client("s3"), session.client("sqs"), session.client("secretsmanager")
    for bucket in (PARAMETERS["MusicBucketName"], PARAMETERS["IndexBucketName"]):
        s3.create_bucket(Bucket=bucket)
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=item["Key"])
    for name in QUEUES:
        sqs.create_queue(QueueName=f"timbre-{STAGE}-{name}")
    for name, value in (("mongodb", "mongodb://127.0.0.1:1/"), ("kafka", '{"username":"timbre","password":"secret"}')):
        if not secrets.list_secrets(Filters=[{"Key": "name", "Values": [name]}])["SecretList"]:
            secrets.create_secret(Name=name, SecretString=value)
    for client in (s3, sqs, secrets):
        client.close()


@pytest.fixture
def given_settings(recorder: Recorder, s3_endpoint_url: str) -> Settings:
    assert not recorder.needs  # it is there before any client is
    sqs = boto3.Session().client("sqs")
    urls = {name: sqs.get_queue_url(QueueName=f"timbre-{STAGE}-{name}")["QueueUrl"] for name in QUEUES}
    sqs.close()
    return Settings(
        mongodb_uri_secret_arn="mongodb",
        kafka_secret_arn="kafka",
        kafka_bootstrap_servers="127.0.0.1:1",
        music_bucket=PARAMETERS["MusicBucketName"],
        index_bucket=PARAMETERS["IndexBucketName"],
        uploads_queue_url=urls["uploads"],
        build_queue_url=urls["builds"],
        aws_endpoint_url=s3_endpoint_url,
        index_refresh_s=0.0,
    )
