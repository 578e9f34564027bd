"""A running Timbre with demo music for browser tests: the one that TIMBRE_RUN_FILE names, or one of our own.

Composing takes long, so the pieces are kept between runs in the system's folder for temporary files and linked into the machine's own.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from localstack.demo_music.compose import COMPOSER_VERSION, compose_library
from tests.browser.visits import log_in_demo
from tests.e2e.listener import wait_until
from tests.e2e.machine import Machine

PIECES = 24
PLAYED = 8
MANY = "1000000"  # sign-ups and log-ins that one address may make: here it is the tests
MUSIC_DEADLINE_S = 240


@contextmanager
def open_demo_machine(folder: Path) -> Iterator[dict[str, Any]]:
    """What its run file says."""
    given = os.environ.get("TIMBRE_RUN_FILE")
    if given:
        running: dict[str, Any] = json.loads(Path(given).read_text())
        give_demo_a_past(running)
        yield running
        return
    machine = Machine(folder / "home", MUSIC="", DEMO_PIECES=str(PIECES), SIGN_UPS_PER_HOUR=MANY, LOG_INS_PER_5_MINUTES=MANY)
    _lay_in_music(machine.home / "demo-music")
    try:
        running = machine.start()
        wait_until((machine.home / "demo-music.json").exists, deadline_s=MUSIC_DEADLINE_S, what="the demo music")
        give_demo_a_past(running)
        yield running
    finally:
        machine.stop()


def give_demo_a_past(running: dict[str, Any]) -> None:
    """Some plays and an opinion, unless the demo listener has plays already; and the recommendations that follow from them."""
    with httpx.Client(base_url=running["url"] + "/api/v1", timeout=30, trust_env=False) as api:
        api.headers["Authorization"] = f"Bearer {log_in_demo(running)}"
        if api.get("/history").raise_for_status().json()["items"]:
            return
        songs = api.get("/tracks", params={"limit": PLAYED}).raise_for_status().json()["items"]
        for number, song in enumerate(songs):
            kind = "skip" if number == 1 else "complete"
            play = {"event_id": uuid.uuid4().hex, "track_id": song["track_id"], "kind": kind, "position_s": 9.0}
            api.post("/plays", json=play).raise_for_status()
        api.put(f"/tracks/{songs[0]['track_id']}/feedback", json={"opinion": "like"}).raise_for_status()

        def look() -> bool:
            return bool(api.get("/recommendations").raise_for_status().json()["basis"] == "plays")

        wait_until(look, deadline_s=60, what="recommendations from the demo listener's plays")


def _lay_in_music(folder: Path) -> None:
    """Several test runs may compose into the same place: files appear there whole or not at all."""
    kept = Path(tempfile.gettempdir()) / f"timbre-demo-music-v{COMPOSER_VERSION}-{os.getuid()}"
    folder.mkdir(parents=True)
    for piece in compose_library(kept, count=PIECES):
        _link(piece, folder / piece.name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)
