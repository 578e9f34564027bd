"""The listener that `make run` makes for whoever tries it: a random password, kept beside the data, registered over HTTP as anybody is."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.storage.mongo import connect
from chalicelib.storage.users import MongoUserStore
from chalicelib.workflows.passwords import Passwords
from chalicelib.workflows.ports import UserStore
from localstack.run_file import write_private

USERNAME = "demo"
TIMEOUT_S = 30


class DemoListenerError(Exception):
    """The application did not take the demo listener."""


@dataclass(frozen=True, slots=True)
class DemoListener:
    username: str
    password: str


def choose_demo_listener(home: Path, mongodb_uri: str, database_name: str) -> DemoListener:
    """Who it will be, before anything serves: the application is told at its start."""
    database = connect(mongodb_uri, database_name)
    try:
        return choose_name(home, MongoUserStore(database))
    finally:
        database.client.close()


def choose_name(home: Path, users: UserStore) -> DemoListener:
    """The one of before. Where the name belongs to somebody with another password, a new one is made up. Kept beside the data."""
    listener = _read(home / "demo.json") or DemoListener(USERNAME, secrets.token_urlsafe(9))
    taken_by = users.find_by_username(listener.username)
    if taken_by is not None and not Passwords().verify(taken_by.password_hash, listener.password):
        listener = DemoListener(f"{USERNAME}-{secrets.token_hex(3)}", secrets.token_urlsafe(9))
    _write(home / "demo.json", listener)
    return listener


def register_demo_listener(url: str, listener: DemoListener) -> None:
    """Over HTTP, as anybody is; one who is there already stays."""
    if not (_register(url, listener) or _can_log_in(url, listener)):
        raise DemoListenerError(f"{url} refuses to register {listener.username}")


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
