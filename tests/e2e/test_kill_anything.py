"""Every part is killed once, at a random moment, in the middle of plays and uploads; nothing acknowledged may be lost or doubled."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pymongo
import pytest
import soundfile

from tests.e2e.listener import Dropper, Listener, wait_until
from tests.e2e.machine import Machine

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

PLAYS, UPLOADS, LISTENERS = 200, 20, 5
VICTIMS = ("mongod", "emulator", "broker", "poller")


@pytest.fixture(scope="module")
def own_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, dict[str, Any]]]:
    """A machine that may be broken; plays without effect are sent again after 10 s, so that the test need not wait for two minutes."""
    machine = Machine(tmp_path_factory.mktemp("chaos") / "home", PLAY_RESEND_AFTER_S="10")
    yield machine, machine.start()
    machine.stop()


@pytest.fixture(scope="module")
def many_pieces(pieces: list[Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """UPLOADS files of different audio: slices of the composed pieces."""
    folder = tmp_path_factory.mktemp("many")
    files = []
    for i in range(UPLOADS):
        samples, rate = soundfile.read(pieces[i % len(pieces)])
        files.append(folder / f"piece {i:02d}.mp3")
        soundfile.write(files[-1], samples[i * rate // 10 : (12 * rate) + i * rate // 10], rate, format="MP3")
    return files


def keep_playing(listener: Listener, track_ids: list[str], count: int, acknowledged: list[str], all_killed: threading.Event) -> None:
    """Plays until `count` events are acknowledged and every part was killed; what was not acknowledged is tried again under the same
    id, as the player does."""
    dice = random.Random(listener.username)
    while len(acknowledged) < count or not all_killed.is_set():
        event_id, track_id = uuid.uuid4().hex, dice.choice(track_ids)

        def send(event_id: str = event_id, track_id: str = track_id) -> bool:
            try:
                return listener.play(track_id, event_id=event_id).status_code == 202
            except httpx.TransportError:
                return False

        wait_until(send, deadline_s=120, what="an acknowledged play")
        acknowledged.append(event_id)
        time.sleep(dice.uniform(0, 1.0))


def keep_dropping(dropper: Dropper, files: list[Path], keys: list[str]) -> None:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    for path in files:
        key = f"uploads/chaos/{path.name}"

        def send(path: Path = path, key: str = key) -> bool:
            try:
                dropper.drop(path, key)
            except (Boto3Error, BotoCoreError, ClientError):
                return False
            return True

        wait_until(send, deadline_s=120, what="an accepted upload")
        keys.append(key)
        time.sleep(random.uniform(0, 3))


def test_killing_any_part_loses_no_play_and_no_upload_and_doubles_none(
    own_machine: tuple[Machine, dict[str, Any]], pieces: list[Path], many_pieces: list[Path]
) -> None:
    machine, running = own_machine
    seed = int(os.environ.get("CHAOS_SEED", time.time()))
    print(f"CHAOS_SEED={seed}")
    dice = random.Random(seed)
    dropper, watcher = Dropper(running), Listener(running)
    track_ids = [watcher.wait_for_receipt(dropper.drop(p, f"uploads/first/{p.name}"))["track_id"] for p in pieces]

    listeners = [Listener(running) for _ in range(LISTENERS)]
    acknowledged: dict[str, list[str]] = {listener.username: [] for listener in listeners}
    keys: list[str] = []
    all_killed = threading.Event()
    work = [
        threading.Thread(target=keep_playing, args=(one, track_ids, PLAYS // LISTENERS, acknowledged[one.username], all_killed))
        for one in listeners
    ]
    work.append(threading.Thread(target=keep_dropping, args=(dropper, many_pieces, keys)))
    for thread in work:
        thread.start()
    try:
        for victim in dice.sample(VICTIMS, len(VICTIMS)):
            time.sleep(dice.uniform(1, 5))
            machine.wait_for_part(victim, instead_of=machine.kill_part(victim))
    finally:  # or they would fail in the middle of another test
        all_killed.set()
        for thread in work:
            thread.join()
    assert sum(map(len, acknowledged.values())) >= PLAYS
    assert len(keys) == UPLOADS

    receipts = {key: watcher.wait_for_receipt(key, deadline_s=300) for key in keys}
    assert {r["status"] for r in receipts.values()} == {"indexed"}
    assert_every_play_took_effect_once(running["mongodb_uri"], acknowledged)


def assert_every_play_took_effect_once(mongodb_uri: str, acknowledged: dict[str, list[str]]) -> None:
    with pymongo.MongoClient[dict[str, Any]](mongodb_uri) as client:
        database = client["music_database"]
        for username, event_ids in acknowledged.items():
            user_id = database.users.find_one({"username": username})["_id"]  # type: ignore[index]  # it signed up above

            def all_processed(user_id: str = user_id) -> bool:
                return database.plays.count_documents({"user_id": user_id, "processed_at": None}) == 0

            wait_until(all_processed, deadline_s=240, what=f"the effect of every play of {username}")
            stored = {play["_id"] for play in database.plays.find({"user_id": user_id})}
            assert stored == set(event_ids)
            effects = database.recommendations.find_one({"_id": user_id})["plays_processed"]  # type: ignore[index]
            assert effects == len(event_ids), f"{len(event_ids)} plays had {effects} effects"
