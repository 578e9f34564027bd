"""The whole web over stores in memory, and a browser that keeps cookies. What the tests of pages and API stand on."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chalice import Chalice
from chalice.local import LambdaContext
from chalice.test import Client, HTTPResponse

from chalicelib.config import Settings
from chalicelib.errors import StoreUnavailableError
from chalicelib.model import Analysis, Track, User
from chalicelib.web.application import set_up
from chalicelib.web.wiring import Wiring
from chalicelib.workflows.account_ports import AccountStores
from chalicelib.workflows.check_health import Probe
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.passwords import Passwords, make_hasher
from chalicelib.workflows.rebuild_index import IndexBuilding, rebuild_index
from tests.fakes import account_stores as account_fakes
from tests.fakes import stores as fakes
from tests.fakes.buckets import FakeIndexBucket, FakeMusicBucket
from tests.fakes.query_store import FakeQueryStore
from tests.fakes.queues import FakeBuildQueue, FakeLagWatch, FakePlayPublisher, FakeQueueWatch
from tests.fakes.samples import NOW, make_analysis, make_object, make_tags
from tests.fakes.track_store import FakePassageStore

HOST = "timbre.test"
ORIGIN = f"https://{HOST}"
FORM = "application/x-www-form-urlencoded"
PASSWORD = "correct horse battery"
SETTINGS = Settings(mongodb_uri="mongodb://fake", music_bucket="music", index_bucket="index", kafka_bootstrap_servers="kafka:9092")


@dataclass
class FakeStores:
    """What `bootstrap` is to the application. The attribute `…_store` is the fake behind the method of that name."""

    folder: Path
    given_settings: Settings = SETTINGS
    user_store: fakes.FakeUserStore = field(default_factory=fakes.FakeUserStore)
    session_store: fakes.FakeSessionStore = field(default_factory=fakes.FakeSessionStore)
    throttle_store: fakes.FakeThrottleStore = field(default_factory=fakes.FakeThrottleStore)
    track_store: fakes.FakeTrackStore = field(default_factory=fakes.FakeTrackStore)
    play_store: fakes.FakePlayStore = field(default_factory=fakes.FakePlayStore)
    listening_store: fakes.FakeListeningStore = field(default_factory=fakes.FakeListeningStore)
    query_store: FakeQueryStore = field(default_factory=FakeQueryStore)
    feedback_store: fakes.FakeFeedbackStore = field(default_factory=fakes.FakeFeedbackStore)
    upload_store: fakes.FakeUploadStore = field(default_factory=fakes.FakeUploadStore)
    build_store: fakes.FakeIndexBuildStore = field(default_factory=fakes.FakeIndexBuildStore)
    letter_store: fakes.FakeDeadLetterStore = field(default_factory=fakes.FakeDeadLetterStore)
    music: FakeMusicBucket = field(default_factory=FakeMusicBucket)
    index: FakeIndexBucket = field(default_factory=FakeIndexBucket)
    publisher: FakePlayPublisher = field(default_factory=FakePlayPublisher)
    watch: FakeQueueWatch = field(default_factory=FakeQueueWatch)
    lag: FakeLagWatch = field(default_factory=FakeLagWatch)
    failing_parts: set[str] = field(default_factory=set)  # what health must find away
    hanging_s: float = 0.0  # how long every part lets health wait

    def __post_init__(self) -> None:
        self.recommendation_store = fakes.FakeRecommendationStore(self.play_store)
        self.account_store = account_fakes.make_fake_account_stores(
            users=self.user_store,
            sessions=self.session_store,
            plays=self.play_store,
            feedback=self.feedback_store,
            recommendations=self.recommendation_store,
            uploads=self.upload_store,
            tracks=self.track_store,
            queries=self.query_store,
        )
        self.reanalysis_store = fakes.FakeReanalysisStore(self.track_store)
        self.exports = account_fakes.FakeExportBucket()
        self.opened_index = CurrentIndex(self.index, self.folder / "index", refresh_s=0.0)

    def settings(self) -> Settings:
        return self.given_settings

    def users(self) -> fakes.FakeUserStore:
        return self.user_store

    def sessions(self) -> fakes.FakeSessionStore:
        return self.session_store

    def throttles(self) -> fakes.FakeThrottleStore:
        return self.throttle_store

    def tracks(self) -> fakes.FakeTrackStore:
        return self.track_store

    def account_stores(self) -> AccountStores:
        return self.account_store

    def export_bucket(self) -> account_fakes.FakeExportBucket:
        return self.exports

    def plays(self) -> fakes.FakePlayStore:
        return self.play_store

    def listening(self) -> fakes.FakeListeningStore:
        return self.listening_store

    def sound_queries(self) -> FakeQueryStore:
        return self.query_store

    def feedback(self) -> fakes.FakeFeedbackStore:
        return self.feedback_store

    def recommendations(self) -> fakes.FakeRecommendationStore:
        return self.recommendation_store

    def uploads(self) -> fakes.FakeUploadStore:
        return self.upload_store

    def index_builds(self) -> fakes.FakeIndexBuildStore:
        return self.build_store

    def reanalyses(self) -> fakes.FakeReanalysisStore:
        return self.reanalysis_store

    def dead_letters(self) -> fakes.FakeDeadLetterStore:
        return self.letter_store

    def music_bucket(self) -> FakeMusicBucket:
        return self.music

    def index_bucket(self) -> FakeIndexBucket:
        return self.index

    def play_publisher(self) -> FakePlayPublisher:
        return self.publisher

    def current_index(self) -> CurrentIndex:
        return self.opened_index

    def queue_watch(self) -> FakeQueueWatch:
        return self.watch

    def lag_watch(self) -> FakeLagWatch:
        return self.lag

    def health_probes(self) -> dict[str, Probe]:
        def ask(part: str) -> None:
            time.sleep(self.hanging_s)
            if part in self.failing_parts:
                raise StoreUnavailableError(part)

        return {
            "mongodb": lambda: ask("mongodb") is None and (self.build_store.current() is not None or True),
            "s3": lambda: ask("s3") is None,
            "kafka": lambda: ask("kafka") is None and bool(self.given_settings.kafka_bootstrap_servers),
            "index": lambda: ask("index") is None and self.index.read_current() is not None,
        }

    def switch_mongodb(self, *, is_down: bool) -> None:
        for store in (
            self.user_store,
            self.session_store,
            self.throttle_store,
            self.track_store,
            self.play_store,
            self.listening_store,
            self.feedback_store,
            self.query_store,
            self.recommendation_store,
            self.upload_store,
            self.build_store,
            self.letter_store,
        ):
            store.is_down = is_down


class Site:
    """One application over fresh fakes; `now` is the time it believes in."""

    def __init__(self, folder: Path, settings: Settings = SETTINGS) -> None:
        self.stores = FakeStores(folder, settings)
        self.now = NOW
        self.app = Chalice(app_name="timbre")
        set_up(
            self.app,
            Wiring(stores=self.stores, clock=lambda: self.now, draw=lambda: 0.5, passwords=Passwords(make_hasher(memory_kib=8, passes=1))),
        )
        self.client = Client(self.app, project_dir=str(folder))

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def visitor(self) -> Browser:
        return Browser(self)

    def listener(self, name: str = "ann") -> Browser:
        """Signed up and logged in by the pages."""
        browser = Browser(self)
        answer = browser.submit("/signup", {"username": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.body
        return browser

    def user(self, name: str = "ann") -> User:
        user = self.stores.user_store.find_by_username(name)
        assert user is not None
        return user

    def add_track(self, name: str, *, cover: bool = False, **tags: Any) -> Track:
        analysis = make_analysis(name, tags=make_tags(tags.pop("title", name), **tags), mfcc=_make_mfcc(name))
        return self.attach(analysis, key=f"uploads/{name}.mp3", cover=cover)

    def attach(self, analysis: Analysis, *, key: str, cover: bool = False) -> Track:
        self.stores.music.put(key, b"audio")
        return self.stores.track_store.attach_object(
            analysis,
            make_object(key),
            cover_key=f"covers/{analysis.track_id}.jpg" if cover else None,
            mfcc_standardized=None,
            scaler_version=None,
            now=self.now,
        )

    def build_index(self) -> None:
        building = IndexBuilding(
            tracks=self.stores.track_store,
            passages=FakePassageStore(self.stores.track_store),
            uploads=self.stores.upload_store,
            index_builds=self.stores.build_store,
            index_bucket=self.stores.index,
            leases=fakes.FakeLeaseStore(),
            build_queue=FakeBuildQueue(),
            clock=lambda: self.now,
            build_id=f"b{int(self.now.timestamp())}",
            build_delay_s=0,
        )
        assert rebuild_index(building) == "published"

    def proxy(self, event_path: str, resource: str, **headers: str) -> dict[str, Any]:
        """API Gateway's own event, whose path has a stage in front of the route."""
        event = {
            "requestContext": {
                "httpMethod": "GET",
                "resourcePath": resource,
                "path": event_path,
                "identity": {"sourceIp": "192.0.2.1"},
                "requestId": "gateway-1",
            },
            "headers": headers,
            "pathParameters": None,
            "stageVariables": None,
            "multiValueQueryStringParameters": None,
            "body": None,
        }
        answer: dict[str, Any] = self.app(event, LambdaContext("timbre", 128))
        return answer


