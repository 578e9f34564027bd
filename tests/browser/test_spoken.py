"""What a screen reader says: once, and when something has happened that nobody hears or sees otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.faults import Faults
from tests.browser.looks import PHONE, Look
from tests.browser.player import Song, open_queue, press, start
from tests.browser.songs_to_drop import compose_song

TOLD = """() => [...document.querySelectorAll('[data-player="announce"]')].map((region) => region.textContent).filter(Boolean)"""
GENERATED = """() => [...document.querySelectorAll('main *')].flatMap((element) => ['::before', '::after'].map((part) =>
    getComputedStyle(element, part).content)).filter((content) => /^"[^"]+"$/.test(content))"""


def test_what_is_told_beside_the_open_queue_is_told_once(page: Page, songs: list[Song]) -> None:
    start(page, songs[:4])
    open_queue(page)
    page.get_by_role("button", name=f"Remove {songs[1]['title']} from the queue").click()
    assert page.evaluate(TOLD) == [f"{songs[1]['title']} removed from the queue."]


@pytest.mark.parametrize("look", [PHONE])
def test_behind_a_sheet_that_holds_the_focus_the_sheet_itself_tells(page: Page, songs: list[Song], look: Look) -> None:
    start(page, songs[:4])
    page.locator("#player [data-act=open]").click()
    page.locator("#now-playing").get_by_role("button", name="Shuffle").click()
    expect(page.locator('#now-playing [data-player="announce"]')).to_have_text("Shuffled.")
    assert look.is_phone


def test_next_and_previous_say_which_song_it_is(page: Page, songs: list[Song]) -> None:
    start(page, songs[:3])
    press(page, "Next song")
    expect(page.locator('body > [data-player="announce"]')).to_contain_text(songs[1]["title"])
    press(page, "Previous song")
    expect(page.locator('body > [data-player="announce"]')).to_contain_text(songs[0]["title"])


def test_that_a_like_did_not_arrive_is_said(page: Page, songs: list[Song], faults: Faults) -> None:
    faults.expect("status of 503")
    page.route("**/feedback", lambda route: route.fulfill(status=503, body="{}"))
    page.goto(f"/tracks/{songs[0]['track_id']}")
    page.locator(".song").get_by_role("button", name="Like", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("did not arrive")


def test_that_sending_has_begun_is_said_and_how_it_ended(page: Page, tmp_path: Path) -> None:
    held: list[Route] = []
    page.route("**/api/v1/uploads", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    page.goto("/upload")
    path = tmp_path / "spoken.mp3"
    compose_song(path)
    page.set_input_files("#files", path)
    news = page.locator("#tray-news")
    expect(news).to_have_text("Sending 1 song.")
    held[0].continue_()
    expect(news).to_have_text("1 song ready", timeout=30_000)


def test_signs_between_words_are_not_read(page: Page, songs: list[Song]) -> None:
    """A dot or an angle that a sheet puts between words has an empty text for whoever listens."""
    for address in (f"/tracks/{songs[0]['track_id']}", "/upload", "/api/v1/docs"):
        page.goto(address)
        assert page.evaluate(GENERATED) == []


def test_the_way_of_keys_over_the_map_is_read_with_the_map_and_not_again_after_it(page: Page) -> None:
    page.goto("/map")
    stage = page.get_by_role("application", name="Songs on the map")
    expect(stage).to_have_accessible_description(
        "Arrow keys go from song to song, with Shift they move the map. Plus and minus zoom, 0 shows all. Enter plays the song."
    )
    expect(page.locator("#map-keys")).to_be_hidden()
    expect(page.get_by_role("list", name="Genres").get_by_role("button").first).to_contain_text("song")


def test_lists_without_marks_are_lists_in_safari_too(page: Page) -> None:
    """WebKit takes a list whose marks a sheet has removed for a mere group, unless it says what it is."""
    for address in ("/", "/search?by=artist", "/search?by=genre", "/upload", "/settings"):
        page.goto(address)
        unmarked = (
            "() => [...document.querySelectorAll('main ul')].filter((list) => !list.matches('[role], nav *')).map((list) => list.className)"
        )
        assert page.evaluate(unmarked) == [], address


def test_no_button_is_named_and_then_described_by_the_same_word_and_the_pointer_still_has_a_tip(page: Page) -> None:
    page.goto("/")
    like = page.locator(".home-card [data-opinion=like]").first
    expect(like).to_be_attached()
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    told = [
        (node["name"]["value"], node.get("description", {}).get("value", ""))
        for node in nodes
        if node.get("role", {}).get("value") == "button"
    ]
    assert any(name.startswith("Like ") for name, _ in told)
    assert [pair for pair in told if pair[1] and pair[1].split()[0].lower() in pair[0].lower().split()] == []
    like.hover()
    expect(like).to_have_attribute("title", str(like.get_attribute("aria-label")))
    page.mouse.move(0, 0)
    expect(like).not_to_have_attribute("title", re.compile("."))
