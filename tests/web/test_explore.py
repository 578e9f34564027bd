"""Mixes, radio, paths and questions by sound: API and pages."""

from __future__ import annotations

import re

import pytest

from tests.fakes.samples import make_analysis
from tests.web.site import Browser, Site


@pytest.fixture(autouse=True)
def songs(site: Site) -> list[str]:
    """Ids of fourteen songs with an index."""
    tracks = [site.add_track(f"Song {n}", artist=f"Artist {n}") for n in range(14)]
    site.build_index()
    return [track.track_id for track in tracks]


def test_songs_near_to_several_come_with_what_they_are_near_to(ann: Browser, songs: list[str]) -> None:
    answer = ann.read_json(f"/similar?to={songs[0]},{songs[1]}&limit=5")
    assert 1 <= len(answer["items"]) <= 5
    for item in answer["items"]:
        assert item["track_id"] not in songs[:2]
        assert item["reasons"][0]["track_id"] in songs[:2]
        assert item["reasons"][0]["act"] == "chosen"
        assert item["reasons"][0]["text"].startswith("Near to “Song ")
    away = ann.read_json(f"/similar?away={songs[0]}")
    assert all(item["reasons"][0]["text"].startswith("Away from “Song 0”") for item in away["items"])


def test_several_songs_are_named_by_commas_or_by_a_parameter_each(ann: Browser, songs: list[str]) -> None:
    by_commas = ann.read_json(f"/similar?to={songs[0]},{songs[1]},{songs[2]}&away={songs[3]},{songs[4]}")
    each = ann.read_json(f"/similar?to={songs[0]}&to={songs[1]}&to={songs[2]}&away={songs[3]}&away={songs[4]}")
    mixed = ann.read_json(f"/similar?to={songs[0]},{songs[1]}&away={songs[3]}&to={songs[2]}&away={songs[4]}")
    assert by_commas == each == mixed
    assert each != ann.read_json(f"/similar?to={songs[2]}&away={songs[4]}")
    heard = "&".join(f"heard={song}" for song in songs[1:11])
    assert {item["track_id"] for item in ann.read_json(f"/radio?seed={songs[0]}&{heard}")["items"]} == set(songs[11:])
    page = ann.get(f"/similar?to={songs[0]}&to=&to={songs[1]}&away={songs[3]}&away=").body.decode()
    assert f'data-to="{songs[0]},{songs[1]}" data-away="{songs[3]}"' in page


@pytest.mark.parametrize(
    "query",
    [
        "",
        "to=x",
        "to=",
        f"to={'a' * 24}&to=",
        f"to={'a' * 24},",
        f"to={','.join(['a' * 24] * 21)}",
        "&".join([f"to={'a' * 24}"] * 21),
        f"to={'a' * 24}&limit=0",
    ],
)
def test_a_mix_of_nothing_or_of_what_is_no_id_is_refused(ann: Browser, query: str) -> None:
    answer = ann.get(f"/api/v1/similar?{query}")
    assert (answer.status_code, answer.json_body["error"]["code"]) == (400, "invalid_input")


def test_a_song_cannot_be_near_and_away_at_once(ann: Browser, songs: list[str]) -> None:
    query = f"to={songs[0]},{songs[1]}&away={songs[1]}"
    answer = ann.get(f"/api/v1/similar?{query}")
    assert (answer.status_code, answer.json_body["error"]["message"]) == (400, "A song cannot be in both to and away.")
    page = ann.get(f"/similar?{query}")
    assert page.status_code == 400
    assert "A song cannot be in both to and away." in page.body.decode()


@pytest.mark.parametrize(
    "path", ["/similar?to={id}", "/similar?away={id}", "/radio?seed={id}", "/path?from={id}&to={song}", "/path?from={song}&to={id}"]
)
def test_a_song_that_is_not_there_is_told(ann: Browser, songs: list[str], path: str) -> None:
    answer = ann.get("/api/v1" + path.format(id="0" * 24, song=songs[0]))
    assert (answer.status_code, answer.json_body["error"]["code"]) == (404, "track_not_found")


def test_a_radio_goes_on_without_repeating(ann: Browser, songs: list[str]) -> None:
    heard: list[str] = []
    while True:
        turn = ann.read_json(f"/radio?seed={songs[3]}&limit=4" + (f"&heard={','.join(heard)}" if heard else ""))
        assert turn["seed"]["track_id"] == songs[3]
        if not turn["items"]:
            break
        heard += [item["track_id"] for item in turn["items"]]
    assert len(heard) == len(set(heard)) == 13
    assert ann.read_json("/radio")["seed"] is not None


def test_a_path_has_both_ends_and_says_each_step(ann: Browser, songs: list[str]) -> None:
    items = ann.read_json(f"/path?from={songs[0]}&to={songs[9]}&length=6")["items"]
    assert (items[0]["track_id"], items[-1]["track_id"], len(items)) == (songs[0], songs[9], 6)
    assert items[0]["distance"] is None
    assert all(item["distance"] > 0 and 0 <= item["percentile"] <= 100 for item in items[1:])
    refused = ann.get(f"/api/v1/path?from={songs[0]}")
    assert refused.status_code == 400
    assert refused.json_body["error"]["message"] == "The query does not fit: Object missing required field `to`."


