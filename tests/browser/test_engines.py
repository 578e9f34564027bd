"""What Firefox and WebKit do differently, made to happen in Chromium: found by walking the site in both, kept by these."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.looks import PHONE
from tests.browser.player import HEARD, Song, start, title_of, wait_until_heard

NO_SCROLLEND = "delete window.onscrollend; delete Window.prototype.onscrollend;"
NOTE_TOUCHED = """() => {
    window.touched = new Set();
    for (const name of ['load', 'play']) {
        const real = HTMLMediaElement.prototype[name];
        HTMLMediaElement.prototype[name] = function (...given) {
            if (navigator.userActivation.isActive) window.touched.add(this);
            return real.apply(this, given);
        };
    }
}"""
STAND_STILL = """() => {
    const audio = [...document.querySelectorAll('#player audio')].find((one) => !one.paused);
    const at = audio.currentTime;
    window.still = audio;
    audio.addEventListener('emptied', () => delete audio.currentTime, { once: true });
    Object.defineProperty(audio, 'currentTime', { configurable: true, get: () => at, set() {} });
}"""


def test_both_sounds_are_touched_by_the_first_click_so_that_the_second_song_may_begin_without_one(page: Page, songs: list[Song]) -> None:
    """Safari refuses an element that no click has loaded or played."""
    page.goto("/search")
    page.evaluate(NOTE_TOUCHED)
    page.locator("main .track [data-play]").first.click()
    wait_until_heard(page)
    assert page.evaluate("[...document.querySelectorAll('#player audio')].every((one) => window.touched.has(one))")
    assert page.evaluate("window.touched.size") == 3  # the preview's too
    assert songs


def test_a_sound_that_stands_still_with_all_its_data_is_opened_again(page: Page, songs: list[Song]) -> None:
    """WebKitGTK did so with a second element that had been ready for long; others after another output or a sleep."""
    start(page, songs[:2])
    page.evaluate(STAND_STILL)
    page.wait_for_function("() => Object.getOwnPropertyDescriptor(window.still, 'currentTime') === undefined", timeout=20_000)
    wait_until_heard(page)
    assert title_of(page) == songs[0]["title"]


def test_without_scrollend_the_way_forward_leads_to_the_same_place_too(page: Page, songs: list[Song]) -> None:
    page.add_init_script(NO_SCROLLEND)
    start(page, songs[:2])
    assert page.evaluate("'onscrollend' in window") is False
    page.set_viewport_size({"width": PHONE.width, "height": 320})
    page.get_by_role("link", name="Library").first.click()
    page.wait_for_url("**/search")
    page.evaluate("window.scrollTo(0, 300)")
    page.wait_for_function("() => history.state.top === 300")
    page.go_back()
    page.wait_for_url("**/upload")
    page.go_forward()
    page.wait_for_url("**/search")
    page.wait_for_function("() => scrollY === 300")


def test_the_words_over_the_page_stay_while_a_file_is_moved_from_element_to_element(page: Page) -> None:
    """Safari does not tell where to the pointer leaves: each element that it leaves looks like the page's edge."""
    page.goto("/search")
    move = """() => {
        const over = document.getElementById('drop-overlay');
        window.seen = [];
        const transfer = new DataTransfer();
        transfer.items.add(new File(['x'], 'x.mp3'));
        const tell = (name) => document.querySelector('main').dispatchEvent(new DragEvent(name, { bubbles: true, dataTransfer: transfer }));
        tell('dragenter');
        const moving = setInterval(() => {
            tell('dragenter');
            tell('dragleave');
            window.seen.push(!over.hidden);
            if (window.seen.length === 6) { clearInterval(moving); window.isOver = true; }
            else tell('dragover');
        }, 40);
    }"""
    page.evaluate(move)
    page.wait_for_function("() => window.isOver")
    expect(page.locator("#drop-overlay")).to_be_hidden()
    assert all(page.evaluate("window.seen"))


def test_the_button_of_a_songs_menu_closes_it_too(page: Page) -> None:
    """The browser closes a popover by the press of any button beside it, before the click is told."""
    page.goto("/search")
    more = page.locator("main [data-song-menu]").first
    more.click()
    expect(page.locator("#song-menu")).to_be_visible()
    more.click()
    expect(page.locator("#song-menu")).to_be_hidden()
    expect(more).to_be_focused()
    more.click()
    expect(page.locator("#song-menu")).to_be_visible()
    page.locator("main [data-song-menu]").nth(1).click()
    expect(page.locator("#song-menu")).to_be_visible()
    expect(page.locator("main [data-song-menu][aria-expanded=true]")).to_have_count(1)
    expect(page.locator("main [data-song-menu]").nth(1)).to_have_attribute("aria-expanded", "true")


def test_a_scroll_closes_a_songs_menu_and_one_that_was_told_late_does_not(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 480})
    page.goto("/search")
    page.locator("main [data-song-menu]").first.click()
    expect(page.locator("#song-menu")).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('scroll'))")
    expect(page.locator("#song-menu")).to_be_visible()
    page.mouse.wheel(0, 200)
    expect(page.locator("#song-menu")).to_be_hidden()


def test_what_is_for_pages_without_a_script_does_not_come_with_a_page_that_a_script_brings(page: Page, songs: list[Song]) -> None:
    start(page, songs[:2])
    page.get_by_role("link", name="Map").first.click()
    expect(page.get_by_role("heading", name="Map", level=1)).to_be_attached()
    assert page.locator("main noscript").count() == 0
    assert page.evaluate(HEARD) > 0
