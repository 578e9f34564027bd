"""The player stays: through pages, reloads and devices, for one listener and in one tab."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.faults import Faults
from tests.browser.looks import DESK, PHONE
from tests.browser.player import HEARD, Song, Told, list_history, list_queue, press, start, wait_until_heard, wait_until_told
from tests.browser.visits import Visits, make_listener
from tests.e2e.listener import wait_until


def test_the_music_goes_on_from_page_to_page_and_back(page: Page, songs: list[Song]) -> None:
    start(page, songs[:3])
    wait_until_heard(page, beyond_s=1)
    page.get_by_role("link", name="History").first.click()
    expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()
    assert page.evaluate(HEARD) > 1
    assert page.title().startswith("History")
    expect(page.locator('body > [data-player="announce"]')).to_have_text(page.title())
    assert page.evaluate("document.activeElement.id") == "main"
    page.go_back()
    page.wait_for_url("**/upload")
    assert page.evaluate(HEARD) > 1


def test_of_two_pages_asked_for_the_later_is_shown(page: Page, songs: list[Song]) -> None:
    start(page, songs[:2])
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/history", hold)
    page.get_by_role("link", name="History").first.click()
    wait_until(lambda: page.evaluate("1") and held, deadline_s=5, what="the slow page to be asked for")
    page.get_by_role("link", name="Home").first.click()
    page.wait_for_url(lambda url: url.rstrip("/").count("/") == 2)
    held[0].abort()
    expect(page).to_have_title("Home · Timbre")


def test_the_way_back_leads_to_the_same_place_and_the_same_link(page: Page, songs: list[Song]) -> None:
    start(page, songs[:2])
    page.get_by_role("link", name="Library").first.click()
    row = page.locator("main .track-title").nth(9)
    title = row.inner_text()
    row.scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    row.click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()
    page.wait_for_function("(top) => Math.abs(scrollY - top) < 2", arg=top)
    assert page.evaluate("document.activeElement.textContent") == title
    assert page.evaluate(HEARD) > 0


def test_a_form_is_sent_and_answered_while_the_music_goes_on(page: Page, songs: list[Song]) -> None:
    start(page, songs[:2])
    page.get_by_role("link", name="Library").first.click()
    page.locator("main input[name=q]").fill("zzzz qqqq")
    page.locator("main input[name=q]").press("Enter")
    page.wait_for_url("**/search?*q=zzzz+qqqq*")
    page.evaluate(
        """() => { const form = document.createElement('form');
            [form.method, form.action] = ['post', '/settings/wrong'];
            form.append(
                Object.assign(document.createElement('button'), { textContent: 'Send' }));
            document.getElementById('main').append(form); }"""
    )
    page.route("**/settings/wrong", lambda route: route.fulfill(status=200, content_type="text/html", body=answer_of(page)))
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_have_text("That did not fit.")
    assert page.evaluate(HEARD) > 0


def answer_of(page: Page) -> str:
    """A page of ours with a fault in its form."""
    return (
        page.request.get("/history")
        .text()
        .replace('<main id="main" tabindex="-1">', '<main id="main" tabindex="-1"><p role="alert">That did not fit.</p>')
    )


def test_a_page_that_cannot_be_reached_is_told_and_the_music_goes_on(page: Page, songs: list[Song], faults: Faults) -> None:
    faults.expect("ERR_FAILED|Failed to fetch")
    start(page, songs[:2])
    page.route("**/history", lambda route: route.abort())
    page.get_by_role("link", name="History").first.click()
    expect(page.locator("#player").get_by_text("The page could not be reached")).to_be_visible()
    wait_until_heard(page, beyond_s=0.5)


def test_a_reload_keeps_song_place_and_queue_and_does_not_tell_the_song_again(page: Page, songs: list[Song]) -> None:
    told = Told(page)
    start(page, songs[:4], place=1)
    wait_until_heard(page, beyond_s=2.5)
    with page.expect_navigation():
        page.evaluate("setTimeout(() => location.reload())")
    expect(page.locator('#player [data-player="title"]')).to_have_text(songs[1]["title"])
    page.get_by_role("button", name="Queue", exact=True).click()
    assert list_queue(page) == [song["title"] for song in songs[2:4]]
    if page.evaluate(HEARD) < 0:
        press(page, "Play")
    wait_until_heard(page, beyond_s=2.4)
    wait_until_told(page)
    assert told.kinds_of(songs[1]) == ["start"]


def test_another_device_goes_on_where_this_one_stopped(visits: Visits, songs: list[Song]) -> None:
    token = make_listener(visits.running)
    first = visits.open(look=DESK, token=token)
    start(first, songs[:3])
    wait_until_heard(first, beyond_s=1.5)
    with first.expect_response(lambda response: response.url.endswith("/listening") and response.request.method == "PUT"):
        press(first, "Pause")
    second = visits.open(look=PHONE, token=token)
    second.goto("/upload")
    expect(second.locator('#player [data-player="title"]')).to_have_text(songs[0]["title"])
    press(second, "Play")
    wait_until_heard(second, beyond_s=1.4)


def test_home_offers_to_continue_where_one_stopped(page: Page, songs: list[Song]) -> None:
    start(page, songs[:2])
    wait_until_heard(page, beyond_s=2.1)
    with page.expect_response(lambda response: response.url.endswith("/listening") and response.request.method == "PUT"):
        press(page, "Pause")
    page.evaluate("localStorage.clear()")
    page.goto("/")
    card = page.locator("[data-continue]")
    if not card.count():
        pytest.skip("Home does not show it yet.")
    expect(card).to_contain_text(songs[0]["title"])
    card.get_by_role("button").click()
    wait_until_heard(page, beyond_s=2)


def test_of_two_tabs_one_plays(page: Page, songs: list[Song]) -> None:
    start(page, songs[:2])
    other = page.context.new_page()
    start(other, songs[2:4])
    expect(page.locator("#player").get_by_text("The music plays in another tab.")).to_be_visible()
    assert page.evaluate(HEARD) == -1
    assert other.evaluate(HEARD) > 0


def test_who_logs_in_next_finds_nothing_of_the_music(page: Page, songs: list[Song], running: dict[str, Any]) -> None:
    start(page, songs[:3])
    wait_until_heard(page, beyond_s=0.5)
    page.evaluate("document.querySelector('form[action$=\"/logout\"]').requestSubmit()")
    page.wait_for_url("**/login*")
    kept = page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('timbre:'))")
    assert set(kept) <= {"timbre:volume", "timbre:shortcuts", "timbre:preview-on-hover"}
    page.context.add_cookies([{"name": "timbre_session", "value": make_listener(running), "url": running["url"]}])
    page.goto("/upload")
    wait_until_told(page)
    expect(page.locator("#player")).to_be_hidden()
    assert page.request.get("/api/v1/listening").json()["queue"] == []


def test_a_tab_of_the_listener_before_falls_silent_when_another_comes(
    page: Page, songs: list[Song], running: dict[str, Any], faults: Faults
) -> None:
    faults.expect("status of 403")  # what the old tab sends in between is refused
    start(page, songs[:3])
    page.context.add_cookies([{"name": "timbre_session", "value": make_listener(running), "url": running["url"]}])
    other = page.context.new_page()
    other.goto("/upload")
    page.wait_for_function("() => document.getElementById('player').hidden")
    wait_until_told(other)
    assert other.request.get("/api/v1/listening").json()["queue"] == []
    assert list_history(other) == []
