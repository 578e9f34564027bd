"""History, statistics, settings, export and erasure, as pages and as JSON; and which role may ask for what."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chalicelib.model import Role, Track
from chalicelib.web.application import list_routes
from chalicelib.web.devices import describe_device
from chalicelib.workflows.change_history import RESTORABLE_FOR
from chalicelib.workflows.erase_user import SETTLES_AFTER, Erasing, erase_due
from tests.fakes.samples import make_list, make_recommended
from tests.web.site import FORM, ORIGIN, PASSWORD, SETTINGS, Browser, Site

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def play(site: Site, who: Browser, track: Track, event_id: str, *, kind: str = "start", name: str = "ann") -> None:
    """Recorded, and taken effect."""
    event = {"event_id": event_id, "track_id": track.track_id, "kind": kind, "position_s": 0.0}
    assert who.send_json("POST", "/plays", event).status_code == 202
    site.stores.recommendation_store.save_with_effect(make_list(site.user(name).user_id, generated_at=site.now), [event_id], now=site.now)
    site.pass_time(1)


def list_events(who: Browser) -> list[str]:
    return [item["event_id"] for item in who.read_json("/history")["items"]]


def test_a_removed_listening_counts_nowhere_and_comes_back(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    play(site, ann, track, "event-start")
    play(site, ann, track, "event-end", kind="complete")
    gone = ann.send_json("DELETE", "/history/event-end?also=event-start")
    assert (gone.status_code, gone.json_body["event_ids"]) == (200, ["event-end", "event-start"])
    assert list_events(ann) == []
    assert ann.read_json("/me/statistics")["plays"] == 0
    back = ann.send_json("POST", "/history/event-end/restoration?also=event-start")
    assert back.json_body == {"event_ids": ["event-end", "event-start"]}
    assert list_events(ann) == ["event-end", "event-start"]
    assert ann.read_json("/me/statistics")["plays"] == 1


def test_recommendations_no_longer_rest_on_a_play_that_was_removed_and_others_are_asked_for(site: Site, ann: Browser) -> None:
    played, near = site.add_track("Played"), site.add_track("Near")
    play(site, ann, played, "event-0001")
    user_id = site.user().user_id
    made = make_list(user_id, generated_at=site.now)
    item = make_recommended(near.track_id, played.track_id)
    lists = site.stores.recommendation_store
    lists.save_with_effect(replace(made, items=(item,), play_event_ids=("event-0001",)), (), now=site.now)
    assert ann.read_json("/recommendations")["basis"] == "plays"
    ann.send_json("DELETE", "/history/event-0001")
    stored = lists.find(user_id)
    assert stored is not None
    assert (stored.items, stored.play_event_ids) == ((), ())
    assert ann.read_json("/recommendations")["basis"] == "random"
    assert site.stores.publisher.renewals == [user_id]
    assert lists.is_renewal_wanted(user_id)


def test_a_play_goes_and_comes_back_while_kafka_is_away_and_the_relay_is_left_to_tell(site: Site, ann: Browser) -> None:
    play(site, ann, site.add_track("song"), "event-0001")
    site.stores.publisher.is_down = True
    assert ann.send_json("DELETE", "/history/event-0001").status_code == 200
    assert ann.send_json("POST", "/history/event-0001/restoration").status_code == 200
    assert site.stores.recommendation_store.due_renewals(now=site.now + timedelta(minutes=1), limit=9) == [site.user().user_id]


def test_it_is_too_late_to_undo_after_a_while(site: Site, ann: Browser) -> None:
    play(site, ann, site.add_track("song"), "event-0001")
    ann.send_json("DELETE", "/history/event-0001")
    site.pass_time(RESTORABLE_FOR.total_seconds() + 1)
    answer = ann.send_json("POST", "/history/event-0001/restoration")
    assert (answer.status_code, answer.json_body["error"]["code"]) == (404, "play_not_found")


@pytest.mark.parametrize("path", ["/history/event-none", "/history/no", "/history/%20%20"])
def test_a_play_that_is_not_there_is_not_found(ann: Browser, path: str) -> None:
    assert ann.send_json("DELETE", path).status_code == 404


def test_the_history_works_without_a_script(site: Site, ann: Browser) -> None:
    play(site, ann, site.add_track("Song"), "event-0001")
    answer = ann.submit("/history/remove", {"event_ids": "event-0001"}, seen_on="/history")
    assert answer.status_code == 303
    assert list_events(ann) == []
    page = ann.get(answer.headers["Location"])
    assert b"Removed from your history." in page.body
    ann.submit("/history/restore", {"event_ids": "event-0001"}, seen_on="/history?removed=event-0001")
    assert list_events(ann) == ["event-0001"]


def test_statistics_are_by_the_listeners_own_clock(site: Site, ann: Browser) -> None:
    track = site.add_track("Song", artist="Ada", genre="Folk")
    play(site, ann, track, "event-0001")
    told = ann.read_json("/me/statistics?utc_offset_min=720")
    assert (told["hours"][0], told["bars"][-1]["plays"], len(told["bars"])) == (1, 1, 28)
    assert (told["artists"], told["genres"]) == ([{"name": "Ada", "plays": 1}], [{"name": "Folk", "plays": 1}])
    assert told["songs"][0]["title"] == "Song"
    weeks = ann.read_json("/me/statistics?period=all")
    assert (weeks["hours"][12], len(weeks["bars"]), weeks["plays"]) == (1, 52, 1)
    ann.cookies["timbre_utc_offset"] = "720"
    page = ann.get("/history/statistics").body.decode()
    assert "by your clock" in page
    assert page.count("<rect") >= 4
    assert "<table>" in page


def test_half_past_by_a_clock_that_is_half_an_hour_away_is_another_day(site: Site, ann: Browser) -> None:
    site.now = site.now.replace(hour=18, minute=45)
    play(site, ann, site.add_track("Song"), "event-0001")  # 00:15 in Kolkata, the next day
    site.now = site.now.replace(hour=20, minute=0)
    told = ann.read_json("/me/statistics?utc_offset_min=330")
    assert (told["hours"][0], told["hours"][23], told["bars"][-1]["plays"]) == (1, 0, 1)
    assert ann.read_json("/me/statistics?utc_offset_min=345")["hours"][0] == 1
    assert ann.read_json("/me/statistics?utc_offset_min=-210")["hours"][15] == 1


@pytest.mark.parametrize("cookie", ["", "soon", "99999", "-99999"])
def test_a_clock_that_cannot_be_is_utc(ann: Browser, cookie: str) -> None:
    ann.cookies["timbre_utc_offset"] = cookie
    assert ann.get("/history/statistics").status_code == 200


def test_a_play_of_a_paused_history_is_accepted_and_kept_nowhere(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    assert ann.send_json("PATCH", "/me/settings", {"history_paused": True}).json_body["history_paused_at"] is not None
    event = {"event_id": "event-0001", "track_id": track.track_id, "kind": "start", "position_s": 0.0}
    answer = ann.send_json("POST", "/plays", event)
    assert (answer.status_code, answer.json_body["is_kept"]) == (202, False)
    assert not site.stores.play_store.plays
    assert not site.stores.publisher.published
    assert b'data-history-paused="yes"' in ann.get("/").body
    ann.submit("/settings/history", {"history": "on"}, seen_on="/settings")
    assert ann.send_json("POST", "/plays", event).json_body["is_kept"] is True
    assert list_events(ann) == ["event-0001"]


def test_taste_begins_anew_while_the_history_stays(site: Site, ann: Browser) -> None:
    tracks = [site.add_track(f"song {number}") for number in range(12)]
    site.build_index()
    play(site, ann, tracks[0], "event-0001")
    ann.send_json("PUT", f"/tracks/{tracks[0].track_id}/feedback", {"opinion": "like"})
    site.pass_time(1)
    assert ann.send_json("DELETE", "/me/taste").status_code == 204
    stored = site.stores.recommendation_store.find(site.user().user_id)
    assert stored is not None
    assert stored.items == ()
    assert site.stores.publisher.renewals == [site.user().user_id]
    assert ann.read_json("/recommendations")["basis"] == "random"
    assert list_events(ann) == ["event-0001"]
    assert ann.read_json(f"/tracks/{tracks[0].track_id}")["opinion"] is None


def test_a_new_password_ends_every_other_session(site: Site, ann: Browser) -> None:
    other = log_in(site, PASSWORD)
    wrong = ann.send_json("PUT", "/me/password", {"current_password": "guess", "new_password": "a better battery"})
    assert (wrong.status_code, wrong.json_body["error"]["code"]) == (403, "wrong_password")
    short = ann.send_json("PUT", "/me/password", {"current_password": PASSWORD, "new_password": "short"})
    assert short.json_body["error"]["code"] == "password_too_short"
    same = ann.send_json("PUT", "/me/password", {"current_password": PASSWORD, "new_password": PASSWORD})
    assert same.json_body["error"]["code"] == "password_unchanged"
    assert other.get("/api/v1/me").status_code == 200
    done = ann.submit("/settings/password", {"current_password": PASSWORD, "new_password": "a better battery"}, seen_on="/settings")
    assert done.status_code == 303
    assert (other.get("/api/v1/me").status_code, ann.get("/api/v1/me").status_code) == (401, 200)
    assert log_in(site, "a better battery").get("/api/v1/me").status_code == 200


def log_in(site: Site, password: str, **headers: str) -> Browser:
    other = site.visitor()
    token = other.find_form_token("/login")
    other.post_form("/login", {"username": "ann", "password": password, "csrf_token": token}, **headers)
    return other


def test_a_password_cannot_be_guessed_from_an_open_session(ann: Browser) -> None:
    answers = [ann.send_json("DELETE", "/me", {"password": f"guess {number}"}).status_code for number in range(12)]
    assert answers == [403] * 10 + [429] * 2


def test_sessions_are_told_apart_and_ended(site: Site, ann: Browser) -> None:
    other = log_in(site, PASSWORD, User_Agent=FIREFOX)
    third = log_in(site, PASSWORD)
    listed = ann.read_json("/me/sessions")["items"]
    assert [each["is_this"] for each in listed] == [True, False, False]
    firefox = next(each for each in listed if each["device"] == "Firefox on Linux")
    assert ann.send_json("DELETE", f"/me/sessions/{firefox['session_id']}").status_code == 204
    assert (other.get("/api/v1/me").status_code, third.get("/api/v1/me").status_code) == (401, 200)
    assert ann.send_json("DELETE", f"/me/sessions/{firefox['session_id']}").status_code == 404
    assert ann.send_json("DELETE", "/me/sessions").json_body == {"count": 1}
    assert (third.get("/api/v1/me").status_code, ann.get("/api/v1/me").status_code) == (401, 200)


def test_that_a_session_is_used_is_written_every_few_minutes(site: Site, ann: Browser) -> None:
    first = ann.read_json("/me/sessions")["items"][0]["last_seen_at"]
    site.pass_time(60)
    assert ann.read_json("/me/sessions")["items"][0]["last_seen_at"] == first
    site.pass_time(300)
    ann.get("/")
    assert ann.read_json("/me/sessions")["items"][0]["last_seen_at"] > first


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Version/18.0 Mobile Safari/604", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140.0 Mobile Safari/537", "Chrome on Android"),
        ("curl/8.1", "curl (a program)"),
        ("", "Unknown device"),
        ("\u202e<script>", "Unknown device"),
    ],
)
def test_a_device_is_told_in_words(told: str, words: str) -> None:
    assert describe_device(told) == words


def test_an_export_holds_everything_and_no_secret(site: Site, ann: Browser, bob: Browser) -> None:
    track = site.add_track("Song")
    play(site, ann, track, "event-0001")
    play(site, bob, track, "event-bobs", name="bob")
    ann.send_json("PUT", f"/tracks/{track.track_id}/feedback", {"opinion": "like"})
    link = ann.read_json("/me/export")
    content = site.stores.exports.exports[site.user().user_id]
    told = json.loads(content)
    assert link["size_bytes"] == len(content)
    assert {each["event_id"] for each in told["plays"]} == {"event-0001"}
    assert (told["profile"]["username"], told["feedback"][0]["opinion"]) == ("ann", "like")
    assert told["songs"] == [{"track_id": track.track_id, "title": "Song", "artist": None, "album": None}]
    assert set(told) >= {"uploads", "recommendations", "listening", "sessions"}
    for secret in ("password_hash", "csrf_token", "token_sha256", site.user().password_hash):
        assert secret not in content.decode()
    page = ann.submit("/settings/export", {}, seen_on="/settings")
    assert b"Download" in page.body


def test_who_is_erased_is_gone_everywhere_and_stays_away(site: Site, ann: Browser, bob: Browser) -> None:
    track = site.add_track("Song")
    play(site, ann, track, "event-0001")
    play(site, bob, track, "event-bobs", name="bob")
    upload = ann.send_json("POST", "/uploads", {"filename": "a.mp3", "size_bytes": 10, "content_type": "audio/mpeg"}).json_body
    asked = ann.send_json("POST", "/queries", {"filename": "hum.wav", "size_bytes": 10, "content_type": "audio/wav"}).json_body
    user_id = site.user().user_id
    answer = ann.send_json("DELETE", "/me", {"password": PASSWORD, "with_uploads": True})
    assert (answer.status_code, answer.json_body) == (202, {"status": "erasing"})
    assert site.visitor().get("/api/v1/me").status_code == 401
    assert site.stores.user_store.find(user_id) is None
    assert [each.user_id for each in site.stores.play_store.plays.values()] == [site.user("bob").user_id]
    assert site.stores.recommendation_store.find(user_id) is None
    assert asked["query_id"] not in site.stores.query_store.queries
    site.stores.music.put(upload["key"], b"audio")
    site.pass_time(60)
    assert erase_due(make_erasing(site), is_time_up=lambda: False) == 1
    assert site.stores.upload_store.find(upload["upload_id"]).user_id is None  # type: ignore[union-attr]
    assert site.stores.music.head(upload["key"]) is None
    site.pass_time(SETTLES_AFTER.total_seconds())
    assert erase_due(make_erasing(site), is_time_up=lambda: False) == 1
    site.pass_time(timedelta(days=9).total_seconds())
    assert erase_due(make_erasing(site), is_time_up=lambda: False) == 0
    assert site.stores.user_store.was_erased(user_id)
    assert site.listener("ann").get("/api/v1/history").json_body["items"] == []


def make_erasing(site: Site) -> Erasing:
    stores = site.stores
    return Erasing(
        stores=stores.account_store,
        listening=stores.listening_store,
        exports=stores.exports,
        music_bucket=stores.music,
        clock=lambda: site.now,
    )


def test_an_erasure_that_died_half_way_is_finished_by_the_minutes_function(site: Site, ann: Browser) -> None:
    play(site, ann, site.add_track("Song"), "event-0001")
    site.stores.feedback_store.is_down = True
    site.stores.account_store.history.is_down = True  # type: ignore[attr-defined]
    assert ann.send_json("DELETE", "/me", {"password": PASSWORD}).status_code == 503
    assert ann.get("/api/v1/me").status_code == 401
    assert site.stores.play_store.plays
    site.stores.account_store.history.is_down = False  # type: ignore[attr-defined]
    site.pass_time(60)
    assert erase_due(make_erasing(site), is_time_up=lambda: False) == 1
    assert not site.stores.play_store.plays


def test_the_wrong_password_erases_nothing(site: Site, ann: Browser) -> None:
    page = ann.submit("/settings/erase", {"password": "guess"}, seen_on="/settings")
    assert (page.status_code, b"That is not your password." in page.body) == (403, True)
    assert site.user().username == "ann"


def test_the_demo_account_is_neither_erased_nor_locked(tmp_path: Path) -> None:
    site = Site(tmp_path, replace(SETTINGS, demo_username="demo", demo_password=PASSWORD))
    demo = site.listener("demo")
    for method, path, body in (
        ("PUT", "/me/password", {"current_password": PASSWORD, "new_password": "another battery"}),
        ("DELETE", "/me", {"password": PASSWORD}),
    ):
        answer = demo.send_json(method, path, body)
        assert (answer.status_code, answer.json_body["error"]["code"]) == (403, "demo_stays")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/history/event-0001"),
        ("POST", "/history/event-0001/restoration"),
    ],
)
def test_one_listener_neither_removes_nor_restores_anothers_plays(site: Site, ann: Browser, bob: Browser, method: str, path: str) -> None:
    play(site, ann, site.add_track("Song"), "event-0001")
    assert bob.send_json(method, path).status_code == 404
    assert list_events(ann) == ["event-0001"]


def test_one_listener_sees_and_ends_nothing_of_another(site: Site, ann: Browser, bob: Browser) -> None:
    play(site, ann, site.add_track("Song"), "event-0001")
    session_id = ann.read_json("/me/sessions")["items"][0]["session_id"]
    assert bob.send_json("DELETE", f"/me/sessions/{session_id}").status_code == 404
    assert bob.send_json("DELETE", "/me/sessions").json_body == {"count": 0}
    assert bob.read_json("/me")["username"] == "bob"
    assert bob.read_json("/me/statistics")["plays"] == 0
    assert bob.read_json("/me/statistics?period=all")["plays"] == 0
    assert len(bob.read_json("/me/sessions")["items"]) == 1
    bob.read_json("/me/export")
    assert b"event-0001" not in site.stores.exports.exports[site.user("bob").user_id]
    bob.send_json("DELETE", "/me/taste")
    bob.send_json("DELETE", "/me", {"password": PASSWORD})
    assert list_events(ann) == ["event-0001"]
    assert site.stores.recommendation_store.find(site.user().user_id) is not None


UPLOAD_PAGE = ("/upload", "GET")
OPEN_TO_ALL = {("/logout", "POST"), ("/api/v1/session", "DELETE")}


def may_ask(roles: tuple[Role, ...], path: str, method: str) -> bool:
    if (path, method) in OPEN_TO_ALL:
        return True
    writes_uploads = path.startswith("/api/v1/uploads") and method != "GET"  # receipts are read by whoever was allowed to upload once
    if writes_uploads or (path, method) == UPLOAD_PAGE:
        return bool({"uploader", "operator"} & set(roles))
    return bool(roles)


@pytest.mark.parametrize(
    "roles", [(), ("listener",), ("listener", "uploader"), ("listener", "operator"), ("listener", "uploader", "operator")]
)
def test_every_route_is_open_to_the_roles_of_the_table(tmp_path: Path, roles: tuple[Role, ...]) -> None:
    """By the refusal's words: what else a route finds wrong with an empty request is its own."""
    site = Site(tmp_path, replace(SETTINGS, sign_ups_per_hour=1_000))
    routes = [route for route in list_routes() if route.access == "listener"]
    assert len(routes) > 40
    for number, route in enumerate(routes):
        who = site.listener(f"user{number}")
        user = site.user(f"user{number}")
        token = next(each for each in site.stores.session_store.sessions.values() if each.user_id == user.user_id)
        site.stores.user_store.users[user.user_id] = replace(user, roles=roles)
        path = route.path.format(track_id="0" * 24, upload_id="0" * 24, session_id="0" * 24, event_id="event-0001", query_id="0" * 24)
        content_type = "application/json" if route.is_api else FORM
        body = b"{}" if route.is_api else f"csrf_token={token.csrf_token}".encode()
        headers = {} if route.method == "GET" else {"Origin": ORIGIN, "Content_Type": content_type}
        answer = who.request(route.method, path, body=b"" if route.method == "GET" else body, **headers)
        refused = answer.status_code == 403 and (b"This account" in answer.body)
        assert refused is not may_ask(roles, route.path, route.method), (roles, route.method, route.path, answer.status_code)


