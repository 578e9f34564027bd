"""The application over a filled database, asked in process with API Gateway's events, and who asks: what the walks of every route stand on.

Users of the catalogue have a session each; some act as uploaders or operators. What a walk uses up (a user who is erased, a song that is
deleted) it takes from the far end, where listeners have little and songs are rarely played.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from chalice import Chalice

from chalicelib.model import Play, Role, Session, Track, User
from chalicelib.storage.mongo import MongoDatabase
from chalicelib.web.application import set_up
from chalicelib.web.wiring import Wiring
from chalicelib.workflows.log_in import hash_token
from chalicelib.workflows.passwords import Passwords, make_hasher
from localstack.front import Context
from localstack.gateway_event import HttpRequest, HttpResponse, Route, build_event, read_answer
from tests.bench.catalogue import NOW, make_id
from tests.bench.listeners import FOR_YEARS, csrf_of, token_of
from tests.walks.stores import DEMO, PASSWORD, MongoStores

USERS_A_RUN, TRACKS_A_RUN = 300, 1_000  # at most so many are used up by one run
RUNS_MOST = 24
HOST = "timbre.test"
ORIGIN = f"https://{HOST}"
Who = Literal["nobody", "newcomer", "listener", "uploader", "operator"]
ROLES: dict[Who, tuple[Role, ...]] = {
    "listener": ("listener",),
    "newcomer": ("listener", "uploader"),
    "uploader": ("listener", "uploader"),
    "operator": ("listener", "uploader", "operator"),
}


@dataclass(frozen=True, slots=True)
class Person:
    who: Who
    user_id: str = ""
    token: str = ""

    @property
    def csrf_token(self) -> str:
        return csrf_of(self.user_id)


NOBODY = Person("nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request of the route that is walked. `path`: what the route's variables are."""

    person: Person
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str | int | list[str]] = field(default_factory=dict)  # a list: repeated
    body: Any = None  # JSON
    form: Mapping[str, str] | None = None
    may_fail: bool = False  # as one who may not, or too late: with an answer below 500


Walk = Callable[["Ground", Person], Generator[Asking, HttpResponse, None]]


