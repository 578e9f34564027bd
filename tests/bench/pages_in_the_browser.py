"""Every page in Chromium as its visitor sees it: LCP and CLS of a first visit without a cache, and INP of the clicks that a listener
makes (menu, play, next page), at both widths, as one JSON line. The targets: LCP ≤ 1 s, INP ≤ 200 ms, CLS ≤ 0.1.

python -m tests.bench.pages_in_the_browser   (TIMBRE_RUN_FILE=… measures a machine that is up)
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import find_chromium, launch_chromium
from tests.browser.demo_machine import open_demo_machine
from tests.browser.faults import Faults
from tests.browser.looks import DESK, PHONE, Look
from tests.browser.pages import SITE_PAGES, SitePage, list_songs
from tests.browser.visits import Visits, log_in_demo, make_listener
from tests.browser.vitals import CLS, INP_MS, LCP_MS, Vitals, read_vitals

TURNS = 3


def measure(visits: Visits, page: SitePage, look: Look, *, token: str, track_id: str) -> Vitals:
    """A context of its own each time, so nothing is cached."""
    opened = visits.open("nobody", look=look, token=token)
    opened.goto(page.address(track_id))
    opened.wait_for_load_state("networkidle")
    if look.is_phone:
        opened.mouse.wheel(0, 2000)
    act(opened)
    vitals = read_vitals(opened)
    opened.context.close()
    return vitals


def act(page: Page) -> None:
    """What the page offers of it: the account's menu, a song that plays, a way to another page while it plays."""
    for selector in (".account > summary", "main [data-play]", ".site-nav a[href$='/history']"):
        target = page.locator(selector).first
        if page.locator(selector).count() and target.is_visible():
            target.click()
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")


def describe(page: SitePage, look: Look, found: list[Vitals]) -> dict[str, Any]:
    return {
        "page": page.name,
        "width": look.width,
        "lcp_ms": statistics.median(vitals.lcp_ms for vitals in found),
        "cls": max(vitals.cls for vitals in found),
        "inp_ms": statistics.median(vitals.inp_ms for vitals in found),
        "slowest": found[-1].slowest,
        "shifted": sorted({shifted for vitals in found for shifted in vitals.shifted}),
    }


def is_within_targets(row: dict[str, Any]) -> bool:
    return bool(row["lcp_ms"] <= LCP_MS and row["cls"] <= CLS and row["inp_ms"] <= INP_MS)


def main() -> int:
    executable = find_chromium()
    if executable is None:
        print(json.dumps({"bench": "pages_in_the_browser", "skipped": "there is no Chromium"}), flush=True)
        return 0
    with tempfile.TemporaryDirectory() as folder, open_demo_machine(Path(folder)) as running, sync_playwright() as playwright:
        browser = launch_chromium(playwright, executable)
        visits = Visits(browser, running, faults=Faults(), demo_token=lambda: "")
        tokens = {"demo": log_in_demo(running), "fresh": make_listener(running), "nobody": ""}
        track_id = list_songs(running, tokens["demo"])[0]["track_id"]
        pages = [page for page in SITE_PAGES if page.status == 200]
        rows = [
            describe(page, look, [measure(visits, page, look, token=tokens[page.who], track_id=track_id) for _ in range(TURNS)])
            for look in (PHONE, DESK)
            for page in pages
        ]
        browser.close()
    record = {
        "bench": "pages_in_the_browser",
        "lcp_ms_worst": max(row["lcp_ms"] for row in rows),
        "cls_worst": max(row["cls"] for row in rows),
        "inp_ms_worst": max(row["inp_ms"] for row in rows),
        "beyond_targets": [row for row in rows if not is_within_targets(row)],
        "pages": [{name: row[name] for name in ("page", "width", "lcp_ms", "cls", "inp_ms")} for row in rows],
    }
    print(json.dumps(record), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
