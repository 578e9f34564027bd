"""Mixes, radio, paths and songs like a recording, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.axe import check_axe
from tests.browser.looks import DESK
from tests.browser.player import open_queue, press, title_of, wait_until_heard
from tests.browser.songs_to_drop import compose_song
from tests.browser.visits import Visits

Song = dict[str, Any]


def test_a_mix_is_put_together_from_menus_and_changed_by_links(demo_page: Page, songs: list[Song]) -> None:
    demo_page.goto("/search")
    row = demo_page.locator(f'[data-track-id="{songs[0]["track_id"]}"]').first
    row.locator("[data-song-menu]").click()
    demo_page.get_by_role("menuitem", name="Add to mix").click()
    demo_page.locator("#toasts").get_by_role("button", name="Open the mix").click()
    expect(demo_page.get_by_role("region", name="More like").get_by_text(songs[0]["title"])).to_be_visible()
    items = demo_page.locator(".mix-items > li")
    expect(items.nth(3)).to_be_visible()
    check_axe(demo_page)
    title = items.nth(1).get_attribute("data-title")
    demo_page.get_by_role("link", name=f"Less like {title}", exact=True).click()
    expect(demo_page.get_by_role("region", name="Less like").get_by_text(str(title))).to_be_visible()
    expect(demo_page.locator(".mix-items").get_by_text(str(title), exact=True)).to_have_count(0)
    demo_page.get_by_role("link", name=f"Take {title} out", exact=True).click()
    expect(demo_page.get_by_role("region", name="Less like").get_by_text("Nothing. Press")).to_be_visible()


def test_a_path_is_laid_between_two_songs_and_plays(demo_page: Page, songs: list[Song]) -> None:
    demo_page.goto(f"/tracks/{songs[0]['track_id']}")
    demo_page.get_by_role("link", name="Path from here").click()
    field = demo_page.get_by_role("searchbox", name="The last song")
    field.fill(songs[7]["title"])
    field.press("Enter")
    demo_page.get_by_role("link", name=f"Choose {songs[7]['title']}", exact=True).first.click()
    steps = demo_page.locator(".path-steps > li")
    expect(steps.first.get_by_role("link", name=songs[0]["title"])).to_be_visible()
    expect(steps.last.get_by_role("link", name=songs[7]["title"])).to_be_visible()
    check_axe(demo_page)
    five = demo_page.get_by_role("link", name="5 songs", exact=True)
    five.click()
    expect(five).to_have_attribute("aria-current", "true")
    assert 2 <= steps.count() <= 5  # fewer where the two are close
    demo_page.get_by_role("button", name="Play all of the path").click()
    wait_until_heard(demo_page)
    assert title_of(demo_page) == songs[0]["title"]


def test_a_radio_goes_on_and_turns_when_a_song_is_skipped(page: Page, songs: list[Song]) -> None:
    page.goto(f"/tracks/{songs[0]['track_id']}")
    page.get_by_role("button", name="Radio").click()
    wait_until_heard(page)
    assert title_of(page) == songs[0]["title"]
    expect(page.locator("#toasts")).to_contain_text("Radio from")
    open_queue(page)
    expect(page.locator("#queue-list > li").nth(3)).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_request(lambda request: "/api/v1/radio?" in request.url and f"skipped={songs[0]['track_id']}" in request.url):
        press(page, "Next song")
    page.wait_for_function(
        "(title) => document.querySelector('#player [data-player=\"title\"]').textContent !== title", arg=songs[0]["title"]
    )
    wait_until_heard(page)


def test_songs_like_a_recording_are_found_and_it_is_not_kept(visits: Visits, tmp_path: Path, songs: list[Song]) -> None:
    page = visits.open("fresh", look=DESK)
    page.goto("/query")
    check_axe(page)
    page.locator("#query-file").set_input_files(compose_song(tmp_path / "hum.wav", seconds=4))
    found = page.get_by_role("region", name="Sounds like “hum.wav”").locator(".track")
    expect(found.nth(2)).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Choose a file", exact=True)).to_be_hidden()
    check_axe(page)
    page.get_by_text("Another recording").click()
    expect(page.get_by_text("Choose a file", exact=True)).to_be_visible()
    check_axe(page)
    assert "/query?id=" in page.url
    titles = {song["title"] for song in songs}
    assert found.first.get_attribute("data-title") in titles or found.count() > 2
    listed = page.request.get("/api/v1/tracks?q=hum").json()["items"]
    assert all(item["title"] != "hum" for item in listed)


def test_what_is_no_recording_says_so(page: Page, tmp_path: Path) -> None:
    page.goto("/query")
    bad = tmp_path / "noise.mp3"
    bad.write_bytes(b"this is no song at all " * 100)
    page.locator("#query-file").set_input_files(bad)
    expect(page.locator("#query-state")).not_to_contain_text("Sending", timeout=60_000)
    expect(page.locator("#query-state")).not_to_contain_text("Listening", timeout=60_000)
    expect(page.locator("#query-state")).not_to_be_empty()
