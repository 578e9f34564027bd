"""The frame around every page: the ways through the site, the account's menu, toasts, shelves, light and dark, and no script at all."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.axe import check_axe
from tests.browser.faults import Faults
from tests.browser.looks import DESK, DESK_DARK, PHONE, at_both_widths
from tests.browser.visits import Visits

PASSWORD = "a long enough password"


def import_module(page: Page, name: str) -> str:
    """Its address as the site itself imports it: the same module, not a second one."""
    address = page.locator(f"link[rel=modulepreload][href*='/{name}?']").get_attribute("href")
    assert address is not None
    return address


@at_both_widths
def test_every_way_of_the_navigation_leads_to_a_page(demo_page: Page) -> None:
    demo_page.goto("/")
    ways = [link.get_attribute("href") for link in demo_page.locator(".site-nav a, .account .menu-items a").all()]
    assert len(ways) >= 7
    for way in ways:
        assert way is not None
        answer = demo_page.goto(way)
        assert answer is not None
        assert answer.ok, way


@at_both_widths
def test_the_page_that_one_is_on_is_marked(demo_page: Page) -> None:
    demo_page.goto("/history")
    current = demo_page.get_by_role("navigation", name="Main").locator("[aria-current=page]")
    expect(current).to_have_text("History")


@at_both_widths
def test_the_account_menu_opens_and_closes_by_keyboard(demo_page: Page) -> None:
    demo_page.goto("/status")
    button = demo_page.locator(".account > summary")
    button.focus()
    demo_page.keyboard.press("Enter")
    items = demo_page.locator(".account .menu-items")
    expect(items).to_be_visible()
    expect(items).to_be_in_viewport(ratio=1)
    check_axe(demo_page, within=".account")
    demo_page.keyboard.press("ArrowDown")
    expect(items.locator("a").first).to_be_focused()
    demo_page.keyboard.press("Escape")
    expect(items).to_be_hidden()
    expect(button).to_be_focused()


def test_a_click_elsewhere_closes_the_account_menu(demo_page: Page) -> None:
    demo_page.goto("/status")
    demo_page.locator(".account > summary").click()
    expect(demo_page.locator(".account .menu-items")).to_be_visible()
    demo_page.locator("h1").click()
    expect(demo_page.locator(".account .menu-items")).to_be_hidden()


def test_the_skip_link_leads_past_the_navigation(demo_page: Page) -> None:
    demo_page.goto("/status")
    demo_page.keyboard.press("Tab")
    expect(demo_page.locator(".skip-link")).to_be_focused()
    expect(demo_page.locator(".skip-link")).to_be_in_viewport(ratio=1)
    demo_page.keyboard.press("Enter")
    expect(demo_page.locator("main")).to_be_focused()


@at_both_widths
def test_a_toast_is_announced_and_takes_its_act_back_once(demo_page: Page) -> None:
    demo_page.goto("/status")
    module = import_module(demo_page, "toast.js")
    show = """async (module) => {
      window.undone = 0;
      const { showToast } = await import(module);
      showToast("Removed from the queue", { undo: () => { window.undone += 1; } });
    }"""
    demo_page.evaluate(show, module)
    toast = demo_page.get_by_role("status").filter(has_text="Removed from the queue")
    expect(toast).to_be_visible()
    check_axe(demo_page)
    demo_page.get_by_role("button", name="Undo").click()
    expect(demo_page.get_by_text("Removed from the queue")).to_be_hidden()
    demo_page.evaluate(show, module)
    expect(demo_page.get_by_role("button", name="Undo")).to_be_visible()
    demo_page.evaluate("() => { window.undone = 0; }")
    demo_page.keyboard.press("Control+z")
    expect(demo_page.get_by_role("button", name="Undo")).to_be_hidden()
    assert demo_page.evaluate("() => window.undone") == 1


def test_escape_sends_a_toast_away(demo_page: Page) -> None:
    demo_page.goto("/status")
    show = "async (module) => (await import(module)).showToast('Saved')"
    demo_page.evaluate(show, import_module(demo_page, "toast.js"))
    expect(demo_page.get_by_text("Saved", exact=True)).to_be_visible()
    demo_page.keyboard.press("Escape")
    expect(demo_page.get_by_text("Saved", exact=True)).to_be_hidden()


def test_the_arrows_of_a_shelf_move_it_to_its_end(page: Page) -> None:
    page.goto("/")
    section = page.locator("section:has([data-shelf-arrows])").first
    further, back = section.locator("[data-shelf-step='1']"), section.locator("[data-shelf-step='-1']")
    expect(further).to_be_enabled()
    expect(back).to_be_disabled()
    further.click()
    expect(back).to_be_enabled()


def test_a_listener_chooses_dark_on_a_light_system(demo_page: Page) -> None:
    url = demo_page.context.request.get("/login").url
    demo_page.context.add_cookies([{"name": "timbre_theme", "value": "dark", "url": url}])
    demo_page.goto("/status")
    background = demo_page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    demo_page.context.clear_cookies(name="timbre_theme")
    demo_page.goto("/status")
    assert demo_page.evaluate("() => getComputedStyle(document.body).backgroundColor") != background


def test_the_system_says_dark_where_nothing_was_chosen(visits: Visits) -> None:
    colours = set()
    for look in (DESK, DESK_DARK):
        page = visits.open("demo", look=look)
        page.goto("/status")
        colours.add(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2


def test_without_a_script_a_new_listener_signs_up_searches_opens_a_song_and_logs_out(visits: Visits, songs: list[dict[str, str]]) -> None:
    page = visits.open("nobody", look=PHONE, has_scripts=False)
    page.goto("/search")
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill(f"no-script-{songs[0]['track_id'][:6]}-{id(page)}"[:32])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.locator("main input[type=search]").fill(songs[0]["title"])
    page.locator("main input[type=search]").press("Enter")
    page.locator("main").get_by_role("link", name=songs[0]["title"], exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(songs[0]["title"])
    expect(page.locator("main audio[controls]").first).to_be_visible()
    page.locator(".account > summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/login$"))


def test_a_fault_of_a_page_is_seen(visits: Visits, faults: Faults) -> None:
    """The watch itself: without it every other test would be blind."""
    page = visits.open("nobody", look=DESK)
    page.goto("/login")
    page.evaluate("() => { const image = new Image(); image.src = 'https://example.org/x.png'; }")
    page.wait_for_function("() => true")
    page.evaluate("() => console.error('told')")
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    found = "\n".join(faults.list_unexpected())
    assert "told" in found
    assert "Content Security Policy" in found
    faults.expect("")
