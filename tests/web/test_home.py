"""The home page as it is served, the demo's door, and opinions that last or pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from chalicelib.model import Reason, RecommendationList, RecommendedTrack, Track
from tests.fakes.samples import make_track_id
from tests.web.site import PASSWORD, SETTINGS, Browser, Site

DEMO = replace(SETTINGS, demo_username="demo", demo_password=PASSWORD)


def recommend(site: Site, tracks: list[Track], *, because: Track) -> None:
    reason = Reason(track_id=because.track_id, display_title=because.display_title, artist=because.artist, distance=0.25, percentile=99.5)
    items = tuple(RecommendedTrack(track_id=track.track_id, score=0.5, reasons=(reason,)) for track in tracks)
    made = RecommendationList(
        user_id=site.user().user_id, items=items, basis="plays", play_event_ids=(), index_build="b1", generated_at=site.now
    )
    site.stores.recommendation_store.save_with_effect(made, [], now=site.now)


def find_ids(body: str) -> list[str]:
    return re.findall(r'<li class="card[^"]*" data-track-id="(\w{24})"', body)


def open_home(browser: Browser, path: str = "/") -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.body
    return answer.body.decode()


def test_someone_new_is_asked_what_sounds_like_them(site: Site, ann: Browser) -> None:
    for number in range(12):
        site.add_track(f"song {number}")
    body = open_home(ann)
    assert "What sounds like you?" in body
    assert body.count("data-pick>") == 3
    assert "Or start anywhere" in body


def test_random_songs_are_the_same_all_day_and_others_tomorrow(site: Site, ann: Browser, bob: Browser) -> None:
    for number in range(40):
        site.add_track(f"song {number}")

    def look(browser: Browser) -> list[str]:
        return [item["track_id"] for item in browser.read_json("/recommendations?limit=5")["items"]]

    first, page = look(ann), find_ids(open_home(ann))
    assert look(ann) == first
    assert find_ids(open_home(ann)) == page
    days = [(first, look(bob))]
    for _ in range(5):  # two draws may begin at the same of 40 songs: not all of them
        site.pass_time(24 * 3600)
        days.append((look(ann), look(bob)))
    assert any(of_ann != of_bob for of_ann, of_bob in days)
    assert any(of_ann != first for of_ann, _ in days)


def test_three_others_are_a_link_that_works_without_a_script(site: Site, ann: Browser) -> None:
    for number in range(12):
        site.add_track(f"song {number}")
    body = open_home(ann)
    found = re.search(r'href="(/\?seen=[^"]+)"', body)
    assert found
    first, others = find_ids(body)[:3], find_ids(open_home(ann, found.group(1)))[:3]
    assert not set(first) & set(others)


@pytest.mark.parametrize("seen", ["x", "a" * 24 + ",", "," * 9, ",".join(["a" * 24] * 31)])
def test_picks_do_not_take_what_is_no_list_of_songs(ann: Browser, seen: str) -> None:
    assert ann.get(f"/api/v1/picks?seen={seen}").status_code == 400


def test_the_api_gives_picks_that_were_not_seen(site: Site, ann: Browser) -> None:
    for number in range(12):
        site.add_track(f"song {number}")
    first = [track["track_id"] for track in ann.read_json("/picks")["items"]]
    others = [track["track_id"] for track in ann.read_json(f"/picks?seen={','.join(first)}")["items"]]
    assert (len(first), len(others)) == (3, 3)
    assert not set(first) & set(others)


def test_home_shows_rows_that_say_why(site: Site, ann: Browser) -> None:
    tracks = [site.add_track(f"song {number}") for number in range(20)]
    played = site.add_track("The Played One", artist="Ada")
    recommend(site, tracks, because=played)
    body = open_home(ann)
    assert "For you" in body
    assert "Because you played “The Played One” by Ada: sounds very much like it" in body
    assert re.search(r"Because you played</span> <a href=\"/tracks/\w+\">The Played One", body)
    ann.send_json("PUT", f"/tracks/{played.track_id}/feedback", {"opinion": "like"})
    assert "Because you like" in open_home(ann)
    assert "New in the library" in body


def test_every_card_tells_where_its_preview_begins(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    assert f'data-track-id="{track.track_id}"' in open_home(ann)
    assert 'data-preview-start="0.0"' in open_home(ann)  # 30.5 s: all of it is the preview
    site.stores.track_store.tracks[track.track_id] = replace(track, duration_s=100.0)
    assert 'data-preview-start="33.333"' in open_home(ann)  # a third: analysed before there were previews
    site.stores.track_store.tracks[track.track_id] = replace(track, preview_start_s=12.0)
    assert ann.read_json(f"/tracks/{track.track_id}")["preview_start_s"] == 12.0


def test_not_now_holds_for_a_week(site: Site, ann: Browser) -> None:
    tracks = [site.add_track(f"song {number}") for number in range(9)]
    recommend(site, tracks, because=tracks[8])
    answer = ann.send_json("PUT", f"/tracks/{tracks[0].track_id}/feedback", {"opinion": "not_now"})
    assert (answer.status_code, answer.json_body["until"][:10]) == (200, "2026-11-29")
    assert tracks[0].track_id not in {item["track_id"] for item in ann.read_json("/recommendations")["items"]}
    site.pass_time(8 * 24 * 3600)
    assert tracks[0].track_id in {item["track_id"] for item in ann.read_json("/recommendations")["items"]}


def test_a_first_like_brings_recommendations_without_a_play(site: Site, ann: Browser) -> None:
    tracks = [site.add_track(f"song {number}") for number in range(12)]
    site.build_index()
    assert ann.read_json("/recommendations")["basis"] == "random"
    assert ann.send_json("PUT", f"/tracks/{tracks[0].track_id}/feedback", {"opinion": "like"}).status_code == 200
    offer = ann.read_json("/recommendations")
    assert offer["basis"] == "plays"
    assert {reason["track_id"] for item in offer["items"] for reason in item["reasons"]} == {tracks[0].track_id}


def test_a_like_is_kept_while_there_is_no_index(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    assert ann.send_json("PUT", f"/tracks/{track.track_id}/feedback", {"opinion": "like"}).status_code == 200
    assert ann.read_json(f"/tracks/{track.track_id}")["opinion"] == "like"


def test_an_opinion_of_a_song_that_is_not_there_is_refused(ann: Browser) -> None:
    assert ann.send_json("PUT", f"/tracks/{make_track_id('none')}/feedback", {"opinion": "not_now"}).status_code == 404


def test_the_demo_opens_at_one_click(tmp_path: Path) -> None:
    site = Site(tmp_path, DEMO)
    site.listener("demo")
    visitor = site.visitor()
    assert "Listen as demo" in visitor.get("/login").body.decode()
    answer = visitor.submit("/demo", {"next": "/history"}, seen_on="/login")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/history")
    assert visitor.get("/").status_code == 200


def test_no_page_holds_the_demos_password(tmp_path: Path) -> None:
    site = Site(tmp_path, replace(DEMO, demo_password="a-secret-of-the-settings"))
    assert b"a-secret-of-the-settings" not in site.visitor().get("/login").body


def test_there_is_no_door_where_the_settings_name_no_demo(site: Site) -> None:
    site.listener("demo")
    visitor = site.visitor()
    assert "Listen as demo" not in visitor.get("/login").body.decode()
    assert visitor.submit("/demo", {}, seen_on="/login").status_code == 404
    assert "timbre_session" not in visitor.cookies


def test_who_took_the_demos_name_is_not_opened_to_strangers(tmp_path: Path) -> None:
    site = Site(tmp_path, replace(DEMO, demo_password="another password"))
    site.listener("demo")
    visitor = site.visitor()
    answer = visitor.submit("/demo", {}, seen_on="/login")
    assert answer.status_code == 404
    assert "not ready yet" in answer.body.decode()
    assert "timbre_session" not in visitor.cookies


def test_the_demos_door_needs_the_forms_token_and_is_throttled(tmp_path: Path) -> None:
    site = Site(tmp_path, DEMO)
    site.listener("demo")
    assert site.visitor().post_form("/demo", {}).status_code == 403
    visitor = site.visitor()
    token = visitor.find_form_token("/login")
    answers = []
    for _ in range(61):
        visitor.cookies.pop("timbre_session", None)
        answers.append(visitor.post_form("/demo", {"csrf_token": token}).status_code)
    assert answers[:60] == [303] * 60
    assert answers[60] == 429
