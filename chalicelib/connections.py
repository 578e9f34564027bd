"""The connections that the stores stand on: settings, secrets, MongoDB's database, AWS's clients. Each is made once per container,
and anew when a secret says something else. Imports are lazy, as in `bootstrap`, which alone builds stores from them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.aws_clients import LateClient, make_impatient_client, make_patient_client
from chalicelib.config import Settings, read_settings

if TYPE_CHECKING:
    from pymongo.database import Database

    from chalicelib.storage.secrets import CachedSecret

T = TypeVar("T")

WATCH_TIMEOUT_S = 0.8  # what watches must not hang with what it watches


@cache
def settings() -> Settings:
    return read_settings()


@cache
def secret(arn: str) -> CachedSecret:
    from chalicelib.storage.secrets import CachedSecret

    return CachedSecret(lambda: aws_client("secretsmanager"), arn)


def mongodb_uri() -> str:
    arn = settings().mongodb_uri_secret_arn
    if not arn:
        return settings().mongodb_uri
    from chalicelib.storage.secrets import parse_mongodb_uri

    return parse_mongodb_uri(secret(arn).read())


def of_mongodb(make: Callable[[], T]) -> Callable[[], T]:
    """As `cache`, but made anew when the secret says another URI, as after a password was changed."""
    of_uri = lru_cache(maxsize=2)(lambda _uri: make())

    @wraps(make)
    def take() -> T:
        return of_uri(mongodb_uri())

    take.cache_clear = of_uri.cache_clear  # type: ignore[attr-defined]  # as a cached function has it, for `reset`
    return take


@of_mongodb
def database() -> Database[dict[str, Any]]:
    from chalicelib.storage.mongo import connect

    arn = settings().mongodb_uri_secret_arn
    return connect(mongodb_uri(), settings().mongodb_database, on_refused=secret(arn).doubt if arn else None)


@cache
def aws_client(service: str) -> Any:  # a client by the service's name: boto3 has no type for it
    return LateClient(partial(make_patient_client, service, is_emulated=bool(settings().aws_endpoint_url)))


@cache
def impatient_aws_client(service: str) -> Any:
    is_emulated = bool(settings().aws_endpoint_url)
    return LateClient(partial(make_impatient_client, service, is_emulated=is_emulated, timeout_s=WATCH_TIMEOUT_S))
