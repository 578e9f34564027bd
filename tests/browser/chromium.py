"""Debian's Chromium under Playwright: Playwright's own browser is not downloaded."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, Playwright

_COMMANDS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--mute-audio",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    return next((path for command in _COMMANDS if (path := shutil.which(command))), None)


def launch_chromium(playwright: Playwright, executable: str) -> Browser:
    return playwright.chromium.launch(executable_path=executable, args=[*_ARGUMENTS])
