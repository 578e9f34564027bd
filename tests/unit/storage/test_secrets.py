"""Secrets Manager by moto: what is kept, when it is read again, and what nobody reads in a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib import bootstrap, connections
from chalicelib.config import Settings, read_settings
from chalicelib.errors import ConfigError, StoreUnavailableError
from chalicelib.storage.secrets import MAX_AGE_S, RETRY_AFTER_S, CachedSecret, parse_kafka_credentials, parse_mongodb_uri


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class CountingClient:
    """moto's client; counts the readings."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.readings = 0

    def get_secret_value(self, **request: str) -> Any:
        self.readings += 1
        return self._client.get_secret_value(**request)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        client.create_secret(Name="mongodb", SecretString="mongodb://one/")
        yield client
        client.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_secret_is_read_once_until_it_is_old(manager: Any, clock: Clock) -> None:
    counting = CountingClient(manager)
    secret = CachedSecret(lambda: counting, "mongodb", monotonic=clock)
    assert [secret.read() for _ in range(5)] == ["mongodb://one/"] * 5
    assert counting.readings == 1
    manager.put_secret_value(SecretId="mongodb", SecretString="mongodb://two/")
    clock.now += MAX_AGE_S
    assert secret.read() == "mongodb://two/"
    assert counting.readings == 2


def test_a_doubted_secret_is_read_again_but_not_by_every_request(manager: Any, clock: Clock) -> None:
    counting = CountingClient(manager)
    secret = CachedSecret(lambda: counting, "mongodb", monotonic=clock)
    secret.read()
    manager.put_secret_value(SecretId="mongodb", SecretString="mongodb://two/")
    clock.now += RETRY_AFTER_S
    secret.doubt()
    assert secret.read() == "mongodb://two/"
    for _ in range(10):  # the server is away, not the password
        secret.doubt()
        secret.read()
    assert counting.readings == 2


def test_the_last_value_stays_while_secrets_manager_is_away(manager: Any, clock: Clock) -> None:
    secret = CachedSecret(lambda: manager, "mongodb", monotonic=clock)
    secret.read()
    manager.delete_secret(SecretId="mongodb", ForceDeleteWithoutRecovery=True)
    clock.now += MAX_AGE_S
    assert secret.read() == "mongodb://one/"
    manager.create_secret(Name="mongodb", SecretString="mongodb://two/")
    assert secret.read() == "mongodb://one/", "asked a moment ago"
    clock.now += RETRY_AFTER_S
    assert secret.read() == "mongodb://two/"


def test_a_secret_that_was_never_read_is_a_store_that_is_away(manager: Any) -> None:
    with pytest.raises(StoreUnavailableError):
        CachedSecret(lambda: manager, "nowhere").read()


@pytest.mark.parametrize("text", ["mongodb://a/", '{"uri": "mongodb://a/"}', "  mongodb://a/\n"])
def test_the_uri_may_stand_alone_or_in_json(text: str) -> None:
    assert parse_mongodb_uri(text) == "mongodb://a/"


@pytest.mark.parametrize("parse", [parse_mongodb_uri, parse_kafka_credentials])
def test_a_secret_of_another_form_is_told_without_its_content(parse: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        parse('{"pasword": "hunter2"}')
    assert "hunter2" not in str(caught.value)


def test_settings_want_the_uri_or_its_secret() -> None:
    buckets = {"MUSIC_BUCKET": "m", "INDEX_BUCKET": "i"}
    assert read_settings({**buckets, "MONGODB_URI_SECRET_ARN": "arn"}).mongodb_uri == ""
    with pytest.raises(ConfigError, match="MONGODB_URI is not set \\(nor MONGODB_URI_SECRET_ARN\\)"):
        read_settings(buckets)


def test_stores_are_made_anew_when_the_secret_says_another_uri(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = Settings(mongodb_uri_secret_arn="mongodb", music_bucket="m", index_bucket="i")
    bootstrap.reset()
    monkeypatch.setattr(bootstrap, "settings", lambda: given)
    monkeypatch.setattr(connections, "settings", lambda: given)
    made: list[str] = []

    @connections.of_mongodb
    def store() -> str:
        made.append(connections.mongodb_uri())
        return made[-1]

    assert [store(), store()] == ["mongodb://one/", "mongodb://one/"]
    manager.put_secret_value(SecretId="mongodb", SecretString="mongodb://two/")
    connections.secret("mongodb")._tried_at = float("-inf")
    connections.secret("mongodb").doubt()
    assert store() == "mongodb://two/"
    assert made == ["mongodb://one/", "mongodb://two/"]
    bootstrap.reset()


def test_kafka_gets_user_and_password_out_of_the_secret(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.create_secret(Name="kafka", SecretString='{"username":"timbre","password":"one"}')
    given = Settings(mongodb_uri="x", kafka_secret_arn="kafka", music_bucket="m", index_bucket="i")
    bootstrap.reset()
    monkeypatch.setattr(bootstrap, "settings", lambda: given)
    monkeypatch.setattr(connections, "settings", lambda: given)
    first = bootstrap.play_publisher()
    assert bootstrap.play_publisher() is first
    manager.put_secret_value(SecretId="kafka", SecretString='{"username":"timbre","password":"two"}')
    connections.secret("kafka")._tried_at = float("-inf")
    connections.secret("kafka").doubt()
    assert bootstrap.kafka_settings().kafka_sasl_password == "two"
    assert bootstrap.play_publisher() is not first
    bootstrap.reset()
