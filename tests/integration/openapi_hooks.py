"""What schemathesis cannot know by reading the document: how to log in, and which songs and cursors there are. Loaded by its process."""

from __future__ import annotations

import os
from typing import Any

import httpx
import schemathesis
from hypothesis import strategies as st

from tests.integration.fuzzed_front import PASSWORD, SONGS, USERNAME, name_track, name_upload, sign_up

URL = os.environ["TIMBRE_FUZZED_URL"]
A_CURSOR = "cursor-of-this-list"
_numbers = iter(range(1_000_000))


def log_in(username: str) -> str:
    answer = httpx.post(f"{URL}/api/v1/session", json={"username": username, "password": PASSWORD}, timeout=10)
    return str(answer.raise_for_status().json()["token"])


def ends_the_session(case: schemathesis.Case) -> bool:
    """After such a request its token or its user is gone: each needs a listener of its own."""
    path = str(case.operation.path)
    return case.operation.method.upper() != "GET" and path.startswith(("/session", "/me"))


@schemathesis.auth(refresh_interval=None)
class Listener:
    def __init__(self) -> None:
        self._token = log_in(USERNAME)

    def get(self, case: schemathesis.Case, _: schemathesis.AuthContext) -> str:
        if not ends_the_session(case):
            return self._token
        username = f"passing-{next(_numbers)}"
        sign_up(URL, username)
        return log_in(username)

    def set(self, case: schemathesis.Case, token: str, _: schemathesis.AuthContext) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


schemathesis.openapi.format("track-id", st.integers(0, SONGS).map(name_track))  # the last one is not there
schemathesis.openapi.format("upload-id", st.integers(0, SONGS).map(name_upload))
schemathesis.openapi.format("username", st.from_regex(r"[A-Za-z0-9_.-]{3,32}", fullmatch=True))
schemathesis.openapi.format("cursor", st.just(A_CURSOR))


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, __: dict[str, Any]) -> None:
    """A cursor is good for the list that gave it out, asked in the same way."""
    if (case.query or {}).get("cursor") != A_CURSOR:
        return
    others = {name: value for name, value in case.query.items() if name != "cursor"}
    given_out = find_cursor(case.formatted_path, others, dict(case.headers or {}))
    case.query = {**others, "cursor": given_out} if given_out else others


def find_cursor(path: str, query: dict[str, Any], headers: dict[str, str]) -> str | None:
    """None where the list ends with its first part, or is not given."""
    answer = httpx.get(f"{URL}/api/v1{path}", params={**query, "limit": 1}, headers=headers, timeout=10)
    return answer.json().get("next_cursor") if answer.status_code == 200 else None
