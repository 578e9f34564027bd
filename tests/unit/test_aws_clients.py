"""Clients of AWS's SDK are made when they are first used, and once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from chalicelib.aws_clients import LateClient, make_impatient_client, make_patient_client


def test_a_client_is_made_at_its_first_use_and_once_for_all_threads() -> None:
    made: list[int] = []
    together = threading.Barrier(8)

    def make() -> SimpleNamespace:
        made.append(threading.get_ident())
        time.sleep(0.05)  # long enough for the other threads to ask
        return SimpleNamespace(answer=42)

    client = LateClient(make)
    assert made == []

    def ask(_: int) -> object:
        together.wait()
        return client.answer

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == [42] * 8
    assert len(made) == 1


def test_a_client_that_cannot_be_made_is_tried_again() -> None:
    attempts: list[str] = []

    def make() -> SimpleNamespace:
        attempts.append("tried")
        if len(attempts) == 1:
            raise ValueError("no region")
        return SimpleNamespace(answer=42)

    client = LateClient(make)
    with pytest.raises(ValueError, match="no region"):
        _ = client.answer
    assert client.answer == 42


def test_emulators_are_asked_by_path_and_signed_by_version_four(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    patient = make_patient_client("s3", is_emulated=True)
    link = patient.generate_presigned_url("get_object", Params={"Bucket": "music", "Key": "uploads/a"})
    assert "/music/uploads/a" in link
    assert "X-Amz-Signature" in link
    impatient = make_impatient_client("sqs", is_emulated=False, timeout_s=0.8)
    assert impatient.meta.config.read_timeout == 0.8


def test_the_application_and_its_stores_load_no_sdk_until_they_are_asked() -> None:
    """A page that needs no bucket does not wait for boto3, nor for MongoDB's driver."""
    script = """
import sys
import app
from chalicelib import bootstrap
assert not {"boto3", "botocore", "pymongo", "kafka", "numpy", "aws_lambda_powertools"} & set(sys.modules), "app"
bootstrap.music_bucket(); bootstrap.index_bucket(); bootstrap.upload_queue(); bootstrap.build_queue()
assert "boto3" not in sys.modules, "stores"
"""
    settings = {"MONGODB_URI": "mongodb://127.0.0.1:1/", "MUSIC_BUCKET": "music", "INDEX_BUCKET": "index", "PYTHONPATH": ":".join(sys.path)}
    settings |= {"UPLOADS_QUEUE_URL": "http://127.0.0.1:1/uploads", "BUILD_QUEUE_URL": "http://127.0.0.1:1/builds"}
    done = subprocess.run([sys.executable, "-B", "-c", script], env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
