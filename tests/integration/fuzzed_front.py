"""The real front over a real mongod, S3 and a broker, with a little music in it: what schemathesis is let loose on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from mypy_boto3_s3 import S3Client

from chalicelib.model import Upload
from chalicelib.storage.index_bucket import S3IndexBucket
from chalicelib.storage.index_builds import MongoIndexBuildStore
from chalicelib.storage.leases import MongoLeaseStore
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.storage.passages import MongoPassageStore
from chalicelib.storage.tracks import MongoTrackStore
from chalicelib.storage.uploads import MongoUploadStore
from chalicelib.workflows.rebuild_index import IndexBuilding, rebuild_index
from tests.fakes.queues import FakeBuildQueue
from tests.fakes.samples import make_analysis, make_object, make_tags, make_track_id
from tests.integration.brokers import MemoryBroker, find_free_port

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 30.0
SONGS = 14
USERNAME, PASSWORD = "fuzzer", "correct horse battery"


def name_track(number: int) -> str:
    return make_track_id(f"song {number}")


def name_upload(number: int) -> str:
    return make_track_id(f"upload {number}")


@contextmanager
def run_front(database: MongoDatabase, mongodb_uri: str, s3_endpoint_url: str, s3: S3Client, folder: Path) -> Iterator[str]:
    """The address of the front, whose user `fuzzer` owns half of the songs."""
    music, index = f"music-{database.name.replace('_', '-')}", f"index-{database.name.replace('_', '-')}"
    for name in (music, index):
        s3.create_bucket(Bucket=name)
    broker, port = MemoryBroker(), find_free_port()
    environment = {
        **os.environ,
        "MONGODB_URI": mongodb_uri,
        "MONGODB_DATABASE": database.name,
        "MUSIC_BUCKET": music,
        "INDEX_BUCKET": index,
        "KAFKA_BOOTSTRAP_SERVERS": broker.address,
        "AWS_ENDPOINT_URL": s3_endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SIGN_UPS_PER_HOUR": "1000000",
        "LOG_INS_PER_5_MINUTES": "1000000",
        "SECURE_COOKIES": "false",
        "TMPDIR": str(folder),
    }
    with (folder / "front.log").open("wb") as log:
        command = [sys.executable, "-m", "localstack.front", "--port", str(port)]
        front = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            await_front(url, front, folder / "front.log")
            user_id = sign_up(url, USERNAME)
            fill_library(database, S3IndexBucket(s3, index), user_id)
            yield url
        finally:
            front.terminate()
            front.wait(10)
            broker.kill()


def await_front(url: str, front: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            if httpx.get(f"{url}/api/v1/health", timeout=5).status_code in (200, 503):
                return
        except httpx.TransportError:
            assert front.poll() is None, log.read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline, "The front did not answer in time."
        time.sleep(0.05)


def sign_up(url: str, username: str) -> str:
    answer = httpx.post(f"{url}/api/v1/users", json={"username": username, "password": PASSWORD}, timeout=10)
    return str(answer.raise_for_status().json()["user_id"])


def fill_library(database: MongoDatabase, index: S3IndexBucket, user_id: str) -> None:
    now = datetime.now(UTC)
    tracks, uploads = MongoTrackStore(database), MongoUploadStore(database)
    for number in range(SONGS):
        upload_id = name_upload(number)
        key = f"uploads/{upload_id}/song {number}.mp3"
        owner = user_id if number % 2 else "somebody-else"
        uploads.create(Upload(upload_id=upload_id, key=key, user_id=owner, status="queued", created_at=now, updated_at=now))
        tags = make_tags(f"Song {number}", artist=f"Artist {number % 5}", album="Firsts", genre="Folk", year=1990 + number)
        mfcc = tuple(float((number * 7 + row * 13) % 17) for row in range(20))
        cover_key = f"covers/{name_track(number)}.jpg" if number % 3 else None
        tracks.attach_object(
            make_analysis(f"song {number}", tags=tags, mfcc=mfcc),
            make_object(key),
            cover_key=cover_key,
            mfcc_standardized=None,
            scaler_version=None,
            now=now,
        )
    building = IndexBuilding(
        tracks=tracks,
        passages=MongoPassageStore(database),
        uploads=uploads,
        index_builds=MongoIndexBuildStore(database),
        index_bucket=index,
        leases=MongoLeaseStore(database),
        build_queue=FakeBuildQueue(),
        clock=lambda: datetime.now(UTC),
        build_id=f"{now:%Y%m%dT%H%M%SZ}-0000f022",
        build_delay_s=0,
    )
    assert rebuild_index(building) == "published"
