"""The library's page and API: songs by words and by groups; a song's tags edited, the song deleted and brought back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chalicelib.model import Track
from tests.fakes.samples import make_analysis, make_play, make_tags, make_upload
from tests.web.site import Browser, Site


@pytest.fixture
def own_song(site: Site, ann: Browser) -> Track:
    """Uploaded by ann."""
    assert ann.cookies  # she has signed up
    upload = make_upload("a" * 24, user_id=site.user("ann").user_id)
    site.stores.upload_store.create(upload)
    return site.attach(make_analysis("song", tags=make_tags("Song", artist="Ada", album="Firsts", year=1999)), key=upload.key)


def test_songs_are_listed_by_what_is_asked_for(site: Site, ann: Browser) -> None:
    site.add_track("One", artist="Ada", album="Firsts", genre="Folk", year=1999)
    site.add_track("Two", artist="Mø", genre="Jazz", year=2003)

    def titles(query: str) -> list[str]:
        return [item["title"] for item in ann.read_json(f"/tracks?{query}")["items"]]

    assert titles("artist=ada") == titles("genre=folk&year=1999") == titles("q=fisrts") == ["One"]
    assert titles("artist=mo") == ["Two"]
    assert sorted(titles("sort=newest")) == ["One", "Two"]
    for wrong in ("sort=best", "year=old", "cursor=nonsense", f"artist={'x' * 301}"):
        assert ann.get(f"/api/v1/tracks?{wrong}").status_code == 400, wrong


def test_groups_are_listed_with_their_counts_and_covers(site: Site, ann: Browser) -> None:
    covered = site.add_track("One", artist="Ada", album="Firsts", genre="Folk", year=1999, cover=True)
    site.add_track("Two", artist="Ada", album="Firsts", genre="Folk", year=2003)
    [artist] = ann.read_json("/artists")["items"]
    assert artist == {
        "kind": "artist",
        "name": "Ada",
        "artist": None,
        "track_count": 2,
        "cover_url": f"/api/v1/tracks/{covered.track_id}/cover",
    }
    assert [item["name"] for item in ann.read_json("/years")["items"]] == ["2003", "1999"]
    assert ann.read_json("/genres?sort=count")["items"][0]["track_count"] == 2
    assert ann.read_json("/albums?artist=ada")["items"][0]["artist"] == "Ada"
    first = ann.read_json("/years?limit=1")
    assert ann.read_json(f"/years?limit=1&cursor={first['next_cursor']}")["items"][0]["name"] == "1999"


def test_the_librarys_page_leads_through_artists_albums_genres_and_years(site: Site, ann: Browser) -> None:
    site.add_track("One", artist="Ada & Co", album="Firsts", genre="Folk", year=1999)
    for by, link in (
        ("artist", "artist=Ada+%26+Co"),
        ("album", "album=Firsts&amp;artist=Ada+%26+Co"),
        ("genre", "genre=Folk"),
        ("year", "year=1999"),
    ):
        page = ann.get(f"/search?by={by}").body.decode()
        assert f"/search?{link}" in page, by
        assert "One" in ann.get(f"/search?{link}".replace("&amp;", "&")).body.decode(), by
    assert "Firsts" in ann.get("/search?artist=ada+%26+co").body.decode()
    assert ann.get("/search?by=nothing").status_code == 400
    assert ann.get("/search?year=1999999").status_code == 400


def test_an_empty_library_says_so(ann: Browser) -> None:
    assert b"There is no music yet" in ann.get("/search").body
    assert b"Nothing here yet" in ann.get("/search?by=artist").body
    assert b"No song here" in ann.get("/search?artist=nobody").body


def test_tags_are_edited_by_json_and_only_what_is_named(ann: Browser, own_song: Track) -> None:
    answer = ann.send_json("PATCH", f"/tracks/{own_song.track_id}", {"title": " Blue\u0000 Hour ", "year": None, "track_number": 3})
    assert answer.status_code == 200
    changed = answer.json_body
    assert (changed["title"], changed["artist"], changed["year"], changed["track_number"]) == ("Blue Hour", "Ada", None, 3)
    for body in (
        {"title": ""},
        {"title": "\u200b"},
        {"year": 3},
        {"colour": "red"},
        {"title": None},
        {"track_number": 0},
        {"artist": "x" * 301},
    ):
        assert ann.send_json("PATCH", f"/tracks/{own_song.track_id}", body).status_code == 400, body
    assert ann.read_json(f"/tracks/{own_song.track_id}")["title"] == "Blue Hour"


def test_tags_are_edited_by_a_form(ann: Browser, own_song: Track) -> None:
    path = f"/tracks/{own_song.track_id}/edit"
    answer = ann.submit(path, {"title": "Blue Hour", "artist": "", "year": "2001", "genre": "Folk"})
    assert answer.status_code == 303
    page = ann.get(f"/tracks/{own_song.track_id}").body.decode()
    for words in ("Blue Hour", "Unknown artist", "2001", "Folk", "Edit tags"):
        assert words in page
    wrong = ann.submit(path, {"title": "Kept as typed", "year": "two"})
    assert wrong.status_code == 400
    assert b"The year must be a number" in wrong.body
    assert b"Kept as typed" in wrong.body


@pytest.mark.usefixtures("ann")
def test_others_neither_edit_nor_delete_nor_see_the_buttons(bob: Browser, own_song: Track) -> None:
    path = f"/tracks/{own_song.track_id}"
    assert bob.send_json("PATCH", path, {"title": "Mine"}).status_code == 403
    assert bob.send_json("DELETE", path).status_code == 403
    assert b"Edit tags" not in bob.get(path).body
    assert bob.get(f"{path}/edit").status_code == 303
    assert bob.submit(f"{path}/delete", {}, seen_on="/upload").status_code == 403


def test_one_who_may_not_upload_any_more_may_not_change_what_was_uploaded(site: Site, ann: Browser, own_song: Track) -> None:
    user = site.user("ann")
    site.stores.user_store.users[user.user_id] = replace(user, roles=("listener",))
    assert ann.send_json("DELETE", f"/tracks/{own_song.track_id}").status_code == 403


def test_a_song_is_deleted_and_brought_back_by_json(site: Site, ann: Browser, bob: Browser, own_song: Track) -> None:
    path = f"/tracks/{own_song.track_id}"
    first = ann.send_json("DELETE", path)
    site.pass_time(60)
    again = ann.send_json("DELETE", path)
    assert (first.status_code, again.json_body) == (202, first.json_body)
    assert ann.read_json("/tracks?q=song")["items"] == []
    assert bob.send_json("POST", f"{path}/restore").status_code == 403
    assert bob.get(path).status_code == 404
    assert ann.send_json("POST", f"{path}/restore").json_body["title"] == "Song"
    assert ann.send_json("POST", f"{path}/restore").status_code == 200
    assert [item["title"] for item in ann.read_json("/tracks?q=song")["items"]] == ["Song"]


def test_a_song_is_deleted_and_brought_back_by_forms(ann: Browser, own_song: Track) -> None:
    path = f"/tracks/{own_song.track_id}"
    assert ann.submit(f"{path}/delete", {}, seen_on=path).status_code == 303
    gone = ann.get(path)
    assert gone.status_code == 404
    assert b"Bring it back" in gone.body
    assert ann.submit(f"{path}/restore", {}, seen_on=path).status_code == 303
    assert ann.get(path).status_code == 200


def test_a_song_is_not_brought_back_too_late(site: Site, ann: Browser, own_song: Track) -> None:
    path = f"/tracks/{own_song.track_id}"
    ann.send_json("DELETE", path)
    site.pass_time(site.stores.given_settings.trash_ttl_s)
    assert ann.send_json("POST", f"{path}/restore").status_code == 404
    assert b"Bring it back" not in ann.get(path).body


def test_what_its_listeners_also_played_is_shown_from_two_others_on(site: Site, ann: Browser) -> None:
    song, other = site.add_track("Song"), site.add_track("Companion")
    for user in ("bea", "cal"):
        for track in (song, other):
            site.stores.play_store.record(make_play(f"{user}-{track.track_id}", user_id=user, track_id=track.track_id))
        shown = ann.read_json(f"/tracks/{song.track_id}/also-played")["items"]
        assert [(item["title"], item["listeners"]) for item in shown] == ([("Companion", 2)] if user == "cal" else [])
    assert b"Its listeners also played" in ann.get(f"/tracks/{song.track_id}").body


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/albums?sort=", 400),
        ("/albums?sort=null", 400),
        ("/albums?limit=", 400),
        ("/albums?artist=&cursor=&sort=name", 200),
        ("/albums", 200),
    ],
)
def test_a_programs_empty_choice_is_no_choice_of_the_list(ann: Browser, path: str, status: int) -> None:
    assert ann.get(f"/api/v1{path}").status_code == status


def test_a_form_may_leave_its_choices_empty(ann: Browser) -> None:
    assert ann.get("/search?sort=&q=").status_code == 200
