"""Whatever the application and the functions ask of MongoDB has an index: every route is walked as every kind of user, every function is
invoked, over a filled database; then explain() says of each shape of command how it was answered. Whoever adds a query that looks through
a collection, sorts in memory, or reads more than it returns, is told here.
"""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from pymongo import MongoClient
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from chalicelib import bootstrap
from chalicelib.account_model import Erasure
from chalicelib.storage.leases import MongoLeaseStore
from chalicelib.storage.mongo import MongoDatabase, ensure_indexes
from chalicelib.workflows.reconcile_library import reconcile_library
from functions.build_index import handler as build_index
from functions.extract_features import handler as extract_features
from functions.recommend import handler as recommend
from functions.record_dead_letter import handler as record_dead_letter
from functions.relay_plays import handler as relay_plays
from tests.bench.catalogue import fill_catalogue
from tests.bench.listeners import fill_listeners
from tests.fakes.queues import FakeBuildQueue, FakeUploadQueue
from tests.fakes.redelivery import FakeRedelivery
from tests.integration.recorded_commands import CommandRecorder, Plan, explain
from tests.walks.ground import Ground, Person, Walk, Who
from tests.walks.reading import READING, make_query
from tests.walks.writing import WRITING

pytestmark = pytest.mark.integration

TRACKS, USERS, PLAYS = 3_000, 300, 15_000
EVENTS = Path(__file__).parents[1] / "events"
Invoke = Callable[[], object]  # of a function, with everything ready
ASKED_BY: tuple[Who, ...] = ("newcomer", "listener", "uploader", "operator")
SPARE_KEYS = 1_100  # a search looks through windows of 500 entries: two of them, and what it seeks by
KEYS_EACH = 10  # entries looked at for each document that was returned or asked for

STREAMED = {  # who reads much, and why they may
    "build_index": "a build reads every song: that is what it is for",
    "reconcile": "compares the whole bucket with all songs, after a crash",
    "GET /api/v1/me/export": "writes down everything that is kept of the listener",
    "POST /settings/export": "as above",
}
BOOTSTRAPPED = (
    "tracks",
    "sound_queries",
    "uploads",
    "users",
    "plays",
    "feedback",
    "listener_states",
    "recommendations",
    "index_builds",
    "dead_letters",
    "passages",
    "reanalyses",
    "listening",
    "account_stores",
    "music_bucket",
    "index_bucket",
    "export_bucket",
    "play_publisher",
    "current_index",
    "settings",
)
SORTED = {  # what may be sorted by the server, and why
    "reconcile": "counts every song anew, on disk where it must",
}


class Lambda:
    """A context with time enough."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture(scope="module")
def recorder() -> CommandRecorder:
    return CommandRecorder()


@pytest.fixture(scope="module")
def database(mongodb_uri: str, recorder: CommandRecorder) -> Iterator[MongoDatabase]:
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True, event_listeners=[recorder]) as client:
        concerns = {"write_concern": WriteConcern(w="majority", j=True), "read_concern": ReadConcern("majority")}
        database = client.get_database("query_plans", **concerns)
        ensure_indexes(database)
        fill_catalogue(database, tracks=TRACKS, users=USERS, plays=PLAYS)
        fill_listeners(database, tracks=TRACKS, users=USERS)
        yield database
        client.drop_database(database.name)


@pytest.fixture(scope="module")
def ground(database: MongoDatabase, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(database, tmp_path_factory.mktemp("index"), tracks=TRACKS, users=USERS)


@pytest.fixture
def wired(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """The functions find the ground's stores where they look for theirs."""
    stores = ground.stores
    found = {name: getattr(stores, name) for name in BOOTSTRAPPED}
    queue, redelivery = FakeBuildQueue(), FakeRedelivery()
    more: dict[str, Any] = {
        "leases": lambda: MongoLeaseStore(ground.database),
        "build_queue": lambda: queue,
        "upload_queue": FakeUploadQueue,
        "upload_redelivery": lambda: redelivery,
        "build_redelivery": lambda: redelivery,
        "prepared_database": lambda: None,
    }
    for name, give in {**found, **more}.items():
        monkeypatch.setattr(bootstrap, name, give)
    return ground


