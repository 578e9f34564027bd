"""A song's page in a browser: what it is near to and in what; for an operator its tags, its deletion with a way back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo import MongoClient

from tests.browser.axe import check_axe
from tests.browser.faults import Faults
from tests.browser.looks import DESK, at_both_widths
from tests.browser.visits import Visits


@pytest.fixture
def operator(running: dict[str, Any]) -> Iterator[None]:
    """The demo listener as an operator: as `timbre` makes one, by the database."""
    with MongoClient[dict[str, Any]](running["mongodb_uri"]) as client:
        users = client["music_database"]["users"]
        known = users.find_one({"username": running["demo_username"]})
        assert known is not None
        users.update_one({"_id": known["_id"]}, {"$set": {"roles": ["listener", "uploader", "operator"]}})
        yield
        users.update_one({"_id": known["_id"]}, {"$set": {"roles": known["roles"]}})


def test_similar_songs_say_how_near_they_are_and_in_what(demo_page: Page, songs: list[dict[str, Any]]) -> None:
    demo_page.goto(f"/tracks/{songs[0]['track_id']}")
    near = demo_page.get_by_role("region", name="Sounds like this").locator(".track")
    expect(near.nth(2)).to_be_visible()
    note = near.first.locator(".track-note")
    expect(note).to_have_text(re.compile(r"^(Very close|Close|Near) in .*\. Nearer than \d+ % of all pairs of songs\.$"))
    expect(note).to_have_attribute("title", re.compile(r"^Nearer than \d+ % of all pairs of songs$"))
    expect(near.first.locator(".near-bar")).to_be_visible()


@pytest.mark.usefixtures("operator")
def test_a_song_is_deleted_with_a_way_back(demo_page: Page, songs: list[dict[str, Any]], faults: Faults) -> None:
    faults.expect("status of 404")
    song = songs[1]
    demo_page.goto(f"/tracks/{song['track_id']}")
    demo_page.get_by_role("button", name="Delete").click()
    expect(demo_page.get_by_role("heading", name=f"“{song['title']}” was deleted")).to_be_visible()
    assert demo_page.request.get(f"/api/v1/tracks/{song['track_id']}").status == 404
    demo_page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(demo_page.get_by_role("heading", name=song["title"], level=1, exact=True)).to_be_visible()
    assert demo_page.request.get(f"/api/v1/tracks/{song['track_id']}").status == 200


@pytest.mark.usefixtures("operator")
def test_without_a_script_a_song_is_deleted_and_brought_back_by_forms(visits: Visits, songs: list[dict[str, Any]], faults: Faults) -> None:
    faults.expect("status of 404")
    page = visits.open("demo", look=DESK, has_scripts=False)
    page.goto(f"/tracks/{songs[2]['track_id']}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("heading", name=songs[2]["title"], level=1)).to_be_visible()


@at_both_widths
@pytest.mark.usefixtures("operator")
def test_tags_are_edited_in_a_form(demo_page: Page, songs: list[dict[str, Any]]) -> None:
    song = songs[3]
    demo_page.goto(f"/tracks/{song['track_id']}")
    demo_page.get_by_role("link", name="Edit tags").click()
    expect(demo_page.get_by_label("Title")).to_have_value(song["title"])
    check_axe(demo_page)
    demo_page.get_by_label("Title").fill(f"{song['title']} (live)")
    demo_page.get_by_role("button", name="Save").click()
    expect(demo_page.get_by_role("heading", level=1)).to_have_text(f"{song['title']} (live)")
    demo_page.goto(f"/tracks/{song['track_id']}/edit")
    demo_page.get_by_label("Title").fill(song["title"])
    demo_page.get_by_role("button", name="Save").click()
    expect(demo_page.get_by_role("heading", level=1)).to_have_text(song["title"])


def test_one_who_may_not_change_a_song_sees_no_buttons_for_it(page: Page, songs: list[dict[str, Any]]) -> None:
    page.goto(f"/tracks/{songs[0]['track_id']}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Edit tags")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
