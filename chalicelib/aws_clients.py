"""How a client of AWS's SDK is made, and when: at its first use. Which ones there are, and for whom, is `bootstrap`'s.

Importing boto3 and reading a service's models takes a quarter of a second. A record that needs no bucket, a page that asks no queue, and
a container that has only just started do not pay it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 30.0
_making = threading.Lock()  # one for all: boto3's default session is not to be used by two threads at once


class LateClient:
    """Stands for the client that `make` returns, and makes it when something of it is first asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:  # boto3's clients have no static type
        self._make = make
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            with _making:
                if self._made is None:
                    self._made = self._make()
        return getattr(self._made, name)


def make_patient_client(service: str, *, is_emulated: bool) -> Any:
    """For the work itself: tried again when it fails."""
    retries = {"mode": "standard", "max_attempts": 3}
    return _make(service, is_emulated=is_emulated, connect_timeout=CONNECT_TIMEOUT_S, read_timeout=READ_TIMEOUT_S, retries=retries)


def make_impatient_client(service: str, *, is_emulated: bool, timeout_s: float) -> Any:
    """For questions whose answer nobody waits for."""
    retries = {"mode": "standard", "total_max_attempts": 1}
    return _make(service, is_emulated=is_emulated, connect_timeout=timeout_s, read_timeout=timeout_s, retries=retries)


def _make(service: str, *, is_emulated: bool, **limits: Any) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        **limits,
        s3={"addressing_style": "path" if is_emulated else "auto"},
        signature_version="s3v4" if service == "s3" else None,
    )
    make_client: Any = boto3.client  # its overloads want a literal
    return make_client(service, config=config)
