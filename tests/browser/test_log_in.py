"""Coming in: one button for who just wants to listen, and home plays at one click."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.axe import check_axe
from tests.browser.looks import DESK, at_both_widths
from tests.browser.visits import Visits
from tests.e2e.listener import wait_until


@at_both_widths
def test_the_demo_is_one_click_away_and_music_one_more(visitor_page: Page) -> None:
    visitor_page.goto("/")
    check_axe(visitor_page)
    visitor_page.get_by_role("button", name="Listen as demo").click()
    expect(visitor_page).to_have_url(re.compile(r"/$"))
    visitor_page.get_by_role("button", name=re.compile("^Play all")).first.click()
    expect(visitor_page.locator("#player").get_by_role("button", name="Pause")).to_be_visible()
    heard = "[...document.querySelectorAll('#player audio')].some((audio) => audio.currentTime > 0.2)"
    wait_until(lambda: visitor_page.evaluate(heard), deadline_s=15, what="the music")


def test_the_demo_works_without_a_script_and_leads_where_one_wanted_to_go(visits: Visits) -> None:
    page = visits.open("nobody", look=DESK, has_scripts=False)
    page.goto("/history")
    page.get_by_role("button", name="Listen as demo").click()
    expect(page).to_have_url(re.compile(r"/history$"))


def test_the_demos_password_is_in_no_page(visitor_page: Page, running: dict[str, str]) -> None:
    visitor_page.goto("/login")
    assert running["demo_password"] not in visitor_page.content()
    visitor_page.get_by_role("button", name="Listen as demo").click()
    expect(visitor_page.get_by_role("navigation", name="Main")).to_be_visible()
    assert running["demo_password"] not in visitor_page.content()
