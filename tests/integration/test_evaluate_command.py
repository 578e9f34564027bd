"""`timbre evaluate` as an operator runs it: against a real MongoDB and S3, over the plays and genres that are stored there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from mypy_boto3_s3 import S3Client

from chalicelib.storage.listener_sample import FEWEST_PLAYS, MongoListenerSample
from chalicelib.storage.mongo import MongoDatabase
from tests.bench.catalogue import fill_catalogue
from tests.bench.listeners import fill_listeners

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
TRACKS, USERS = 120, 20


def run_timbre(*words: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "chalicelib.cli", *words]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_running_system_is_judged_by_its_plays_and_genres(
    database: MongoDatabase, mongodb_uri: str, s3_endpoint_url: str, s3_client: S3Client
) -> None:
    fill_catalogue(database, tracks=TRACKS, users=USERS, plays=600)
    fill_listeners(database, tracks=TRACKS, users=USERS)
    bucket = f"test-{uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=bucket)
    environment = {
        "MONGODB_URI": mongodb_uri,
        "MONGODB_DATABASE": database.name,
        "MUSIC_BUCKET": bucket,
        "INDEX_BUCKET": bucket,
        "AWS_ENDPOINT_URL": s3_endpoint_url,
        "BUILD_QUEUE_URL": f"{s3_endpoint_url}/nobody-asks-for-builds",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    run_timbre("rebuild", environment=environment)
    lines = [json.loads(line) for line in run_timbre("evaluate", "--json", "--users", "15", environment=environment).splitlines()]
    *methods, summary = lines
    assert {line["method"] for line in methods} >= {"engine", "exact", "taste_mean", "popular", "random", "mfcc", "mfcc_annoy"}
    assert summary["tracks"] == summary["songs"] == TRACKS
    assert 0 < summary["listeners"] <= 15
    assert summary["plays"]["engine"]["queries"] == summary["listeners"]
    assert summary["genre"]["mfcc"]["precision_at_10"] > summary["genre"]["random"]["precision_at_10"], "genres are clusters here"


def test_listeners_are_sampled_by_their_ids_and_only_those_who_have_played(database: MongoDatabase) -> None:
    database["recommendations"].insert_many(
        [{"_id": f"user-{number:02}", "plays_processed": FEWEST_PLAYS - 1 + number % 2} for number in range(20)] + [{"_id": "user-99"}]
    )
    sample = MongoListenerSample(database)
    assert sample.sample_listeners(3) == ["user-01", "user-03", "user-05"]
    assert len(sample.sample_listeners(100)) == 10
