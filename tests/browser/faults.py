"""What a page must never do: write an error to the console, throw one, or load what its content security policy forbids (which
Chromium writes to the console too). Watched for a whole browser context; a test says beforehand what it makes happen itself.
"""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError


class Faults:
    def __init__(self) -> None:
        self._seen: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._note_message)
        context.on("weberror", self._note_error)

    def expect(self, pattern: str) -> None:
        """Errors whose text or address has this are what the test is about: `faults.expect("status of 404")`."""
        self._expected.append(re.compile(pattern))

    def list_unexpected(self) -> list[str]:
        return [fault for fault in self._seen if not any(pattern.search(fault) for pattern in self._expected)]

    def _note_message(self, message: ConsoleMessage) -> None:
        address = str(message.location.get("url", ""))
        is_own_doing = address.endswith("/favicon.ico")  # a browser asks for it by itself where what it shows is no page of ours
        if message.type == "error" and not is_own_doing:
            self._seen.append(f"{message.text} ({address})")

    def _note_error(self, error: WebError) -> None:
        self._seen.append(str(error.error))
