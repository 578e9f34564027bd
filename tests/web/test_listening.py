"""Plays, recommendations, opinions and history: durable, once, and one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.model import Reason, RecommendationList, RecommendedTrack, Track
from tests.fakes.samples import make_track_id
from tests.web.site import Browser, Site


def make_play(track: Track, **changes: Any) -> dict[str, Any]:
    return {"event_id": "event-0001", "track_id": track.track_id, "kind": "start", "position_s": 0.0, **changes}


def recommend(site: Site, name: str, tracks: list[Track], *, because: Track) -> None:
    """As the recommend function stores it."""
    reason = Reason(track_id=because.track_id, display_title=because.display_title, artist=because.artist, distance=0.25, percentile=99.5)
    items = tuple(RecommendedTrack(track_id=track.track_id, score=1.0 / (n + 1), reasons=(reason,)) for n, track in enumerate(tracks))
    recommendations = RecommendationList(
        user_id=site.user(name).user_id, items=items, basis="plays", play_event_ids=(), index_build="b1", generated_at=site.now
    )
    site.stores.recommendation_store.save_with_effect(recommendations, [], now=site.now)


def test_a_play_is_durable_then_published_then_acknowledged(site: Site, ann: Browser) -> None:
    track = site.add_track("Song One")
    answer = ann.send_json("POST", "/plays", make_play(track, position_s=1.5))
    assert (answer.status_code, answer.json_body) == (202, {"event_id": "event-0001", "status": "accepted", "is_kept": True})
    play = site.stores.play_store.plays["event-0001"]
    assert (play.user_id, play.kind, play.position_s) == (site.user().user_id, "start", 1.5)
    assert play.published_at is not None
    assert [(sent.event_id, title) for sent, title in site.stores.publisher.published] == [("event-0001", "song one")]


def test_the_same_event_again_is_acknowledged_and_has_no_second_effect(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    for _ in range(3):
        assert ann.send_json("POST", "/plays", make_play(track)).status_code == 202
    assert len(site.stores.play_store.plays) == 1
    assert len(site.stores.publisher.published) == 1


def test_a_play_is_acknowledged_while_kafka_is_away_and_left_for_the_relay(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    site.stores.publisher.is_down = True
    assert ann.send_json("POST", "/plays", make_play(track)).status_code == 202
    assert site.stores.play_store.plays["event-0001"].published_at is None


def test_no_play_is_acknowledged_that_is_not_durable(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    site.stores.play_store.is_down = True
    answer = ann.send_json("POST", "/plays", make_play(track))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert not site.stores.publisher.published


def test_a_play_of_a_track_that_is_not_there_is_refused(site: Site, ann: Browser) -> None:
    answer = ann.send_json("POST", "/plays", {"event_id": "event-0001", "track_id": make_track_id("none"), "kind": "start"})
    assert (answer.status_code, answer.json_body["error"]["code"]) == (404, "track_not_found")
    assert not site.stores.play_store.plays


def test_an_event_id_of_another_listener_is_a_conflict(site: Site, ann: Browser, bob: Browser) -> None:
    track = site.add_track("song")
    ann.send_json("POST", "/plays", make_play(track))
    assert bob.send_json("POST", "/plays", make_play(track)).status_code == 409
    assert site.stores.play_store.plays["event-0001"].user_id == site.user("ann").user_id


@pytest.mark.parametrize(
    "changes",
    [
        {"event_id": "short"},
        {"event_id": "x" * 65},
        {"event_id": "not url safe!"},
        {"event_id": "event-0001\n"},
        {"kind": "pause"},
        {"position_s": -1},
        {"position_s": "soon"},
        {"position_s": 1e9},
        {"track_id": 7},
    ],
)
def test_a_play_of_the_wrong_form_is_refused_with_a_sentence(site: Site, ann: Browser, changes: dict[str, Any]) -> None:
    answer = ann.send_json("POST", "/plays", make_play(site.add_track("song"), **changes))
    assert (answer.status_code, answer.json_body["error"]["code"]) == (400, "invalid_input")
    assert answer.json_body["error"]["message"].endswith(".")
    assert not site.stores.play_store.plays


def test_a_new_listener_gets_random_songs(site: Site, ann: Browser) -> None:
    for n in range(30):
        site.add_track(f"song {n}")
    offer = ann.read_json("/recommendations")
    assert (offer["basis"], offer["index_build"], len(offer["items"])) == ("random", None, 20)
    assert all(item["reasons"] == [] for item in offer["items"])


def test_one_song_in_two_editions_is_among_the_random_ones_once(site: Site, ann: Browser) -> None:
    for edition in ("Blue Hour", "Blue Hour (Remastered)", "Blue Hour (Live)"):
        site.add_track(edition, title=edition, artist="Ada")
    assert len(ann.read_json("/recommendations")["items"]) == 1


def test_recommendations_come_with_reasons_in_words(site: Site, ann: Browser) -> None:
    played, near = site.add_track("Played", artist="Ada"), site.add_track("Near", artist="Bea")
    recommend(site, "ann", [near], because=played)
    offer = ann.read_json("/recommendations")
    assert set(offer) == {"basis", "items", "generated_at", "index_build", "arm"}
    assert (offer["basis"], offer["index_build"]) == ("plays", "b1")
    assert set(offer["items"][0]) >= {"track_id", "title", "artist", "album", "duration_s", "cover_url", "score", "reasons"}
    assert offer["items"][0]["reasons"] == [
        {
            "track_id": played.track_id,
            "title": "Played",
            "artist": "Ada",
            "act": "played",
            "event_id": None,
            "distance": 0.25,
            "percentile": 99.5,
            "nearest": None,
            "farthest": None,
            "likeness": "sounds very much like it",
            "text": "Because you played “Played” by Ada: sounds very much like it",
        }
    ]
    assert "Because you played “Played” by Ada: sounds very much like it" in ann.get("/").body.decode()


@pytest.mark.usefixtures("ann")
def test_one_listeners_recommendations_are_not_anothers(site: Site, bob: Browser) -> None:
    played, near = site.add_track("Played"), site.add_track("Near")
    recommend(site, "ann", [near], because=played)
    assert bob.read_json("/recommendations")["basis"] == "random"
    assert b"sounds very much like" not in bob.get("/").body


def test_a_song_that_was_just_played_leaves_the_list_at_once(site: Site, ann: Browser) -> None:
    played, near, other = site.add_track("Played"), site.add_track("Near"), site.add_track("Other")
    recommend(site, "ann", [near, other], because=played)
    ann.send_json("POST", "/plays", make_play(near))
    assert [item["title"] for item in ann.read_json("/recommendations")["items"]] == ["Other"]


def test_a_song_that_was_removed_or_disliked_is_not_recommended(site: Site, ann: Browser) -> None:
    played, gone, disliked, near = (site.add_track(name) for name in ("Played", "Gone", "Disliked", "Near"))
    recommend(site, "ann", [gone, disliked, near], because=played)
    site.stores.track_store.detach_object("uploads/Gone.mp3", now=site.now)
    ann.send_json("PUT", f"/tracks/{disliked.track_id}/feedback", {"opinion": "dislike"})
    assert [item["title"] for item in ann.read_json("/recommendations")["items"]] == ["Near"]


def test_the_home_page_is_never_empty_while_there_is_music(site: Site, ann: Browser) -> None:
    only = site.add_track("Only Song")
    recommend(site, "ann", [only], because=only)
    ann.send_json("POST", "/plays", make_play(only))
    assert [item["title"] for item in ann.read_json("/recommendations")["items"]] == ["Only Song"]
    ann.send_json("PUT", f"/tracks/{only.track_id}/feedback", {"opinion": "dislike"})
    assert b"Only Song" in ann.get("/").body


def test_the_home_page_of_an_empty_library_says_what_to_do(ann: Browser) -> None:
    page = ann.get("/")
    assert page.status_code == 200
    assert b"Upload the first song" in page.body


def test_an_opinion_can_be_given_changed_and_taken_back(site: Site, ann: Browser, bob: Browser) -> None:
    path = f"/tracks/{site.add_track('song').track_id}"
    ann.send_json("PUT", f"{path}/feedback", {"opinion": "like"})
    ann.send_json("PUT", f"{path}/feedback", {"opinion": "dislike"})
    assert ann.read_json(path)["opinion"] == "dislike"
    assert bob.read_json(path)["opinion"] is None
    assert ann.send_json("DELETE", f"{path}/feedback").status_code == 204
    assert ann.read_json(path)["opinion"] is None


def test_an_opinion_must_be_one_of_two_and_of_a_song_that_is_there(site: Site, ann: Browser) -> None:
    path = f"/tracks/{site.add_track('song').track_id}/feedback"
    assert ann.send_json("PUT", path, {"opinion": "meh"}).status_code == 400
    assert ann.send_json("PUT", f"/tracks/{make_track_id('none')}/feedback", {"opinion": "like"}).status_code == 404


def test_the_history_is_newest_first_in_pages_and_ones_own(site: Site, ann: Browser, bob: Browser) -> None:
    track = site.add_track("song")
    for n in range(5):
        site.pass_time(1)
        ann.send_json("POST", "/plays", make_play(track, event_id=f"event-000{n}"))
    first = ann.read_json("/history?limit=3")
    assert [item["event_id"] for item in first["items"]] == ["event-0004", "event-0003", "event-0002"]
    rest = ann.read_json(f"/history?limit=3&cursor={first['next_cursor']}")
    assert [item["event_id"] for item in rest["items"]] == ["event-0001", "event-0000"]
    assert rest["next_cursor"] is None
    assert bob.read_json("/history") == {"items": [], "next_cursor": None}


def test_the_history_page_shows_one_row_for_one_listening(site: Site, ann: Browser) -> None:
    track = site.add_track("Long Song")
    ann.send_json("POST", "/plays", make_play(track, event_id="event-start"))
    site.pass_time(180)
    ann.send_json("POST", "/plays", make_play(track, event_id="event-end", kind="complete", position_s=180))
    page = ann.get("/history").body.decode()
    assert page.count('class="track-title"') == 1
    assert "Played to the end" in page


def test_the_history_keeps_a_song_that_is_gone_without_its_name(site: Site, ann: Browser) -> None:
    ann.send_json("POST", "/plays", make_play(site.add_track("Gone")))
    site.stores.track_store.detach_object("uploads/Gone.mp3", now=site.now + timedelta(seconds=1))
    assert ann.read_json("/history")["items"][0]["track"] is None
    assert b"no longer here" in ann.get("/history").body
