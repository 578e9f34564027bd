"""The translation of S3's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import StoreUnavailableError

_MISSING = {"404", "NoSuchKey", "NotFound"}
_WITHOUT_PARTS = {"404", "NoSuchUpload"}
_FORBIDDEN = {"403", "AccessDenied", "Forbidden"}
_CHANGED = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}


@contextmanager
def translate_errors(store: str) -> Iterator[None]:
    """Around a block or a function: whatever S3 cannot do is StoreUnavailableError. Adapters handle what means something to them
    (no such object, a failed condition) inside it."""
    try:
        yield
    except _list_errors() as exc:
        raise StoreUnavailableError(store) from exc


def _list_errors() -> tuple[type[Exception], ...]:
    """boto3's own among them. Asked for only when something was raised: to import those is to import all of boto3."""
    from boto3.exceptions import Boto3Error

    return (ClientError, BotoCoreError, Boto3Error)


def is_missing(error: ClientError) -> bool:
    """Whether the object is not there. A bucket that is not there is something else."""
    return error.response.get("Error", {}).get("Code") in _MISSING


def is_without_parts(error: ClientError) -> bool:
    """Whether there is no such multipart: never begun, or completed, or aborted."""
    return error.response.get("Error", {}).get("Code") in _WITHOUT_PARTS


def is_forbidden(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in _FORBIDDEN


def is_changed(error: ClientError) -> bool:
    """Whether a conditional write met another state than it expected."""
    return error.response.get("Error", {}).get("Code") in _CHANGED
