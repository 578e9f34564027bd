"""What holds for every page, at both widths and in both schemes: nothing for axe to find, nothing wider than the screen, headings in
order, a way through by keyboard that one can see, and no error in the console (that one the fixtures see to).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.axe import check_axe, check_contrast
from tests.browser.faults import Faults
from tests.browser.looks import DESK, PHONE, Look, at_both_widths
from tests.browser.pages import SITE_PAGES, SitePage
from tests.browser.visits import Visits

SMALLEST_WIDTH = 320  # of WCAG 1.4.10, Reflow
STEPS_BY_TAB = 24

each_page = pytest.mark.parametrize("site_page", SITE_PAGES, ids=lambda site_page: site_page.name)


def open_page(visits: Visits, site_page: SitePage, songs: list[dict[str, Any]], faults: Faults, **how: Any) -> Page:
    """`how`: of `Visits.open`."""
    if site_page.status != 200:
        faults.expect(f"status of {site_page.status}")
    page = visits.open(site_page.who, **how)
    answer = page.goto(site_page.address(songs[0]["track_id"]))
    assert answer is not None
    assert answer.status == site_page.status
    return page


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@at_both_widths
@each_page
def test_page_fits_the_screen_and_leaves_axe_nothing_to_find(
    visits: Visits, faults: Faults, songs: list[dict[str, Any]], site_page: SitePage, look: Look
) -> None:
    page = open_page(visits, site_page, songs, faults, look=look)
    check_axe(page)
    assert not is_wider_than_the_screen(page)
    page.emulate_media(color_scheme="dark")
    check_contrast(page)
    page.set_viewport_size({"width": SMALLEST_WIDTH, "height": 640})
    assert not is_wider_than_the_screen(page)


@each_page
def test_without_a_script_the_page_has_its_title_and_its_headings_in_order(
    visits: Visits, faults: Faults, songs: list[dict[str, Any]], site_page: SitePage
) -> None:
    page = open_page(visits, site_page, songs, faults, look=DESK, has_scripts=False)
    levels = [int(heading.evaluate("(element) => element.tagName[1]")) for heading in page.locator("h1, h2, h3, h4").all()]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


DESCRIBE_FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const shown = element.matches("input.unseen, .segmented input") ? element.labels[0] : element;
  const box = shown.getBoundingClientRect();
  const style = getComputedStyle(element);
  const points = [[0.5, 0.5], [0.2, 0.2], [0.8, 0.2], [0.2, 0.8], [0.8, 0.8]];
  const covers = points.map(([x, y]) => document.elementFromPoint(box.left + x * box.width, box.top + y * box.height));
  return {
    name: element.outerHTML.slice(0, 120),
    isMarked: shown !== element || style.outlineStyle !== "none" || style.boxShadow !== "none",
    isSeen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    isCovered: covers.every((top) => top && !shown.contains(top) && !top.contains(shown)),
    isSkipLink: element.matches(".skip-link"),
  };
}"""


@each_page
def test_by_keyboard_the_focus_is_always_seen(visits: Visits, faults: Faults, songs: list[dict[str, Any]], site_page: SitePage) -> None:
    """On a phone, where tabs stand over the page and can hide what has the focus."""
    page = open_page(visits, site_page, songs, faults, look=PHONE)
    page.emulate_media(reduced_motion="reduce")
    seen = []
    for _ in range(STEPS_BY_TAB):
        page.keyboard.press("Tab")
        focus = page.evaluate(DESCRIBE_FOCUS)
        if focus is None:
            break
        seen.append(focus)
    assert seen
    hidden = [focus["name"] for focus in seen if not focus["isSeen"] or focus["isCovered"]]
    assert not hidden, "\n".join(hidden)
    unmarked = [focus["name"] for focus in seen if not focus["isMarked"]]
    assert not unmarked, "\n".join(unmarked)