def test_an_upload_that_was_begun_goes_no_further_once_its_owner_may_not_upload(site: Site, ann: Browser) -> None:
    wanted = {"filename": "a.wav", "size_bytes": 40_000_000, "content_type": "audio/wav", "in_parts": True}
    path = f"/uploads/{ann.send_json('POST', '/uploads', wanted).json_body['upload_id']}"
    site.stores.user_store.users[site.user().user_id] = replace(site.user(), roles=("listener",))
    for method, under, body in (("POST", "/parts", {"numbers": [1]}), ("POST", "/completion", {}), ("DELETE", "", None)):
        answer = ann.send_json(method, path + under, body)
        assert (answer.status_code, answer.json_body["error"]["code"]) == (403, "not_allowed")
    assert ann.read_json(f"{path}/parts")["stored"] == []


def test_who_only_listens_finds_no_way_to_upload(site: Site, ann: Browser) -> None:
    user = site.user()
    site.stores.user_store.users[user.user_id] = replace(user, roles=("listener",))
    assert b'href="/upload"' not in ann.get("/").body
    refused = ann.get("/upload")
    assert refused.status_code == 403
    assert b"it may not upload songs" in refused.body


def test_new_users_get_the_roles_of_the_settings(tmp_path: Path) -> None:
    site = Site(tmp_path, replace(SETTINGS, new_user_roles="listener"))
    site.listener("ann")
    assert site.user().roles == ("listener",)
