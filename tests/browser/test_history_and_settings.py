"""What a listener does with their history and their account, in a browser."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import check_axe
from tests.browser.looks import DESK, at_both_widths
from tests.browser.visits import SESSION_COOKIE, Visits
from tests.e2e.listener import Listener, wait_until

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Version/18.0 Mobile Safari/604"


def read_token(page: Page) -> str:
    return next(each["value"] for each in page.context.cookies() if each["name"] == SESSION_COOKIE)


def make_api(running: dict[str, Any], page: Page) -> httpx.Client:
    headers = {"Authorization": f"Bearer {read_token(page)}"}
    return httpx.Client(base_url=running["url"] + "/api/v1", headers=headers, timeout=30, trust_env=False)


def play_songs(running: dict[str, Any], page: Page, songs: list[dict[str, Any]]) -> None:
    """Started and heard to the end, and counted."""
    with make_api(running, page) as api:
        for song in songs:
            for kind in ("start", "complete"):
                play = {"event_id": uuid.uuid4().hex, "track_id": song["track_id"], "kind": kind, "position_s": 1.0}
                api.post("/plays", json=play).raise_for_status()
        wait_until(lambda: api.get("/me/statistics").json()["plays"] == len(songs), deadline_s=60, what="the plays to be counted")


@at_both_widths
@pytest.mark.usefixtures("look")
def test_a_listening_is_removed_and_comes_back_by_the_toast(page: Page, running: dict[str, Any], songs: list[dict[str, Any]]) -> None:
    play_songs(running, page, songs[:2])
    page.goto("/history")
    rows = page.locator("[data-history] > li:visible")
    expect(rows).to_have_count(2)
    check_axe(page)
    page.get_by_role("button", name=f"Remove {songs[0]['title']} from the history").click()
    expect(rows).to_have_count(1)
    with make_api(running, page) as api:
        wait_until(lambda: len(api.get("/history").json()["items"]) == 2, deadline_s=10, what="the listening to be gone")
        assert api.get("/me/statistics").json()["plays"] == 1
        page.get_by_role("button", name="Undo").click()
        expect(rows).to_have_count(2)
        wait_until(lambda: api.get("/me/statistics").json()["plays"] == 2, deadline_s=10, what="the listening to count again")
    page.reload()
    expect(rows).to_have_count(2)


def test_the_numbers_are_pictures_with_tables(page: Page, running: dict[str, Any], songs: list[dict[str, Any]]) -> None:
    play_songs(running, page, songs[:3])
    page.goto("/history/statistics")
    expect(page.locator(".columns rect").first).to_be_visible()
    page.locator("summary", has_text="The numbers").first.click()
    expect(page.get_by_role("table").first.get_by_role("cell", name="3")).to_be_visible()
    expect(page.get_by_role("region", name="Artists")).to_be_visible()
    check_axe(page)
    page.get_by_role("link", name="All time").click()
    expect(page.get_by_role("link", name="All time")).to_have_attribute("aria-current", "true")


def test_while_history_is_paused_nothing_is_kept_and_the_player_says_so(
    page: Page, running: dict[str, Any], songs: list[dict[str, Any]]
) -> None:
    page.goto("/settings")
    page.get_by_role("button", name="Pause history").click()
    expect(page.get_by_text("Nothing that you play is kept from now on")).to_be_visible()
    page.goto(f"/tracks/{songs[0]['track_id']}")
    with page.expect_response(lambda answer: answer.url.endswith("/plays")) as played:
        page.locator("main [data-play]").first.click()
    assert played.value.status == 202  # its body cannot be read here: the request outlives its page
    expect(page.get_by_role("link", name="History paused")).to_be_visible()
    with make_api(running, page) as api:
        assert api.get("/history").json()["items"] == []
    page.goto("/settings")
    page.get_by_role("button", name="Keep my history again").click()
    expect(page.get_by_text("History is on again")).to_be_visible()


@at_both_widths
@pytest.mark.usefixtures("look")
def test_the_look_is_chosen_at_once_and_stays(page: Page) -> None:
    page.goto("/settings")
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with page.expect_response(re.compile("/settings")):
        page.get_by_role("radio", name="Dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_another_device_is_seen_and_logged_out(visits: Visits, running: dict[str, Any]) -> None:
    listener = Listener(running)
    credentials = {"username": listener.username, "password": listener.password}
    answer = listener.api.post("/session", json=credentials, headers={"User-Agent": IPHONE}).raise_for_status()
    other = {"Authorization": f"Bearer {answer.json()['token']}"}
    page = visits.open("fresh", look=DESK, token=take_token(listener))
    page.goto("/settings")
    page.get_by_role("button", name=re.compile("Log out Safari on iPhone")).click()
    expect(page.get_by_text("That device is logged out")).to_be_visible()
    assert httpx.get(running["url"] + "/api/v1/me", headers=other, trust_env=False).status_code == 401


def take_token(listener: Listener) -> str:
    listener.api.close()
    return str(listener.api.headers["Authorization"]).removeprefix("Bearer ")


def test_everything_can_be_taken_along_without_a_script(visits: Visits, running: dict[str, Any], songs: list[dict[str, Any]]) -> None:
    page = visits.open("fresh", look=DESK, has_scripts=False)
    page.goto("/settings")
    play_songs(running, page, songs[:1])
    page.get_by_role("button", name="Prepare my data").click()
    link = page.get_by_role("link", name=re.compile("Download")).get_attribute("href")
    assert link is not None
    exported = json.loads(httpx.get(link, trust_env=False).raise_for_status().content)
    assert [play["kind"] for play in exported["plays"]] == ["start", "complete"]
    assert exported["songs"][0]["title"] == songs[0]["title"]
    page.goto("/history")
    page.get_by_role("button", name=re.compile("Remove .* from the history")).click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It is in your history again")).to_be_visible()


def test_an_account_is_erased_by_its_password(visits: Visits, running: dict[str, Any]) -> None:
    listener = Listener(running)
    page = visits.open("fresh", look=DESK, token=(token := take_token(listener)))
    page.goto("/settings")
    page.locator("summary", has_text="Erase everything").click()
    check_axe(page)
    page.locator("#erase-password").fill(listener.password)
    page.locator("#erase").get_by_role("button", name="Erase everything").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Welcome|Log in"))
    answer = httpx.get(running["url"] + "/api/v1/me", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    assert answer.status_code == 401