def test_the_page_of_a_mix_adds_and_takes_out_by_links(ann: Browser, songs: list[str]) -> None:
    assert "Begin with a song" in ann.get("/similar").body.decode()
    found = ann.get("/similar?q=Song+1").body.decode()
    assert f'href="/similar?to={songs[1]}"' in found
    page = ann.get(f"/similar?to={songs[1]}&away={songs[2]}").body.decode()
    assert f'href="/similar?away={songs[2]}"' in page
    assert f'href="/similar?to={songs[1]}"' in page
    assert "Near to “Song 1” by Artist 1" in page
    assert "Near to “" not in ann.get(f"/similar?to={songs[1]}").body.decode()  # the only song there is need not be named
    assert re.search(rf'/similar\?to={songs[1]},\w+&amp;away={songs[2]}"[^>]*aria-label="More like', page)
    assert "Nothing matches “zzzz”" in ann.get("/similar?q=zzzz").body.decode()


def test_the_page_of_a_path_asks_for_its_ends_and_shows_the_way(ann: Browser, songs: list[str]) -> None:
    assert "Choose two songs" in ann.get("/path").body.decode()
    found = ann.get(f"/path?from={songs[0]}&q=Song+9&end=to").body.decode()
    assert f"/path?from={songs[0]}&amp;to={songs[9]}" in found
    page = ann.get(f"/path?from={songs[0]}&to={songs[9]}").body.decode()
    assert page.count('class="track"') == len(ann.read_json(f"/path?from={songs[0]}&to={songs[9]}")["items"]) > 4
    assert f'href="/path?from={songs[9]}&amp;to={songs[0]}"' in page


def test_the_page_of_a_path_says_why_it_is_shorter_than_asked(ann: Browser, songs: list[str]) -> None:
    near = ann.read_json(f"/tracks/{songs[0]}/similar?limit=1")["items"][0]["track_id"]
    steps = ann.read_json(f"/path?from={songs[0]}&to={near}&length=25")["items"]
    assert len(steps) < 25
    page = ann.get(f"/path?from={songs[0]}&to={near}&length=25").body.decode()
    assert f"{len(steps)} songs" in re.sub(r"<li>.*?</li>", "", page)
    assert ("already close" in page) == (min(step["percentile"] for step in steps[1:]) >= 80)


def test_pages_say_that_the_index_is_out_of_reach(site: Site, ann: Browser, songs: list[str]) -> None:
    site.stores.index.is_down = True
    site.stores.opened_index = type(site.stores.opened_index)(site.stores.index, site.stores.folder / "other", refresh_s=0.0)
    for path in (f"/similar?to={songs[0]}", f"/path?from={songs[0]}&to={songs[1]}"):
        assert "out of reach" in ann.get(path).body.decode()


WANTED = {"filename": "my hum.wav", "size_bytes": 1000, "content_type": "audio/wav"}


def ask(browser: Browser) -> str:
    answer = browser.send_json("POST", "/queries", WANTED)
    assert answer.status_code == 201, answer.body
    assert answer.json_body["fields"]["key"].startswith(f"queries/{answer.json_body['query_id']}/")
    return str(answer.json_body["query_id"])


def test_a_recording_is_answered_with_the_songs_nearest_to_it(site: Site, ann: Browser) -> None:
    query_id = ask(ann)
    assert ann.read_json(f"/queries/{query_id}")["status"] == "queued"
    assert "Listening to it" in ann.get(f"/query?id={query_id}").body.decode()
    heard = site.stores.track_store.newest(1)[0]
    site.stores.query_store.answer(query_id, mfcc=heard.mfcc, features=None, duration_s=12.0)
    answer = ann.read_json(f"/queries/{query_id}?limit=3")
    assert (answer["status"], answer["duration_s"], len(answer["items"])) == ("ready", 12.0, 3)
    assert answer["items"][0]["track_id"] == heard.track_id
    page = ann.get(f"/query?id={query_id}").body.decode()
    assert heard.display_title in page
    assert "Sounds like “my hum.wav”" in page
    assert '<details class="query-again' in page


def test_a_recording_that_cannot_be_read_says_why(site: Site, ann: Browser) -> None:
    query_id = ask(ann)
    site.stores.query_store.fail(query_id, error_code="corrupt", message="This is no audio.")
    answer = ann.read_json(f"/queries/{query_id}")
    assert (answer["status"], answer["error_code"], answer["message"], answer["items"]) == ("failed", "corrupt", "This is no audio.", [])
    assert "This is no audio." in ann.get(f"/query?id={query_id}").body.decode()


def test_anothers_or_an_old_question_does_not_exist(site: Site, ann: Browser, bob: Browser) -> None:
    query_id = ask(ann)
    assert bob.get(f"/api/v1/queries/{query_id}").json_body["error"]["code"] == "query_not_found"
    assert bob.get(f"/query?id={query_id}").status_code == 404
    site.pass_time(3601)
    assert ann.get(f"/api/v1/queries/{query_id}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"size_bytes": 0}, "empty"), ({"size_bytes": 10**9}, "too_large"), ({"content_type": "image/png"}, "not_audio")],
)
def test_what_is_no_recording_is_refused_before_it_is_sent(ann: Browser, changes: dict[str, object], code: str) -> None:
    assert ann.send_json("POST", "/queries", {**WANTED, **changes}).json_body["error"]["code"] == code


def test_who_asks_too_often_waits(ann: Browser) -> None:
    for _ in range(60):
        ask(ann)
    answer = ann.send_json("POST", "/queries", WANTED)
    assert (answer.status_code, answer.json_body["error"]["code"]) == (429, "too_many_requests")


def test_a_question_is_no_song(site: Site, ann: Browser) -> None:
    before = site.stores.track_store.count_active()
    site.stores.query_store.answer(ask(ann), mfcc=make_analysis("hum").mfcc, features=None, duration_s=5.0)
    assert site.stores.track_store.count_active() == before
