"""Plays that a player kept while there was no network: they stand where they happened, are measured from where they came, and stay out
where the listener wanted nothing kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.events.kafka_events import encode_play, parse_play_payload
from chalicelib.model import Play, Track
from chalicelib.workflows.record_play import LATEST_BY
from tests.web.site import Browser, Site


def send(who: Browser, track: Track, event_id: str, occurred_at: datetime | str | None = None) -> bool:
    """Whether it is kept."""
    event = {"event_id": event_id, "track_id": track.track_id, "kind": "start"}
    told = {} if occurred_at is None else {"occurred_at": occurred_at if isinstance(occurred_at, str) else occurred_at.isoformat()}
    answer = who.send_json("POST", "/plays", event | told)
    assert answer.status_code == 202, answer.body
    return bool(answer.json_body["is_kept"])


def find(site: Site, event_id: str) -> Play:
    return site.stores.play_store.plays[event_id]


def test_the_history_is_in_the_order_in_which_it_was_listened(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    began = site.now
    site.pass_time(3600)
    send(ann, track, "event-later", began + timedelta(minutes=50))
    send(ann, track, "event-now")
    send(ann, track, "event-first", (began + timedelta(minutes=10)).astimezone().isoformat())
    assert [item["event_id"] for item in ann.read_json("/history")["items"]] == ["event-now", "event-later", "event-first"]
    assert find(site, "event-first").occurred_at == began.replace(microsecond=began.microsecond // 1000 * 1000) + timedelta(minutes=10)
    assert find(site, "event-first").heard_of_at == find(site, "event-now").occurred_at


@pytest.mark.parametrize(
    ("told", "believed"),
    [(timedelta(hours=1), timedelta(0)), (-LATEST_BY, -LATEST_BY), (-LATEST_BY - timedelta(seconds=1), -LATEST_BY)],
)
def test_no_play_is_of_the_future_or_older_than_a_week(site: Site, ann: Browser, told: timedelta, believed: timedelta) -> None:
    send(ann, site.add_track("song"), "event-0001", site.now + told)
    assert abs(find(site, "event-0001").occurred_at - (site.now + believed)) < timedelta(milliseconds=1)


@pytest.mark.parametrize("told", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22T12:00:00.123456789Z"])
def test_every_time_of_day_on_earth_is_taken(site: Site, ann: Browser, told: str) -> None:
    assert send(ann, site.add_track("song"), "event-0001", told)


@pytest.mark.parametrize("told", ["2026-11-22T12:00:00", "soon", "", 12])
def test_a_time_without_a_zone_is_none(site: Site, ann: Browser, told: object) -> None:
    event = {"event_id": "event-0001", "track_id": site.add_track("song").track_id, "kind": "start", "occurred_at": told}
    assert ann.send_json("POST", "/plays", event).status_code == 400
    assert not site.stores.play_store.plays


def test_what_happened_during_a_pause_stays_out_however_late_it_comes(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    site.pass_time(60)
    before = site.now - timedelta(seconds=30)
    ann.send_json("PATCH", "/me/settings", {"history_paused": True})
    site.pass_time(60)
    during = site.now - timedelta(seconds=30)
    assert send(ann, track, "event-before", before)  # it was listened to while the history was kept
    assert not send(ann, track, "event-during-1", during)
    assert not send(ann, track, "event-future-1", site.now + timedelta(hours=1))
    ann.send_json("PATCH", "/me/settings", {"history_paused": False})
    site.pass_time(60)
    assert not send(ann, track, "event-during-2", during)
    assert send(ann, track, "event-after", site.now - timedelta(seconds=30))
    assert set(site.stores.play_store.plays) == {"event-before", "event-after"}


def test_that_a_play_came_late_goes_along_to_kafka(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    send(ann, track, "event-late", site.now - timedelta(hours=2))
    send(ann, track, "event-now")
    late, prompt = (encode_play(find(site, event_id), "song") for event_id in ("event-late", "event-now"))
    assert b"arrived_at" not in prompt
    message = parse_play_payload(late.decode())
    assert message.arrived_at == find(site, "event-late").arrived_at
    assert message.occurred_at == find(site, "event-late").occurred_at


def test_the_strip_measures_a_late_play_from_its_arrival(site: Site, ann: Browser) -> None:
    send(ann, site.add_track("song"), "event-late", site.now - timedelta(hours=2))
    first = ann.read_json("/way")["way"]["steps"][0]
    assert first["name"] == "Play"
    assert first["duration_ms"] == 0.0
