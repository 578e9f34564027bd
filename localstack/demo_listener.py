"""The listener that `make run` makes for whoever tries it: a random password, kept beside the data, registered over HTTP as anybody is."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localstack.run_file import write_private

USERNAME = "demo"
TIMEOUT_S = 30


class DemoListenerError(Exception):
    """The application did not take the demo listener."""


@dataclass(frozen=True, slots=True)
class DemoListener:
    username: str
    password: str


def provide_demo_listener(home: Path, url: str) -> DemoListener:
    """Registers the listener unless it is there. Where the name belongs to somebody with another password, a new one is made up."""
    kept = _read(home / "demo.json")
    listener = kept or DemoListener(USERNAME, secrets.token_urlsafe(9))
    if _register(url, listener) or _can_log_in(url, listener):
        _write(home / "demo.json", listener)
        return listener
    other = DemoListener(f"{USERNAME}-{secrets.token_hex(3)}", secrets.token_urlsafe(9))
    if not _register(url, other):
        raise DemoListenerError(f"{url} refuses to register {other.username}")
    _write(home / "demo.json", other)
    return other


def _read(path: Path) -> DemoListener | None:
    try:
        record = json.loads(path.read_text("utf-8"))
        return DemoListener(record["username"], record["password"])
    except (OSError, ValueError, KeyError):
        return None


def _write(path: Path, listener: DemoListener) -> None:
    write_private(path, json.dumps({"username": listener.username, "password": listener.password}))


def _register(url: str, listener: DemoListener) -> bool:
    """False when the name is taken."""
    return _post(f"{url}/api/v1/users", listener, refused=409)


def _can_log_in(url: str, listener: DemoListener) -> bool:
    return _post(f"{url}/api/v1/session", listener, refused=401)


def _post(url: str, listener: DemoListener, *, refused: int) -> bool:
    body: dict[str, Any] = {"username": listener.username, "password": listener.password}
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback: no proxy has business here
    try:
        with opener.open(request, timeout=TIMEOUT_S):
            return True
    except urllib.error.HTTPError as exc:
        if exc.code == refused:
            return False
        raise DemoListenerError(f"{url} answered {exc.code}: {exc.read().decode('utf-8', 'replace')[:300]}") from exc
    except OSError as exc:
        raise DemoListenerError(f"{url} does not answer: {exc}") from exc
