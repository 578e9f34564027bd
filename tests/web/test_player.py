"""Where a listener stopped: the same on every device, one's own, and never older than what stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.web.presenters import present_time
from tests.fakes.samples import make_track_id
from tests.web.site import Browser, Site


def make_listening(site: Site, *track_ids: str, **changes: Any) -> dict[str, Any]:
    return {"queue": track_ids, "changed_at": present_time(site.now), "device_id": "device-one", **changes}


def test_what_one_device_saved_another_goes_on_with(site: Site, ann: Browser) -> None:
    first, second = site.add_track("First"), site.add_track("Second")
    saved = ann.send_json("PUT", "/listening", make_listening(site, first.track_id, second.track_id, place=1, position_s=1.5))
    assert (saved.status_code, saved.json_body) == (200, {"is_current": True})
    found = ann.read_json("/listening")
    assert [track["title"] for track in found["queue"]] == ["First", "Second"]
    assert (found["place"], found["position_s"], found["device_id"]) == (1, 1.5, "device-one")


def test_a_late_message_does_not_undo_a_later_change(site: Site, ann: Browser) -> None:
    first, second = site.add_track("First"), site.add_track("Second")
    ann.send_json("PUT", "/listening", make_listening(site, second.track_id))
    before = present_time(site.now - timedelta(seconds=1))
    late = ann.send_json("PUT", "/listening", make_listening(site, first.track_id, changed_at=before))
    assert late.json_body == {"is_current": False}
    assert [track["title"] for track in ann.read_json("/listening")["queue"]] == ["Second"]


def test_a_clock_that_is_ahead_does_not_win_for_ever(site: Site, ann: Browser) -> None:
    first, second = site.add_track("First"), site.add_track("Second")
    tomorrow = present_time(site.now + timedelta(days=1))
    ann.send_json("PUT", "/listening", make_listening(site, first.track_id, changed_at=tomorrow))
    site.pass_time(1)
    assert ann.send_json("PUT", "/listening", make_listening(site, second.track_id)).json_body == {"is_current": True}


def test_a_song_that_is_gone_gives_way_to_the_next(site: Site, ann: Browser) -> None:
    here = site.add_track("Here")
    ann.send_json("PUT", "/listening", make_listening(site, make_track_id("gone"), here.track_id, position_s=99))
    found = ann.read_json("/listening")
    assert [track["title"] for track in found["queue"]] == ["Here"]
    assert (found["place"], found["position_s"]) == (0, 0)


def test_an_emptied_queue_leaves_nothing_to_go_on_with(site: Site, ann: Browser) -> None:
    ann.send_json("PUT", "/listening", make_listening(site, site.add_track("song").track_id))
    site.pass_time(1)
    ann.send_json("PUT", "/listening", make_listening(site))
    found = ann.read_json("/listening")
    assert (found["queue"], found["changed_at"]) == ([], None)


def test_nobody_sees_where_another_stopped(site: Site, ann: Browser, bob: Browser) -> None:
    ann.send_json("PUT", "/listening", make_listening(site, site.add_track("song").track_id))
    assert bob.read_json("/listening")["queue"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"queue": ["not-an-id"]},
        {"queue": ["a" * 24] * 201},
        {"queue": ["a" * 24], "place": 1},
        {"position_s": -1},
        {"position_s": "NaN"},
        {"changed_at": "yesterday"},
        {"changed_at": "2026-11-22T12:00:00"},
        {"device_id": ""},
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(site: Site, ann: Browser, changes: dict[str, Any]) -> None:
    answer = ann.send_json("PUT", "/listening", {**make_listening(site, "a" * 24), **changes})
    assert answer.status_code == 400, answer.body
    assert answer.json_body["error"]["message"].endswith(".")
    assert not site.stores.listening_store.listening


def test_a_tab_that_another_listener_left_open_changes_nothing(site: Site, ann: Browser, bob: Browser) -> None:
    track = site.add_track("song")
    listener = site.user("ann").user_id
    late = bob.send_json("PUT", "/listening", make_listening(site, track.track_id), Timbre_Listener=listener)
    play = {"event_id": "event-0001", "track_id": track.track_id, "kind": "start"}
    told = bob.send_json("POST", "/plays", play, Timbre_Listener=listener)
    assert [(answer.status_code, answer.json_body["error"]["code"]) for answer in (late, told)] == [(403, "other_listener")] * 2
    assert not site.stores.listening_store.listening
    assert not site.stores.play_store.plays
    assert ann.send_json("PUT", "/listening", make_listening(site, track.track_id), Timbre_Listener=listener).status_code == 200
