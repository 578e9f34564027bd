"""What tests of the player share: how songs are started, what is heard, which plays were told."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, Request, expect

Song = dict[str, Any]
HEARD = """() => {
    const audio = [...document.querySelectorAll('#player audio')].find((one) => !one.paused);
    return audio ? audio.currentTime : -1;
}"""
QUEUE = "#queue-list [data-queue-title]"


def start(page: Page, songs: list[Song], *, place: int = 0) -> None:
    """As a map or a radio does it: by the player's own event, since no browser lets music begin without a click."""
    page.goto("/upload")
    page.locator("h1").first.click()
    page.evaluate("(detail) => document.dispatchEvent(new CustomEvent('timbre:play', { detail }))", {"tracks": songs, "place": place})
    wait_until_heard(page)


def wait_until_heard(page: Page, *, beyond_s: float = 0.2) -> None:
    page.wait_for_function(f"(beyond) => ({HEARD})() > beyond", arg=beyond_s)


def hurry(page: Page, times: float) -> None:
    """Songs pass so many times as fast: all of them is heard, sooner."""
    page.evaluate(
        "(times) => document.querySelectorAll('#player audio').forEach((one) => (one.defaultPlaybackRate = one.playbackRate = times))",
        times,
    )


def press(page: Page, name: str) -> None:
    page.locator("#player").get_by_role("button", name=name, exact=True).click()


def open_queue(page: Page) -> None:
    press(page, "Queue")
    expect(page.locator("#now-playing")).to_be_visible()


def seek_to(page: Page, seconds: float) -> None:
    slider = page.locator('#player [data-player="seek"]')
    slider.evaluate("(slider, at) => { slider.value = at; slider.dispatchEvent(new Event('change')); }", seconds)


def title_of(page: Page) -> str:
    return page.locator('#player [data-player="title"]').inner_text()


def list_queue(page: Page) -> list[str]:
    return page.locator(QUEUE).all_inner_texts()


class Told:
    """Every play that the page sends, in order, with each attempt."""

    def __init__(self, page: Page) -> None:
        self.attempts: list[dict[str, Any]] = []
        page.context.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/v1/plays"):
            self.attempts.append(json.loads(request.post_data or "{}"))

    def kinds_of(self, song: Song) -> list[str]:
        """Each event once, however often it was sent."""
        mine = {attempt["event_id"]: attempt["kind"] for attempt in self.attempts if attempt["track_id"] == song["track_id"]}
        return list(mine.values())


def wait_until_told(page: Page) -> None:
    """The server has every play of this page."""
    page.wait_for_function("() => ['[]', null].includes(localStorage.getItem('timbre:outbox'))")


def list_history(page: Page) -> list[dict[str, Any]]:
    answer = page.request.get("/api/v1/history?limit=100")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
