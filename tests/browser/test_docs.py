"""The page about the API: found by words, linked within, copied from, and whole without a script. (Axe and widths: test_every_page.)"""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.looks import DESK, PHONE
from tests.browser.visits import Visits

DOCS = "/api/v1/docs"


def test_the_search_leaves_what_was_asked_for_and_says_how_much(visitor_page: Page) -> None:
    page = visitor_page
    page.goto(DOCS)
    page.keyboard.press("/")
    page.keyboard.type("notes listening")
    expect(page.locator("#create_play")).to_be_visible()
    expect(page.locator("#show_health")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("1 found")
    page.get_by_role("searchbox").fill("no such thing at all")
    expect(page.get_by_role("status")).to_have_text("0 found")
    page.get_by_role("searchbox").fill("")
    expect(page.locator("#show_health")).to_be_visible()


def test_a_link_to_what_the_search_hides_ends_the_search(visitor_page: Page) -> None:
    page = visitor_page
    page.goto(DOCS)
    page.get_by_role("searchbox").fill("POST /plays")
    page.locator("#create_play").get_by_role("link", name="track_not_found").click()
    expect(page.locator("#error-track_not_found")).to_be_in_viewport()
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_the_line_for_curl_is_copied_as_it_stands(visitor_page: Page) -> None:
    page = visitor_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(DOCS)
    operation = page.locator("#create_play")
    operation.get_by_role("button", name="Copy").click()
    expect(operation.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("curl ")
    assert copied == operation.get_by_label("With curl").text_content()


def test_without_a_script_everything_is_there_and_nothing_that_does_nothing(visits: Visits) -> None:
    page = visits.open("nobody", look=DESK, has_scripts=False)
    page.goto(DOCS)
    expect(page.get_by_role("searchbox")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy").first).to_be_hidden()
    page.get_by_role("link", name="POST /plays").first.click()
    expect(page.locator("#create_play h3")).to_be_in_viewport()
    page.locator("#create_play").get_by_text("Accepted: PlayAccepted").click()
    expect(page.get_by_label("Example of PlayAccepted")).to_contain_text("accepted")


def test_on_a_phone_the_contents_are_folded_until_asked_for(visits: Visits) -> None:
    page = visits.open("nobody", look=PHONE)
    page.goto(DOCS)
    entry = page.locator(".docs-index").get_by_role("link", name="POST /plays")
    expect(entry).to_be_hidden()
    page.get_by_text("Contents", exact=True).click()
    entry.click()
    expect(page.locator("#create_play h3")).to_be_in_viewport()