def compose(seed: int) -> bytes:
    """Two seconds of noise as an MP3."""
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(seed).normal(0, 0.1, 44_100).astype(np.float32), 22_050, format="MP3")
    return file.getvalue()


def tell_of(key: str, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    body = {"Records": [{"eventName": name, "s3": {"object": {"key": key, "sequencer": "1"}}}]}
    return {"Records": [{"messageId": key, "receiptHandle": key, "body": json.dumps(body)}]}


def tell_of_play(ground: Ground, event_id: str, *, by_title: bool) -> dict[str, Any]:
    user_id, track_id = ground.person("listener").user_id, ground.track_id()
    value = {"schema": 1, "event_id": event_id, "user_id": user_id, "occurred_at": ground.now().isoformat()}
    value |= {"title": ground.find_track(track_id).title} if by_title else {"track_id": track_id}
    record = {"topic": "plays", "partition": 0, "offset": 5, "value": b64encode(json.dumps(value).encode()).decode()}
    return {"eventSource": "aws:kafka", "records": {"plays-0": [record]}}


def read_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def drop_songs(ground: Ground) -> Invoke:
    """Two songs and one file that is none; then one of them goes again."""
    music = ground.stores.music_bucket()
    files = {"0.mp3": compose(0), "1.mp3": compose(1), "garbage.mp3": b"no music"}
    for name, content in files.items():
        music.put(f"uploads/new/{name}", content)

    query = make_query(ground, ground.person("listener"), is_heard=False)
    music.put(query.key, compose(2))

    def invoke() -> None:
        assert extract_features.handle(tell_of(query.key), Lambda()) == {"batchItemFailures": []}
        for name in files:
            assert extract_features.handle(tell_of(f"uploads/new/{name}"), Lambda()) == {"batchItemFailures": []}
        music.remove("uploads/new/1.mp3")
        extract_features.handle(tell_of("uploads/new/1.mp3", "ObjectRemoved:Delete"), Lambda())

    return invoke


def build(_ground: Ground) -> Invoke:
    return lambda: build_index.handle(read_event("builds_by_sqs"), Lambda())


def bring_plays(ground: Ground) -> Invoke:
    """By id, and by a title alone."""
    events = [tell_of_play(ground, f"event-{by_title}", by_title=by_title) for by_title in (False, True)]
    return lambda: [recommend.handle(event, Lambda()) for event in events]


def bring_dead_letters(_ground: Ground) -> Invoke:
    return lambda: [record_dead_letter.handle(read_event(f"dead_{what}"), Lambda()) for what in ("upload", "plays")]


def tend(ground: Ground) -> Invoke:
    """With work of every kind: plays that wait, a song in the trash, one of an older version, somebody who wants to be forgotten."""
    long_ago = ground.now() - timedelta(days=1)
    ground.database["tracks"].update_one({"_id": ground.take_track()}, {"$set": {"catalogue_version": 0}})
    ground.stores.tracks().move_to_trash(ground.take_track(), now=long_ago)
    own, forgotten, person = ground.stores.account_stores(), ground.take_person(), ground.person("listener")
    own.erasures.begin(Erasure(user_id=forgotten.user_id, takes_uploads=True, requested_at=long_ago, due_at=long_ago))
    waiting = {"is_processed": False, "published_at": None, "processed_at": None}
    ground.database["plays"].update_many({"_id": {"$regex": "^play-0000000000"}}, {"$set": waiting})
    own.history.remove(person.user_id, [ground.plays_of(person)[0].event_id], now=long_ago)
    return lambda: relay_plays.handle({}, Lambda())


def reconcile(ground: Ground) -> Invoke:
    """Three objects are gone from the bucket."""
    music, tracks = ground.stores.music_bucket(), ground.stores.tracks()
    for _, stored in list(tracks.stream_objects())[3:]:
        music.put(stored.key, b"")
    return lambda: reconcile_library(
        music_bucket=music,
        tracks=tracks,
        uploads=ground.stores.uploads(),
        upload_queue=FakeUploadQueue(),
        build_queue=FakeBuildQueue(),
        now=ground.now(),
    )


FUNCTIONS = {
    "extract_features": drop_songs,
    "build_index": build,
    "recommend": bring_plays,
    "record_dead_letter": bring_dead_letters,
    "relay_plays": tend,
    "reconcile": reconcile,
}


def walk_route(ground: Ground, recorder: CommandRecorder, route: tuple[str, str], walk: Walk, person: Person) -> None:
    """Records what the route itself asks, not what is made ready for it."""
    method, path = route
    steps = walk(ground, person)
    asking = next(steps, None)
    while asking is not None:
        event = ground.make_event(method, path, asking)
        recorder.by, recorder.is_on = f"{method} {path}", True
        answer = ground.serve(event)
        recorder.is_on = False
        assert answer.status < 500, (route, person.who, answer.body)
        assert answer.status < 400 or asking.may_fail or person.who == "listener", (route, person.who, answer.body)
        try:
            asking = steps.send(answer)
        except StopIteration:
            asking = None


@pytest.fixture
def plans(wired: Ground, recorder: CommandRecorder) -> list[Plan]:
    """Of everything. The index is built first: a page without one asks less."""
    for name, prepare in FUNCTIONS.items():
        invoke = prepare(wired)
        recorder.by, recorder.is_on = name, True
        invoke()
        recorder.is_on = False
    for who in ASKED_BY:
        for route, walk in {**READING, **WRITING}.items():
            walk_route(wired, recorder, route, walk, wired.person(who))
    return [explain(wired.database, recorded) for recorded in recorder.list_samples()]


def tell(plan: Plan) -> str:
    facts = f"{plan.keys} keys and {plan.documents} documents for {plan.returned}"
    return f"{plan.recorded.by}: {sorted(plan.stages)}, {facts}: {plan.recorded.command}"


def reads_too_much(plan: Plan) -> bool:
    looked_at = max(plan.keys, plan.documents)
    return looked_at > SPARE_KEYS + KEYS_EACH * (plan.returned + plan.limit)


def test_every_query_has_an_index_sorts_by_it_and_reads_no_more_than_it_needs(plans: list[Plan]) -> None:
    assert len(plans) > 120
    assert [tell(plan) for plan in plans if plan.scans and plan.recorded.by not in STREAMED] == []
    assert [tell(plan) for plan in plans if plan.sorts_in_memory and plan.recorded.by not in SORTED] == []
    assert [tell(plan) for plan in plans if reads_too_much(plan) and plan.recorded.by not in STREAMED] == []


def test_a_query_without_an_index_is_told(database: MongoDatabase) -> None:
    """That the test above can fail: a filter that nothing knows, an order that no index has, a range read for one document."""
    found = CommandRecorder()
    with MongoClient[dict[str, Any]](*database.client.address, event_listeners=[found], directConnection=True) as client:  # type: ignore[misc]
        found.is_on, tracks = True, client[database.name]["tracks"]
        tracks.find_one({"duration_s": 200.5})
        list(tracks.find({"status": "active", "title": {"$gt": "a"}}).sort([("duration_s", 1)]).limit(2))
        tracks.find_one({"status": "active", "popularity": {"$gt": 0}, "duration_s": -1.0}, sort=[("popularity", -1)])
    scanned, sorted_, read = [explain(database, recorded) for recorded in found.list_samples()]
    assert scanned.scans
    assert sorted_.sorts_in_memory
    assert reads_too_much(read)
    assert not read.scans