class Browser:
    """Keeps cookies, sends Host, and fills forms in with their hidden fields as a person's browser does."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, *, body: bytes = b"", **headers: str) -> HTTPResponse:
        sent = {"Host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self.site.client.http.request(method, path, headers=sent, body=body)
        self._keep_cookies(response)
        return response

    def get(self, path: str, **headers: str) -> HTTPResponse:
        return self.request("GET", path, **headers)

    def send_json(self, method: str, path: str, content: Any = None, **headers: str) -> HTTPResponse:
        """As a script of our own pages does."""
        body = b"" if content is None else json.dumps(content).encode()
        return self.request(method, f"/api/v1{path}", body=body, **{"Origin": ORIGIN, "Content_Type": "application/json", **headers})

    def read_json(self, path: str, **headers: str) -> Any:
        response = self.get(f"/api/v1{path}", **headers)
        assert response.status_code == 200, response.body
        return response.json_body

    def submit(self, path: str, fields: dict[str, str], *, seen_on: str | None = None, **headers: str) -> HTTPResponse:
        """Opens the page, takes the token from its form, sends the form."""
        token = self.find_form_token(seen_on or path)
        return self.post_form(path, {**fields, "csrf_token": token}, **headers)

    def post_form(self, path: str, fields: dict[str, str], **headers: str) -> HTTPResponse:
        return self.request("POST", path, body=urlencode(fields).encode(), **{"Origin": ORIGIN, "Content_Type": FORM, **headers})

    def find_form_token(self, path: str) -> str:
        found = re.search(rb'name="csrf_token" value="([^"]+)"', self.get(path).body)
        assert found, f"{path} has no form"
        return found.group(1).decode()

    def _keep_cookies(self, response: HTTPResponse) -> None:
        for cookie in response.headers.get("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            if "Max-Age=0" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


def _make_mfcc(name: str) -> tuple[float, ...]:
    """A sound of its own for each name, the same every time."""
    seed = sum(ord(char) * (place + 1) for place, char in enumerate(name))
    return tuple(((seed * (row + 3) * 7919) % 1000) / 100.0 for row in range(20))
