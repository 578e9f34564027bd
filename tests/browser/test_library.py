"""The library in a browser: found while one types, more on demand, and the ways through artists, albums, genres and years."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from playwright.sync_api import Page, expect

from tests.browser.axe import check_axe
from tests.browser.looks import DESK, at_both_widths
from tests.browser.visits import Visits


def pick_song(songs: list[dict[str, Any]]) -> dict[str, Any]:
    """One whose first word is long enough to be misspelled."""
    return next(song for song in songs if len(song["title"].split()[0]) >= 5)


def test_songs_are_found_while_one_types_and_the_field_keeps_its_focus(demo_page: Page, songs: list[dict[str, Any]]) -> None:
    song = pick_song(songs)
    word = song["title"].split()[0]
    misspelled = word[0] + word[2] + word[1] + word[3:]
    demo_page.goto("/search")
    field = demo_page.get_by_role("searchbox")
    field.press_sequentially(misspelled, delay=30)
    expect(demo_page.locator("#results .track").first).to_be_visible()
    expect(demo_page.locator("#results").get_by_role("link", name=song["title"], exact=True)).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value(misspelled)
    expect(demo_page.locator("#search-news")).to_contain_text("song")
    assert f"q={misspelled}" in unquote(demo_page.url)
    field.fill("zzzzqqqq")
    expect(demo_page.get_by_role("heading", name="Nothing matches “zzzzqqqq”")).to_be_visible()
    expect(demo_page.locator("#search-news")).to_have_text("Nothing matches.")
    field.fill("")
    expect(demo_page.locator("#results .track").nth(5)).to_be_visible()
    assert "q=" not in demo_page.url


def test_more_songs_are_added_to_the_list_and_the_focus_goes_to_the_first_of_them(demo_page: Page) -> None:
    demo_page.goto("/search")
    rows = demo_page.locator("#results .track")
    expect(rows).to_have_count(30)
    demo_page.get_by_role("link", name="More", exact=True).click()
    expect(rows.nth(30)).to_be_visible()
    expect(rows.nth(30).locator(".track-title")).to_be_focused()
    expect(demo_page.locator("#search-news")).to_contain_text("more")


def test_the_library_is_gone_through_by_artist_album_genre_and_year(demo_page: Page) -> None:
    demo_page.goto("/search")
    for tab in ("Artists", "Albums", "Genres", "Years"):
        demo_page.get_by_role("navigation", name="The library by").get_by_role("link", name=tab).click()
        expect(demo_page.get_by_role("link", name=tab, exact=True)).to_have_attribute("aria-current", "page")
        demo_page.locator("#results [data-results] a").first.click()
        expect(demo_page.locator("#results .track").first).to_be_visible()
        demo_page.go_back()


def test_without_a_script_the_form_searches_and_the_link_leads_on(visits: Visits, songs: list[dict[str, Any]]) -> None:
    page = visits.open("demo", look=DESK, has_scripts=False)
    page.goto("/search")
    page.get_by_role("link", name="More", exact=True).click()
    expect(page.locator(".track").first).to_be_visible()
    page.get_by_role("searchbox").fill(songs[0]["title"])
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".track-title").first).to_have_text(songs[0]["title"])


@at_both_widths
def test_lists_of_groups_leave_axe_nothing_to_find(demo_page: Page) -> None:
    for by in ("artist", "album", "genre", "year"):
        demo_page.goto(f"/search?by={by}")
        expect(demo_page.locator("[data-results] > li").first).to_be_visible()
        check_axe(demo_page)
        assert not demo_page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth")
