"""One id from the page to Kafka to the recommendation, and one from a dropped file to its index: the real parts over stores in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.events.kafka_events import encode_headers, encode_play
from chalicelib.upload_ids import derive_upload_id
from functions.build_index import handler as build_index
from functions.extract_features import handler as extract_features
from functions.recommend import handler as recommend
from localstack.kafka_event import build_event
from tests.fakes.kafka_records import FakeRecord
from tests.fakes.stores import FakeListenerStore
from tests.unit.functions.test_handlers import Context, Stores, load
from tests.web.site import Site


def read_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The web, and the functions over the same stores."""
    site = Site(tmp_path)
    for name in ("settings", "plays", "tracks", "users", "feedback", "recommendations", "dead_letters", "current_index"):
        monkeypatch.setattr(bootstrap, name, getattr(site.stores, name))
    states = FakeListenerStore(site.stores.users(), site.stores.plays(), site.stores.feedback())
    monkeypatch.setattr(bootstrap, "listener_states", lambda: states)
    yield site
    bootstrap.reset()


def deliver(site: Site) -> None:
    """What the broker and AWS's mapping do: the published plays, headers and all, as an event of the recommend function."""
    records = [
        FakeRecord("plays", 0, offset, key=play.user_id.encode(), value=encode_play(play, title), headers=list(encode_headers(play)))
        for offset, (play, title) in enumerate(site.stores.publisher.published)
    ]
    event = json.loads(json.dumps(build_event(records, bootstrap_servers="kafka:9092")))
    assert recommend.handle(event, Context()) == {"batchItemFailures": []}


def test_a_pages_request_id_is_on_the_play_the_functions_log_lines_and_the_recommendations(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    track = site.add_track("song")
    site.add_track("another")
    site.build_index()
    ann = site.listener("ann")
    answer = ann.send_json("POST", "/plays", {"event_id": "event-0001", "track_id": track.track_id, "kind": "start"})
    request_id = answer.headers["X-Request-Id"]
    assert site.stores.play_store.plays["event-0001"].request_id == request_id
    capsys.readouterr()
    deliver(site)
    lines = {line["message"]: line for line in read_lines(capsys.readouterr().err)}
    assert lines["play_processed"]["request_id"] == request_id
    assert lines["recommendations_refreshed"]["request_ids"] == [request_id]
    found = site.stores.recommendation_store.find(site.user("ann").user_id)
    assert found is not None
    assert found.request_ids == (request_id,)


def test_a_play_that_only_the_relay_could_send_keeps_its_request_id(site: Site) -> None:
    track = site.add_track("song")
    ann = site.listener("ann")
    site.stores.publisher.is_down = True
    answer = ann.send_json("POST", "/plays", {"event_id": "event-0001", "track_id": track.track_id, "kind": "start"})
    site.stores.publisher.is_down = False
    [waiting] = site.stores.plays().recent(site.user("ann").user_id, limit=1)
    assert encode_headers(waiting) == [("request_id", answer.headers["X-Request-Id"].encode())]


def test_what_a_request_logs_and_what_its_error_page_shows_is_its_request_id(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    track = site.add_track("song")
    ann = site.listener("ann")
    site.stores.publisher.is_down = True
    capsys.readouterr()
    answer = ann.send_json("POST", "/plays", {"event_id": "event-0001", "track_id": track.track_id, "kind": "start"})
    [line] = [line for line in read_lines(capsys.readouterr().err) if line["message"] == "plays_left_for_relay"]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    page = ann.get("/tracks/" + "f" * 24)
    assert page.status_code == 404
    assert page.headers["X-Request-Id"] in page.body.decode()


def test_a_receipts_upload_id_is_on_every_line_of_its_analysis_and_on_its_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stores = Stores(tmp_path / "index")
    for name, store in vars(stores).items():
        monkeypatch.setattr(bootstrap, name, lambda store=store: store)
    upload_id = derive_upload_id("uploads/song.mp3", "1")
    extract_features.handle(stores.drop("uploads/song.mp3", 1), Context())
    extracted = read_lines(capsys.readouterr().err)
    assert extracted
    assert {line["upload_id"] for line in extracted} == {upload_id}
    build_index.handle(load("schedule"), Context())
    [indexed] = [line for line in read_lines(capsys.readouterr().err) if line["message"] == "upload_indexed"]
    assert indexed["upload_id"] == upload_id
    stores.music_bucket.put("uploads/bad.mp3", b"no song")
    event = stores.drop("uploads/bad.mp3", 2)
    stores.music_bucket.put("uploads/bad.mp3", b"no song")
    stores.uploads.is_down = True
    extract_features.handle(event, Context())
    [put_off] = read_lines(capsys.readouterr().err)
    assert (put_off["message"], put_off["upload_id"]) == ("upload_message_put_off", derive_upload_id("uploads/bad.mp3", "1"))
    bootstrap.reset()