class Ground:
    def __init__(
        self, database: MongoDatabase, folder: Path, *, tracks: int, users: int, passwords: Passwords | None = None, run: int = 0
    ) -> None:
        """`passwords`: with their real cost only where that is measured. `run`: how often the database was walked before."""
        self.database = database
        self.stores = MongoStores(database, folder)
        self.dice = random.Random(11 + run)
        self.track_count, self.user_count = tracks, users
        self.passwords = passwords or Passwords(make_hasher(memory_kib=8, passes=1))
        self._password_hash = self.passwords.hash(PASSWORD)
        self._began = time.monotonic()
        self._number = 0
        self._taken_users, self._taken_tracks = run * USERS_A_RUN, run * TRACKS_A_RUN
        self.app = Chalice(app_name="timbre")
        set_up(self.app, Wiring(stores=self.stores, clock=self.now, passwords=self.passwords))
        titles = database["tracks"].find({"status": "active"}, {"display_title": 1, "artist": 1, "album": 1}).limit(500)
        self.songs = list(titles)

    def now(self) -> datetime:
        """A minute after the last that was written, whatever day it is."""
        return NOW + timedelta(seconds=60 + time.monotonic() - self._began)

    def make_event(self, method: str, pattern: str, asking: Asking) -> dict[str, Any]:
        target = pattern
        for name, value in asking.path.items():
            target = target.replace(f"{{{name}}}", value)
        headers = {"host": HOST, "origin": ORIGIN, "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}
        headers["cookie"] = f"timbre_session={asking.person.token}" if asking.person.token else "timbre_form=form"
        content = b""
        if asking.form is not None:
            token = asking.person.csrf_token if asking.person.token else "form"
            headers["content-type"] = "application/x-www-form-urlencoded"
            content = urlencode({**asking.form, "csrf_token": token}).encode()
        elif method != "GET":
            headers["content-type"] = "application/json"
            content = b"" if asking.body is None else json.dumps(asking.body).encode()
        request = HttpRequest(method, target, urlencode(asking.query, doseq=True), headers, content, self._draw_address())
        named = {name.removesuffix("+"): value for name, value in asking.path.items()}
        return build_event(request, Route(pattern, named), binary_types=())

    def ask(self, method: str, pattern: str, asking: Asking) -> HttpResponse:
        return self.serve(self.make_event(method, pattern, asking))

    def serve(self, event: dict[str, Any]) -> HttpResponse:
        return read_answer(self.app(event, Context(event["requestContext"]["requestId"])))

    def person(self, who: Who) -> Person:
        """A user with plays; for a newcomer, one without any. The few who listen most come often."""
        if who == "nobody":
            return NOBODY
        if who == "newcomer":
            return self.sign_up()
        return self._dress(int(self.user_count * 0.25 * self.dice.random() ** 2), who)

    def take_person(self, who: Who = "uploader") -> Person:
        """For acts that end an account, or cost what was kept of it."""
        self._taken_users += 1
        return self._dress(self.user_count - self._taken_users, who)

    def sign_up(self, username: str = "") -> Person:
        """Somebody who has just come."""
        self._number += 1
        name = username or f"newcomer-{self._number}-{self.dice.getrandbits(40):x}"
        user_id = make_id("newcomer", self.dice.getrandbits(60))
        self.stores.users().add(
            User(user_id=user_id, username=name, password_hash=self._password_hash, roles=ROLES["newcomer"], created_at=self.now())
        )
        return self.open_session(Person("newcomer", user_id))

    def set_up_demo(self) -> None:
        if self.stores.users().find_by_username(DEMO) is None:
            self.sign_up(DEMO)

    def open_session(self, person: Person) -> Person:
        """One more, for acts that end a session."""
        self._number += 1
        opened = Person(person.who, person.user_id, f"token-{self._number}-{self.dice.getrandbits(40):x}")
        now = self.now()
        session = Session(
            token_sha256=hash_token(opened.token),
            user_id=person.user_id,
            csrf_token=person.csrf_token,
            created_at=now,
            expires_at=now + FOR_YEARS,
            last_seen_at=now,
        )
        self.stores.sessions().add(session)
        return opened

    def find_user(self, person: Person) -> User:
        user = self.stores.users().find(person.user_id)
        assert user is not None
        return user

    def track_id(self) -> str:
        """The popular ones more often, as people ask for them."""
        return make_id("track", int(self.track_count * 0.5 * self.dice.random() ** 3))

    def take_track(self) -> str:
        """For acts that change it or take it away."""
        self._taken_tracks += 1
        return make_id("track", self.track_count - self._taken_tracks)

    def own_track(self, person: Person) -> str:
        """One that this person brought (as the receipt says), where they did not: by making it so."""
        track_id = self.take_track()
        track = self.find_track(track_id)
        self.database["uploads"].update_one(
            {"_id": make_id("upload of", self.track_count - self._taken_tracks)},
            {
                "$set": {
                    "key": track.objects[0].key,
                    "user_id": person.user_id,
                    "status": "indexed",
                    "track_id": track_id,
                    "seq": track.seq,
                    "created_at": self.now(),
                    "updated_at": self.now(),
                }
            },
            upsert=True,
        )
        return track_id

    def find_track(self, track_id: str) -> Track:
        track = self.stores.tracks().find(track_id)
        assert track is not None
        return track

    def plays_of(self, person: Person, *, limit: int = 5) -> list[Play]:
        return self.stores.plays().recent(person.user_id, limit=limit)

    def draw_id(self, kind: str) -> str:
        self._number += 1
        return make_id(kind, self.dice.getrandbits(60))

    def password_for(self, person: Person) -> str:
        self.stores.account_stores().accounts.set_password(person.user_id, self._password_hash)
        return PASSWORD

    def _draw_address(self) -> str:
        """Throttles are not what is walked."""
        return f"198.51.{self.dice.randrange(256)}.{self.dice.randrange(256)}"

    def _dress(self, number: int, who: Who) -> Person:
        user_id = make_id("user", number)
        self.database["users"].update_one({"_id": user_id, "roles": {"$ne": list(ROLES[who])}}, {"$set": {"roles": list(ROLES[who])}})
        return Person(who, user_id, token_of(user_id))
