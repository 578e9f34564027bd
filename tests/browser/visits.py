"""Browser contexts of listeners: signed in by their cookie, watched for faults, with the probe of the vitals in place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Literal

import httpx
from playwright.sync_api import Browser, Page

from tests.browser.faults import Faults
from tests.browser.looks import Look
from tests.browser.vitals import install_probe
from tests.e2e.listener import Listener

Who = Literal["fresh", "demo", "nobody"]
SESSION_COOKIE = "timbre_session"
PATIENCE_MS = 10_000


class Visits:
    """`open()` gives a page of a context of its own. Close ends all of them."""

    def __init__(self, browser: Browser, running: dict[str, Any], *, faults: Faults, demo_token: Callable[[], str]) -> None:
        self.running = running
        self.faults = faults
        self._browser = browser
        self._demo_token = demo_token
        self._open = ExitStack()

    def open(self, who: Who = "fresh", *, look: Look, has_scripts: bool = True, token: str = "") -> Page:
        """`token`: of a session that a test made itself; else a new listener's, the demo listener's, or none."""
        context = self._browser.new_context(
            base_url=self.running["url"],
            viewport={"width": look.width, "height": look.height},
            color_scheme=look.scheme,
            java_script_enabled=has_scripts,
            has_touch=look.is_phone,
            is_mobile=look.is_phone,
            locale="en-GB",
        )
        self._open.callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        self.faults.watch(context)
        install_probe(context)
        token = token or self._find_token(who)
        if token:
            context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": self.running["url"]}])
        return context.new_page()

    def close(self) -> None:
        self._open.close()

    def _find_token(self, who: Who) -> str:
        if who == "nobody":
            return ""
        return self._demo_token() if who == "demo" else make_listener(self.running)


def make_listener(running: dict[str, Any]) -> str:
    """Signs up somebody new; the token of their session."""
    listener = Listener(running)
    listener.api.close()
    return listener.api.headers["Authorization"].removeprefix("Bearer ")


def log_in_demo(running: dict[str, Any]) -> str:
    credentials = {"username": running["demo_username"], "password": running["demo_password"]}
    answer = httpx.post(running["url"] + "/api/v1/session", json=credentials, timeout=30, trust_env=False).raise_for_status()
    return str(answer.json()["token"])
