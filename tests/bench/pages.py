"""How long every page and every answer of the API takes in process, over 100,000 songs and 10,000 users in a real MongoDB and a real index
of those songs in both spaces: one JSON line a route, of which the first tells the space that is served. Asked with API Gateway's events in
a warm process, by users of all kinds.

Signing of links is real; S3, Kafka and the queues are in memory (a page waits for none of them but at `/status` and `/api/v1/health`).
One thread of arithmetic, as the product's functions and front have it. `cpu_p50_ms` and `cpu_p95_ms` are what an answer costs this process
and mongod together, `ours_ms`, `mongod_ms` and `commands` the mean of each: on a busy machine they tell what the times do not.

python -m tests.bench.pages [FOLDER]   (keeps the data in FOLDER for the next time; TRACKS=, USERS= and ROUTES=<part of one>)
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalicelib.storage.leases import MongoLeaseStore
from chalicelib.storage.mongo import MongoDatabase, connect, ensure_indexes
from chalicelib.storage.passages import MongoPassageStore
from chalicelib.storage.track_migration import migrate_tracks
from chalicelib.workflows.passwords import Passwords
from chalicelib.workflows.rebuild_index import IndexBuilding, rebuild_index
from infrastructure.stage_config import ONE_THREAD
from localstack.mongod import become_primary, describe_mongod, make_uri
from localstack.processes import Child
from tests.bench.catalogue import fill_catalogue
from tests.bench.costs import Cost, Meter, summarize
from tests.bench.listeners import fill_listeners
from tests.bench.stored_sounds import fill_sounds
from tests.e2e.machine import find_free_port
from tests.fakes.queues import FakeBuildQueue
from tests.walks.ground import RUNS_MOST, Asking, Ground, Person, Who
from tests.walks.reading import READING
from tests.walks.writing import WRITING

TRACKS, USERS = int(os.environ.get("TRACKS", "100000")), int(os.environ.get("USERS", "10000"))
BUDGET_MS = 50.0
FILLED_AS = 2  # raised when what is filled in changes. 2: features, and so the timbre space; how frequent a word is, in levels
ANSWERS = 60
MIGRATED_AT_ONCE = 500
WALKS = {**READING, **WRITING}
_ASKED_BY: tuple[Who, ...] = ("uploader", "uploader", "listener", "operator", "newcomer")

_HASHES = "argon2id hashes the password, slowly by design"
_ERASES = "argon2id, then up to 3 s of erasing within the request"
_EXPORTS = "writes all that is kept of the listener into a file"
APART: dict[tuple[str, str], str] = {  # what is slow for a reason
    ("POST", "/login"): _HASHES,
    ("POST", "/demo"): _HASHES,
    ("POST", "/signup"): _HASHES,
    ("POST", "/settings/password"): _HASHES,
    ("POST", "/api/v1/users"): _HASHES,
    ("POST", "/api/v1/session"): _HASHES,
    ("PUT", "/api/v1/me/password"): _HASHES,
    ("DELETE", "/api/v1/me"): _ERASES,
    ("POST", "/settings/erase"): _ERASES,
    ("GET", "/api/v1/me/export"): _EXPORTS,
    ("POST", "/settings/export"): _EXPORTS,
}


@contextmanager
def run_mongod(folder: Path) -> Iterator[tuple[str, int]]:
    """(URI, process id) of the mongod that `make run` starts, over the folder's data."""
    port = find_free_port()
    spec = describe_mongod(folder, port=port)
    child = Child(spec, folder)
    try:
        deadline = time.monotonic() + spec.ready_timeout_s
        while not spec.is_ready():
            if time.monotonic() > deadline or not child.is_alive():
                raise RuntimeError(f"mongod does not answer: {child.last_lines()}")
            time.sleep(0.1)
        become_primary(port)
        yield make_uri(port), child.process.pid
    finally:
        child.stop()


def fill(database: MongoDatabase, index_folder: Path) -> int:
    """Once: what was left half-way, or used up by many runs, is begun anew. How many runs there were before."""
    filled = {"tracks": TRACKS, "users": USERS, "filled_as": FILLED_AS}
    if database["filled"].find_one({**filled, "runs": {"$lt": RUNS_MOST}}) is None:
        database.client.drop_database(database.name)
        shutil.rmtree(index_folder, ignore_errors=True)
        fill_catalogue(database, tracks=TRACKS, users=USERS, plays=3 * TRACKS)
        fill_sounds(database, TRACKS)
        fill_listeners(database, tracks=TRACKS, users=USERS)
        database["filled"].insert_one({**filled, "runs": 0})
    ensure_indexes(database)
    while migrate_tracks(database, limit=MIGRATED_AT_ONCE):
        pass  # what was filled by an earlier version
    known = database["filled"].find_one_and_update(filled, {"$inc": {"runs": 1}})
    return int((known or {}).get("runs", 0))


