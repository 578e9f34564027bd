"""The catalogue: search, a song's page, songs like it, its audio and cover, its removal."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.fakes.samples import make_analysis, make_track_id, make_upload
from tests.web.site import ORIGIN, Browser, Site


def test_tracks_are_found_by_words_and_come_in_pages(site: Site, ann: Browser) -> None:
    for n in range(3):
        site.add_track(f"Blue {n}", artist="Ada")
    site.add_track("Red")
    first = ann.read_json("/tracks?q=ada+blue&limit=2")
    rest = ann.read_json(f"/tracks?q=ada+blue&limit=2&cursor={first['next_cursor']}")
    assert (len(first["items"]), rest["next_cursor"]) == (2, None)
    assert sorted(item["title"] for item in [*first["items"], *rest["items"]]) == ["Blue 0", "Blue 1", "Blue 2"]


def test_a_limit_or_cursor_that_makes_no_sense_is_refused(ann: Browser) -> None:
    for query in ("limit=0", "limit=101", "limit=many", "limit=-1", "limit=9999999999999", "limit=٣"):
        answer = ann.get(f"/api/v1/tracks?{query}")
        assert (answer.status_code, answer.json_body["error"]["code"]) == (400, "invalid_input"), query
    assert ann.get("/api/v1/tracks?cursor=%00nonsense").status_code == 400


def test_the_search_page_keeps_the_words_and_leads_to_more(site: Site, ann: Browser) -> None:
    for n in range(31):
        site.add_track(f"Blue {n:02}")
    page = ann.get("/search?q=blue").body.decode()
    assert 'value="blue"' in page
    assert page.count('class="track-title"') == 30
    assert "/search?q=blue&amp;cursor=" in page
    assert "Nothing matches “green”" in ann.get("/search?q=green").body.decode()


def test_a_tracks_page_shows_it_and_what_sounds_like_it(site: Site, ann: Browser) -> None:
    track = site.add_track("Song One", artist="Ada", album="Firsts", year=1999)
    for n in range(12):
        site.add_track(f"Other {n}")
    site.build_index()
    page = ann.get(f"/tracks/{track.track_id}").body.decode()
    for words in ("Song One", "Ada", "Firsts", "1999", "0:30", "Nearer than", "% of all pairs of songs"):
        assert words in page
    assert f'src="/api/v1/tracks/{track.track_id}/audio"' in page


def test_similar_tracks_come_nearest_first_with_how_near(site: Site, ann: Browser) -> None:
    track = site.add_track("Song One")
    for n in range(12):
        site.add_track(f"Other {n}")
    site.build_index()
    answer = ann.read_json(f"/tracks/{track.track_id}/similar?limit=5")
    assert (len(answer["items"]), answer["next_cursor"]) == (5, None)
    distances = [item["distance"] for item in answer["items"]]
    assert distances == sorted(distances)
    assert all(0 <= item["percentile"] <= 100 for item in answer["items"])
    assert track.track_id not in [item["track_id"] for item in answer["items"]]


def test_before_the_first_index_a_track_has_a_page_without_neighbours(site: Site, ann: Browser) -> None:
    track = site.add_track("Song One")
    assert ann.read_json(f"/tracks/{track.track_id}/similar")["items"] == []
    assert b"Nothing to compare with yet" in ann.get(f"/tracks/{track.track_id}").body


def test_without_the_index_bucket_a_song_can_still_be_heard(site: Site, ann: Browser) -> None:
    track = site.add_track("Song One")
    site.stores.index.is_down = True
    page = ann.get(f"/tracks/{track.track_id}")
    assert page.status_code == 200
    assert b"The index is out of reach" in page.body
    assert ann.get(f"/api/v1/tracks/{track.track_id}/similar").status_code == 503


def test_audio_and_cover_lead_to_presigned_addresses(site: Site, ann: Browser) -> None:
    track = site.add_track("Song One", cover=True)
    audio = ann.get(f"/api/v1/tracks/{track.track_id}/audio")
    assert audio.status_code == 302
    assert audio.headers["Location"] == "http://music.invalid/uploads/Song%20One.mp3?X-Amz-Expires=21600&response-content-type=audio%2Fmpeg"
    assert audio.headers["Cache-Control"] == "no-store"
    cover = ann.get(f"/api/v1/tracks/{track.track_id}/cover")
    assert (cover.status_code, cover.headers["Cache-Control"]) == (302, "private, max-age=600")
    assert cover.headers["Location"].startswith(f"http://music.invalid/covers/{track.track_id}.jpg")


def test_a_track_without_a_cover_says_so(site: Site, ann: Browser) -> None:
    track = site.add_track("Song One")
    assert ann.read_json(f"/tracks/{track.track_id}")["cover_url"] is None
    assert ann.get(f"/api/v1/tracks/{track.track_id}/cover").json_body["error"]["code"] == "cover_not_found"


def test_a_track_that_is_not_there_is_a_page_and_json_of_404(ann: Browser) -> None:
    for name in (make_track_id("none"), "nonsense", "..%2f..%2fetc", "A" * 24):
        page = ann.get(f"/tracks/{name}")
        assert page.status_code == 404
        assert b"It may have been removed" in page.body
        assert b"track." not in page.body
        for path in ("", "/similar", "/audio", "/cover"):
            answer = ann.get(f"/api/v1/tracks/{name}{path}")
            assert (answer.status_code, answer.json_body["error"]["code"]) == (404, "track_not_found")


def test_tags_are_shown_as_text_whatever_they_hold(site: Site, ann: Browser) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    track = site.add_track("evil", title=evil, artist=evil, album=evil, genre=evil)
    site.add_track("other")
    site.build_index()
    for path in ("/", f"/search?q={evil}".replace(" ", "+"), "/search", f"/tracks/{track.track_id}"):
        body = ann.get(path).body.decode()
        assert "<script>alert" not in body, path
        assert "<img src=x" not in body, path
    assert "&lt;script&gt;alert(1)" in ann.get("/search").body.decode()


def test_only_its_uploader_or_an_operator_removes_a_track(site: Site, ann: Browser, bob: Browser) -> None:
    upload = make_upload("a" * 24, user_id=site.user("ann").user_id)
    site.stores.upload_store.create(upload)
    track = site.attach(make_analysis("song"), key=upload.key)
    path = f"/tracks/{track.track_id}"
    assert bob.send_json("DELETE", path).status_code == 403
    assert ann.read_json(path)["title"] == "song"
    answer = ann.send_json("DELETE", path)
    assert (answer.status_code, answer.json_body["status"]) == (202, "trashed")
    assert ann.get(f"/api/v1{path}").status_code == 404
    assert upload.key in site.stores.music.objects  # it can be brought back


@pytest.mark.usefixtures("bob")
def test_a_track_that_others_uploaded_too_stays(site: Site, ann: Browser) -> None:
    for letter, name in (("a", "ann"), ("b", "bob")):
        upload = make_upload(letter * 24, user_id=site.user(name).user_id)
        site.stores.upload_store.create(upload)
        track = site.attach(make_analysis("song"), key=upload.key)
    assert ann.send_json("DELETE", f"/tracks/{track.track_id}").status_code == 403


def test_a_track_dropped_by_nobody_is_removed_by_an_operator_alone(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    path = f"/tracks/{track.track_id}"
    assert ann.send_json("DELETE", path, Origin=ORIGIN).status_code == 403
    user = site.user("ann")
    site.stores.user_store.users[user.user_id] = replace(user, roles=("listener", "operator"))
    assert ann.send_json("DELETE", path).status_code == 202
