"""Secrets Manager: one secret, read once and kept. Read again when it is old, and sooner when who used it was refused. What a secret
opens stands in `bootstrap.py`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import ConfigError, StoreUnavailableError
from chalicelib.log import log

MAX_AGE_S = 3600.0
RETRY_AFTER_S = 30.0  # a broker or a server that is merely away must not turn every request into a call of Secrets Manager


class KafkaCredentials(msgspec.Struct, frozen=True):
    username: str
    password: str


class _MongodbSecret(msgspec.Struct, frozen=True):
    uri: str


class CachedSecret:
    """Thread-safe. While Secrets Manager is away the last value stays in use. `client` makes boto3's, when it is first needed."""

    def __init__(self, client: Callable[[], Any], arn: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._arn = arn
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._value: str | None = None
        self._fresh_until = 0.0
        self._tried_at = float("-inf")

    def read(self) -> str:
        with self._lock:
            now = self._monotonic()
            if self._value is None or (now >= self._fresh_until and now >= self._tried_at + RETRY_AFTER_S):
                self._tried_at = now
                self._value = self._fetch(now)
            return self._value

    def doubt(self) -> None:
        """Who used the value was refused: the next `read` asks again, unless it has asked within the last half minute."""
        with self._lock:
            self._fresh_until = 0.0

    def _fetch(self, now: float) -> str:
        try:
            value = str(self._client().get_secret_value(SecretId=self._arn).get("SecretString", ""))
        except (BotoCoreError, ClientError) as exc:
            log.warning("secret_not_read", secret=self._arn, reason=str(exc))
            if self._value is None:
                raise StoreUnavailableError("Secrets Manager") from exc
            return self._value
        if not value:
            raise ConfigError(f"The secret {self._arn} holds no text.")
        self._fresh_until = now + MAX_AGE_S
        return value


def parse_mongodb_uri(secret: str) -> str:
    """The URI as it is, or {"uri": …}. No message repeats what is in a secret."""
    if not secret.lstrip().startswith("{"):
        return secret.strip()
    try:
        return msgspec.json.decode(secret, type=_MongodbSecret).uri
    except msgspec.DecodeError as exc:
        raise ConfigError('The secret MONGODB_URI_SECRET_ARN must hold the URI, or {"uri":…}.') from exc


def parse_kafka_credentials(secret: str) -> KafkaCredentials:
    """The form that Lambda's event source mappings and MSK demand."""
    try:
        return msgspec.json.decode(secret, type=KafkaCredentials)
    except msgspec.DecodeError as exc:
        raise ConfigError('The secret KAFKA_SECRET_ARN must hold {"username":…,"password":…}.') from exc