def build_index(ground: Ground) -> float:
    """The build function's own work, where there is no index yet. Seconds."""
    begin = time.perf_counter()
    if ground.stores.index_bucket().read_current() is None:
        outcome = rebuild_index(
            IndexBuilding(
                tracks=ground.stores.tracks(),
                passages=MongoPassageStore(ground.database),
                uploads=ground.stores.uploads(),
                index_builds=ground.stores.index_builds(),
                index_bucket=ground.stores.index_bucket(),
                leases=MongoLeaseStore(ground.database),
                build_queue=FakeBuildQueue(),
                clock=ground.now,
                build_id="bench",
                build_delay_s=0,
            )
        )
        assert outcome == "published", outcome
    ground.stores.current_index().open_catalogue(ground.stores.tracks())
    return time.perf_counter() - begin


def name_space(ground: Ground) -> str:
    catalogue = ground.stores.current_index().open_catalogue(ground.stores.tracks())
    assert catalogue is not None
    return catalogue.space


def measure_route(ground: Ground, route: tuple[str, str], meter: Meter) -> dict[str, Any]:
    taken: list[Cost] = []
    rounds = 0
    while len(taken) < ANSWERS or rounds < len(_ASKED_BY):
        person = ground.person(_choose(rounds, *route))
        taken += _meter_walk(ground, route, person, meter)
        if rounds == 0:
            taken.clear()  # what is loaded or compiled at a first visit
        rounds += 1
    return summarize(taken)


def _choose(rounds: int, method: str, path: str) -> Who:
    """Who may: a refusal is soon written."""
    who = _ASKED_BY[rounds % len(_ASKED_BY)]
    is_for_some = path.startswith("/upload") or "upload" in path or (path.startswith(("/tracks", "/api/v1/tracks")) and method != "GET")
    return "uploader" if who == "listener" and is_for_some else who


def _meter_walk(ground: Ground, route: tuple[str, str], person: Person, meter: Meter) -> Iterator[Cost]:
    method, path = route
    steps = WALKS[route](ground, person)
    asking: Asking | None = next(steps, None)
    while asking is not None:
        event = ground.make_event(method, path, asking)
        before = meter.read()
        answer = ground.serve(event)
        yield meter.read().since(before)
        if answer.status >= 400 and not asking.may_fail:
            raise RuntimeError(f"{method} {path} answers {answer.status}: {answer.body[:300]!r}")
        try:
            asking = steps.send(answer)
        except StopIteration:
            asking = None


def describe(method: str, path: str, row: dict[str, Any]) -> dict[str, Any]:
    reason = APART.get((method, path))
    verdict = {"apart": reason} if reason else {"budget_ms": BUDGET_MS, "is_within": row["p95_ms"] < BUDGET_MS}
    return {"bench": "pages", "route": f"{method} {path}", **row, **verdict, "load": round(os.getloadavg()[0], 1)}


def main(folder: Path) -> int:
    meter = Meter()
    with run_mongod(folder) as (uri, pid):
        meter.mongod_pid = pid
        database = connect(uri, "bench")
        run = fill(database, folder / "index")
        ground = Ground(database, folder / "index", tracks=TRACKS, users=USERS, passwords=Passwords(), run=run)
        build_s = build_index(ground)
        about = {"bench": "pages", "tracks": TRACKS, "users": USERS, "space": name_space(ground), "index_s": round(build_s, 1)}
        print(json.dumps(about), flush=True)
        missed = []
        for method, path in WALKS:
            if os.environ.get("ROUTES", "") not in f"{method} {path}":
                continue
            row = describe(method, path, measure_route(ground, (method, path), meter))
            print(json.dumps(row), flush=True)
            if row.get("is_within") is False:
                missed.append(row["route"])
        print(json.dumps({"bench": "pages", "over_budget": missed, "load": [round(each, 1) for each in os.getloadavg()]}), flush=True)
        database.client.close()
    return 1 if missed else 0


def measure_all() -> int:
    """In a process of its own, which has the environment that the product's have."""
    with tempfile.TemporaryDirectory(prefix="timbre-pages-") as name:
        command = [sys.executable, "-m", "tests.bench.pages", name]
        return subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=False).returncode


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit(measure_all())
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, "-m", "tests.bench.pages", *sys.argv[1:]], {**os.environ, **ONE_THREAD})  # noqa: S606
    sys.exit(main(Path(sys.argv[1])))
