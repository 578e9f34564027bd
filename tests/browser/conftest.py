"""What browser tests stand on. Write yours as `tests/browser/test_<part>.py`; the fixtures:

- `page`: a Playwright page of a listener who signed up this moment. `demo_page`: of the demo listener. `visitor_page`: of nobody.
  Addresses are relative: `page.goto("/search")`. Default look: 1280 wide, light.
- `look`: override it by `@in_every_look` (390 and 1280, light and dark) or `@at_both_widths` of `tests/browser/looks.py`, or by
  `@pytest.mark.parametrize("look", [PHONE])`; the three pages above follow it. A test that does not depend on it takes one look only.
- `visits.open("fresh" | "demo" | "nobody", look=…, has_scripts=False, token=…)`: another page in a context of its own (a second device
  of the same listener: `token=`), or one without JavaScript.
- `running`: the machine's run file: url, demo_username, demo_password, aws_endpoint_url, music_bucket, mongodb_uri, …
- `songs`: the library as the API lists it (at least 12), for ids and titles.
- `faults`: every test fails at its end when a page wrote an error to its console, threw one, or broke its content security policy.
  A test that provokes one says so: `faults.expect("status of 404")`.
- `check_axe(page)` of `tests/browser/axe.py`: WCAG 2.2 AA and best practices; `check_axe(page, within=".menu")` for a part, opened.
- `read_vitals(page)` of `tests/browser/vitals.py`: LCP, CLS and INP so far (the probe is in every page already).

Use Playwright's `expect(locator).to_…` (it polls) and never a bare wait; ask by role and name, as a screen reader does:
`page.get_by_role("button", name="Play all")`.

The machine: one for the package, composed music kept between runs. With TIMBRE_RUN_FILE=<home>/run.json the tests use one that is up:
start it with SIGN_UPS_PER_HOUR=1000000 LOG_INS_PER_5_MINUTES=1000000, for every test signs somebody up. Restart it to see changes.
Screenshots of all pages: `TIMBRE_RUN_FILE=… python -m tests.browser.screenshots --to DIR [--only home,login]`; then look at them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import find_chromium, launch_chromium
from tests.browser.demo_machine import open_demo_machine
from tests.browser.faults import Faults
from tests.browser.looks import DESK, Look
from tests.browser.pages import list_songs
from tests.browser.visits import Visits, log_in_demo
from tests.conftest import give_up


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of the package waits for a machine with music."""
    for item in items:
        if "browser" in item.path.parent.name:
            item.add_marker(pytest.mark.timeout(600))
            break


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with open_demo_machine(tmp_path_factory.mktemp("browser-machine")) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        give_up("There is no Chromium: apt-get install chromium (python3 localstack/preflight.py --install --with-test-tools does it).")
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright, executable)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def songs(running: dict[str, Any]) -> list[dict[str, Any]]:
    return list_songs(running, log_in_demo(running))


@pytest.fixture(scope="package")
def demo_token(running: dict[str, Any]) -> Any:  # a function that logs in once
    return cache(lambda: log_in_demo(running))


@pytest.fixture
def look() -> Look:
    return DESK


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def visits(browser: Browser, running: dict[str, Any], faults: Faults, demo_token: Any) -> Iterator[Visits]:
    visits = Visits(browser, running, faults=faults, demo_token=demo_token)
    yield visits
    visits.close()
    unexpected = faults.list_unexpected()
    assert not unexpected, "\n".join(unexpected)


@pytest.fixture
def page(visits: Visits, look: Look) -> Page:
    return visits.open("fresh", look=look)


@pytest.fixture
def demo_page(visits: Visits, look: Look) -> Page:
    return visits.open("demo", look=look)


@pytest.fixture
def visitor_page(visits: Visits, look: Look) -> Page:
    return visits.open("nobody", look=look)
