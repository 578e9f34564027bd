"""Every page at both widths, light and dark, as PNG files to look at:

TIMBRE_RUN_FILE=<home>/run.json python -m tests.browser.screenshots --to DIR [--only home,login] [--looks 390-dark] [--fold]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import find_chromium, launch_chromium
from tests.browser.demo_machine import open_demo_machine
from tests.browser.faults import Faults
from tests.browser.looks import EVERY_LOOK, Look
from tests.browser.pages import SITE_PAGES, SitePage, list_songs
from tests.browser.visits import Visits, log_in_demo, make_listener


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description="Screenshots of every page.")
    parser.add_argument("--to", type=Path, required=True, help="the folder for the PNG files")
    parser.add_argument("--only", default="", help="names of pages, by commas")
    parser.add_argument("--looks", default="", help="names of looks, by commas: 390-light, 1280-light, 390-dark, 1280-dark")
    parser.add_argument("--fold", action="store_true", help="only what a visitor sees without scrolling")
    parser.add_argument("--playing", action="store_true", help="with the first song of the page playing, where there is one")
    options = parser.parse_args(arguments)
    executable = find_chromium()
    if executable is None:
        print("There is no Chromium.", file=sys.stderr)
        return 1
    options.to.mkdir(parents=True, exist_ok=True)
    pages = [page for page in SITE_PAGES if not options.only or page.name in options.only.split(",")]
    looks = [look for look in EVERY_LOOK if not options.looks or look.name in options.looks.split(",")]
    with tempfile.TemporaryDirectory() as folder, open_demo_machine(Path(folder)) as running, sync_playwright() as playwright:
        browser = launch_chromium(playwright, executable)
        take_all(Visits(browser, running, faults=Faults(), demo_token=lambda: ""), running, pages, looks, options)
        browser.close()
    return 0


def take_all(visits: Visits, running: dict[str, Any], pages: Sequence[SitePage], looks: Sequence[Look], options: Any) -> None:
    """`options`: argparse's. One new listener and one session of the demo listener for all pictures."""
    tokens = {"demo": log_in_demo(running), "fresh": make_listener(running), "nobody": ""}
    track_id = list_songs(running, tokens["demo"])[0]["track_id"]
    for look in looks:
        for page in pages:
            opened = visits.open("nobody", look=look, token=tokens[page.who])
            answer = opened.goto(page.address(track_id))
            if answer is None or answer.status != page.status:
                print(f"{page.name} answers {answer.status if answer else 'nothing'}", file=sys.stderr)
            opened.wait_for_load_state("networkidle")
            if options.playing:
                _play_first(opened)
            path = options.to / f"{page.name}-{look.name}.png"
            opened.screenshot(path=path, full_page=not options.fold)
            opened.context.close()
            print(path)


def _play_first(page: Page) -> None:
    if page.locator("main [data-play]").count():
        page.locator("main [data-play]").first.click()
        page.locator("#player").wait_for()


if __name__ == "__main__":
    sys.exit(main())
