"""The map under fingers, as a telephone's screen reports them: one moves it, two zoom it, a tap opens a song and its card plays it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.looks import PHONE, Look
from tests.browser.test_map import open_map

Point = tuple[float, float]


@pytest.fixture
def look() -> Look:
    return PHONE


@dataclass
class Fingers:
    """On the stage of the map."""

    page: Page
    session: CDPSession

    def report(self, kind: str, *places: Point) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def slide(self, *ways: tuple[Point, Point], steps: int = 12) -> None:
        """Each finger from here to there, all at once."""
        for number in range(1, len(ways) + 1):
            self.report("touchStart", *[begin for begin, _ in ways[:number]])
        for step in range(1, steps + 1):
            part = step / steps
            self.report("touchMove", *[(x + (to_x - x) * part, y + (to_y - y) * part) for (x, y), (to_x, to_y) in ways])
        self.report("touchEnd")

    def tap(self, place: Point) -> None:
        self.report("touchStart", place)
        self.report("touchEnd")

    def camera(self) -> dict[str, float]:
        asked: dict[str, float] = self.page.evaluate("() => ({ ...document.querySelector('[data-map]').timbreMap.camera.state })")
        return asked

    def stage(self) -> dict[str, float]:
        box: Any = self.page.locator(".map-stage").bounding_box()
        assert box is not None
        return dict(box)

    def middle(self) -> Point:
        box = self.stage()
        return (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def place_of_a_song(self) -> Point:
        """One that is in the open, on the page's own coordinates."""
        place: list[float] = self.page.evaluate(
            """() => {
              const scene = document.querySelector('[data-map]').timbreMap;
              const stage = document.querySelector('.map-stage');
              const box = stage.getBoundingClientRect();
              for (const index of scene.listMiddleOfView(20)) {
                const [x, y] = scene.positionOf(index);
                const place = [box.left + x, box.top + y];
                if (document.elementFromPoint(...place)?.closest('.map-stage') === stage) return place;
              }
              return [];
            }"""
        )
        return (place[0], place[1])


@pytest.fixture
def fingers(page: Page) -> Fingers:
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})
    open_map(page)
    return Fingers(page, session)


def test_one_finger_moves_the_map_with_it_and_neither_the_page_nor_a_song(fingers: Fingers) -> None:
    before = fingers.camera()
    x, y = fingers.middle()
    fingers.slide(((x, y), (x - 90, y - 60)))
    after = fingers.camera()
    assert (after["x"] - before["x"]) * before["scale"] == pytest.approx(90, abs=1)
    assert (after["y"] - before["y"]) * before["scale"] == pytest.approx(60, abs=1)
    assert after["scale"] == before["scale"]
    assert fingers.page.evaluate("() => [scrollX, scrollY]") == [0, 0]
    expect(fingers.page.locator(".map-card")).to_be_hidden()
    expect(fingers.page.locator("#player")).to_be_hidden()


def test_two_fingers_zoom_about_what_is_between_them(fingers: Fingers) -> None:
    before = fingers.camera()
    x, y = fingers.middle()
    under = fingers.page.evaluate(MAP_PLACE, [x, y])
    fingers.slide(((x - 30, y), (x - 90, y)), ((x + 30, y), (x + 90, y)))
    wide = fingers.camera()
    assert wide["scale"] / before["scale"] == pytest.approx(3, rel=0.05)
    still = fingers.page.evaluate(MAP_PLACE, [x, y])
    assert [(now - then) * wide["scale"] for now, then in zip(still, under, strict=True)] == pytest.approx([0, 0], abs=8)
    fingers.slide(((x - 90, y), (x - 30, y)), ((x + 90, y), (x + 30, y)))
    assert fingers.camera()["scale"] / before["scale"] == pytest.approx(1, rel=0.05)
    assert fingers.page.evaluate("() => visualViewport.scale") == 1  # the map was zoomed, not the page


def test_a_tap_opens_a_song_and_its_card_plays_it(fingers: Fingers) -> None:
    page = fingers.page
    fingers.tap(fingers.place_of_a_song())
    card = page.locator(".map-card.is-pinned")
    expect(card).to_be_visible()
    title = card.get_by_role("link").first.inner_text()
    button = card.get_by_role("button", name="Play", exact=False).first
    box = button.bounding_box()
    assert box is not None
    fingers.tap((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    expect(page.locator("#player")).to_be_visible()
    expect(page.locator("#player").get_by_role("link", name=title)).to_be_visible()


def test_a_double_tap_goes_closer(fingers: Fingers) -> None:
    before = fingers.camera()["scale"]
    place = fingers.middle()
    fingers.tap(place)
    fingers.tap(place)
    assert fingers.camera()["scale"] == pytest.approx(2 * before, rel=0.01)


MAP_PLACE = """([x, y]) => {
  const box = document.querySelector('.map-stage').getBoundingClientRect();
  return document.querySelector('[data-map]').timbreMap.camera.toMap(x - box.left, y - box.top);
}"""
