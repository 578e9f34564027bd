"""MongoDB's password is changed while the application runs: a real mongod that asks who one is, the secret in Secrets Manager (moto),
the whole web over it. What comes in between is a 503, and the new user is taken up without a redeploy.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pymongo
import pytest
from chalice import Chalice
from chalice.test import Client, HTTPResponse
from moto import mock_aws
from pymongo.errors import PyMongoError

from chalicelib import bootstrap, connections
from chalicelib.errors import StoreUnavailableError
from chalicelib.storage.secrets import RETRY_AFTER_S
from chalicelib.web.application import set_up
from chalicelib.web.wiring import Wiring
from functions.relay_plays import handler as relay_plays
from localstack.mongod import MongodError, find_mongod, read_version
from tests.conftest import give_up
from tests.integration.brokers import find_free_port, wait_until

pytestmark = pytest.mark.integration

ROOT = {"user": "root", "pwd": "root", "roles": ["root"]}


class GuardedMongod:
    """A replica set of one with `--auth`, whose members need a key between them too."""

    def __init__(self, home: Path) -> None:
        key = home / "key"
        key.write_text("c29tZXRoaW5nIHRoYXQgbWVtYmVycyBzaGFyZQ==\n")
        key.chmod(0o600)
        self.port = find_free_port()
        command = [str(find_mongod()), "--dbpath", str(home), "--port", str(self.port), "--bind_ip", "127.0.0.1", "--nounixsocket"]
        command += ["--auth", "--keyFile", str(key), "--replSet", "rs0", "--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._initiate, what="mongod")
        with self.open_client() as client:
            wait_until(lambda: client.admin.command("hello").get("isWritablePrimary"), what="the primary")
            client.admin.command("createUser", ROOT["user"], pwd=ROOT["pwd"], roles=ROOT["roles"])  # the exception for localhost
        self.admin: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(self.make_uri("root", "root"))

    def open_client(self) -> pymongo.MongoClient[dict[str, Any]]:
        return pymongo.MongoClient(f"mongodb://127.0.0.1:{self.port}/?directConnection=true", serverSelectionTimeoutMS=500)

    def make_uri(self, user: str, password: str) -> str:
        return f"mongodb://{user}:{password}@127.0.0.1:{self.port}/?directConnection=true&authSource=admin"

    def add_user(self, user: str) -> str:
        self.admin.admin.command("createUser", user, pwd=f"of-{user}", roles=[{"role": "readWrite", "db": "music_database"}])
        return self.make_uri(user, f"of-{user}")

    def drop_user(self, user: str) -> None:
        self.admin.admin.command("dropUser", user)

    def stop(self) -> None:
        self.admin.close()
        self._process.terminate()
        self._process.wait(30)

    def _initiate(self) -> bool:
        assert self._process.poll() is None, "mongod has ended"
        members = {"_id": "rs0", "members": [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]}
        with self.open_client() as client:
            try:
                client.admin.command("replSetInitiate", members)
            except PyMongoError:
                return False
        return True


@pytest.fixture
def mongod(tmp_path: Path) -> Iterator[GuardedMongod]:
    try:
        read_version(find_mongod())
    except MongodError as exc:
        give_up(str(exc))
    home = tmp_path / "mongod"
    home.mkdir()
    guarded = GuardedMongod(home)
    yield guarded
    guarded.stop()


class Rotated:
    """The application whose URI is in a secret."""

    def __init__(self, mongod: GuardedMongod, secrets: Any, arn: str, folder: Path) -> None:
        self.mongod = mongod
        self.arn = arn
        self._secrets = secrets
        app = Chalice(app_name="timbre")
        set_up(app, Wiring(stores=bootstrap))
        self._client = Client(app, project_dir=str(folder))

    def sign_up(self, name: str) -> HTTPResponse:
        body = json.dumps({"username": name, "password": "correct horse battery"}).encode()
        return self._client.http.request("POST", "/api/v1/users", headers={"Content-Type": "application/json"}, body=body)

    def rotate(self, to: str) -> None:
        self._secrets.put_secret_value(SecretId=self.arn, SecretString=self.mongod.add_user(to))

    def let_the_bound_pass(self) -> None:
        """As though the secret had been read half a minute ago: the least time between two readings."""
        connections.secret(self.arn)._tried_at = time.monotonic() - RETRY_AFTER_S


@pytest.fixture
def rotated(mongod: GuardedMongod, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rotated]:
    for name in ("MONGODB_URI", "AWS_ENDPOINT_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    settings = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    with mock_aws():
        secrets = boto3.client("secretsmanager", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        arn = secrets.create_secret(Name="mongodb", SecretString=mongod.add_user("first"))["ARN"]
        queues = {"UPLOADS_QUEUE_URL": "http://127.0.0.1:1/nobody-asks", "BUILD_QUEUE_URL": "http://127.0.0.1:1/nobody-asks"}
        for name, value in {**settings, **queues, "MONGODB_URI_SECRET_ARN": arn, "MUSIC_BUCKET": "music", "INDEX_BUCKET": "index"}.items():
            monkeypatch.setenv(name, value)
        bootstrap.reset()
        bootstrap.prepared_database()
        yield Rotated(mongod, secrets, arn, tmp_path)
        bootstrap.database().client.close()
        bootstrap.reset()
        secrets.close()


def test_a_dropped_user_is_a_503_and_then_the_new_one_is_taken_up(rotated: Rotated) -> None:
    assert rotated.sign_up("ann").status_code == 201
    rotated.rotate("second")
    assert rotated.sign_up("bob").status_code == 201, "the old user is still let in"
    rotated.mongod.drop_user("first")
    for name in ("cora", "dave"):  # the secret was read a moment ago: it is not read for every refusal
        answer = rotated.sign_up(name)
        assert (answer.status_code, answer.json_body["error"]["code"]) == (503, "store_unavailable")
        assert "first" not in answer.body.decode()
    rotated.let_the_bound_pass()
    assert rotated.sign_up("cora").status_code == 201
    assert rotated.sign_up("ann").status_code == 409, "nothing of before is lost"


def test_the_first_refusal_is_enough_when_the_secret_was_not_read_lately(rotated: Rotated) -> None:
    assert rotated.sign_up("ann").status_code == 201
    rotated.rotate("second")
    rotated.mongod.drop_user("first")
    rotated.let_the_bound_pass()
    assert [rotated.sign_up("bob").status_code, rotated.sign_up("bob").status_code] == [503, 201]


def test_a_function_that_meets_a_dropped_user_is_well_again_at_its_next_invocation(rotated: Rotated) -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 60_000

    bootstrap.plays().count_unprocessed()
    rotated.rotate("second")
    rotated.mongod.drop_user("first")
    rotated.let_the_bound_pass()
    with pytest.raises(StoreUnavailableError):
        relay_plays.handle({}, Context())
    assert relay_plays.handle({}, Context()) == {"sent": 0}
