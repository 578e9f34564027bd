"""Home, as somebody new and as somebody known meets it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import check_axe
from tests.browser.looks import DESK, PHONE, Look, at_both_widths, in_every_look
from tests.browser.visits import Visits, make_listener
from tests.e2e.listener import wait_until

SOON_MS = 15_000
PREVIEW = "() => document.querySelector('.is-previewing')?.dataset.trackId ?? null"
PLAY_FOURTH = """() => {
  const tracks = [...document.querySelectorAll(".home-grid > li")];
  document.dispatchEvent(new CustomEvent("timbre:play", { detail: { tracks, place: 3 } }));
}"""
WATCH_SOUND = """
  window.previews = new Set();
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (!this.closest("#player")) window.previews.add(this);
    return play.call(this);
  };
"""


def make_taste(running: dict[str, Any], songs: list[dict[str, Any]]) -> str:
    """Somebody new who likes the first song of the library; the token of their session."""
    token = make_listener(running)
    address = f"{running['url']}/api/v1/tracks/{songs[0]['track_id']}/feedback"
    headers = {"Authorization": f"Bearer {token}"}
    httpx.put(address, json={"opinion": "like"}, headers=headers, timeout=30, trust_env=False).raise_for_status()
    return token


@pytest.fixture
def home_page(visits: Visits, running: dict[str, Any], songs: list[dict[str, Any]], look: Look) -> Page:
    """Of somebody with a taste, whom no other test knows."""
    return visits.open("nobody", look=look, token=make_taste(running, songs))


def wait_for(page: Page, condition: str) -> None:
    """Playwright's own wait would need the page's policy to allow `eval`."""
    wait_until(lambda: page.evaluate(condition), deadline_s=15, what=condition)


def open_home(page: Page) -> None:
    page.add_init_script(WATCH_SOUND)
    page.goto("/")


def find_card(page: Page, place: int) -> Locator:
    return page.locator(".home-grid > li").nth(place)


def read_ids(page: Page) -> list[str]:
    ids: list[str] = page.locator(".home-grid > li").evaluate_all("(cards) => cards.map((card) => card.dataset.trackId)")
    return ids


@in_every_look
def test_home_has_no_barriers(home_page: Page) -> None:
    home_page.goto("/")
    expect(home_page.get_by_role("heading", name="For you")).to_be_visible()
    check_axe(home_page)


@in_every_look
def test_home_of_someone_new_has_no_barriers(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="What sounds like you?")).to_be_visible()
    check_axe(page)


@at_both_widths
def test_one_of_three_picks_brings_recommendations_by_themselves(page: Page) -> None:
    page.goto("/")
    chosen = page.locator("[data-pick]").nth(1)
    title = chosen.get_attribute("data-title")
    top = chosen.bounding_box()
    chosen.get_by_role("button", name=f"Play {title}").click()
    expect(page.get_by_role("heading", name="For you")).to_be_visible(timeout=SOON_MS)
    expect(
        page.get_by_role("status").filter(has_text=re.compile("are here|have been renewed"))
    ).to_be_attached()  # by the song's end: renewed
    expect(page.locator(".home-grid .track-note").first).to_contain_text(f"“{title}”")
    brief = page.locator(".home-grid > :not(.is-hero) .note-brief")
    expect(brief.first).to_be_visible()
    long = "(all) => all.filter((one) => one.clientHeight > 2.9 * parseFloat(getComputedStyle(one).fontSize)).map((one) => one.textContent)"
    assert brief.locator(".note-alike").evaluate_all(long) == []  # two lines at most, and then the song
    assert page.locator(".is-hero .note-whole").evaluate(
        "(all) => all.closest('.track-note').scrollHeight <= all.closest('.track-note').clientHeight"
    )
    expect(page.locator("#player").get_by_role("button", name="Pause")).to_be_visible()
    assert chosen.bounding_box() == top


def test_what_is_pressed_before_the_scripts_have_come_is_done_when_they_are_there(page: Page) -> None:
    held: list[Route] = []
    page.route("**/static/site.js*", lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks what it is given
    page.goto("/", wait_until="commit")
    play = page.locator("main [data-play]").first
    title = play.locator("xpath=ancestor::*[@data-title][1]").get_attribute("data-title") or ""
    play.click()
    wait_until(lambda: held, deadline_s=5, what="the slow script to be asked for")
    expect(page.locator("#player")).to_be_hidden()
    for route in held:
        route.continue_()
    expect(page.locator("#player").get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator("#player")).to_contain_text(title)


def test_three_others_are_others_and_say_so(page: Page) -> None:
    page.goto("/")
    picks = page.locator("[data-pick]")
    first = set(picks.evaluate_all("picks => picks.map((pick) => pick.dataset.trackId)"))
    assert len(first) == 3
    page.get_by_role("link", name="Show me three others").click()
    expect(page.get_by_role("status").filter(has_text="Three others")).to_be_attached()
    others = set(picks.evaluate_all("picks => picks.map((pick) => pick.dataset.trackId)"))
    assert len(others) == 3
    assert not first & others


def test_a_like_is_enough_for_a_taste(page: Page) -> None:
    page.goto("/")
    card = page.locator(".shelf .home-card").first
    title = card.get_attribute("data-title")
    card.hover()
    card.get_by_role("button", name=f"Like {title}").click()
    expect(card.get_by_role("button", name=f"Like {title}")).to_have_attribute("aria-pressed", "true")
    page.mouse.move(2, 2)
    page.get_by_role("button", name=re.compile("are ready")).click()
    expect(page.get_by_role("heading", name="For you")).to_be_visible(timeout=SOON_MS)


def test_what_is_pointed_at_stays_while_the_rest_is_renewed(home_page: Page) -> None:
    home_page.goto("/")
    generated = home_page.locator("#recommendations").get_attribute("data-generated-at")
    held = find_card(home_page, 3)
    held_id = held.get_attribute("data-track-id")
    held.hover()
    box = held.bounding_box()
    home_page.evaluate(PLAY_FOURTH)
    expect(home_page.locator("#recommendations")).not_to_have_attribute("data-generated-at", str(generated), timeout=SOON_MS)
    assert read_ids(home_page)[3] == held_id
    assert held.bounding_box() == box
    expect(home_page.get_by_role("status").filter(has_text="renewed")).to_be_attached()


def test_a_song_that_is_not_for_me_goes_and_comes_back(home_page: Page) -> None:
    home_page.goto("/")
    check_dismissal(home_page, "Not for me", "Not for you")


def test_a_song_for_later_goes_and_comes_back(home_page: Page) -> None:
    home_page.goto("/")
    check_dismissal(home_page, "Not now", "Hidden for a week")


def check_dismissal(page: Page, act: str, word: str) -> None:
    card = find_card(page, 2)
    track_id, title = card.get_attribute("data-track-id"), card.get_attribute("data-title")
    card.hover()
    box, neighbour = card.bounding_box(), find_card(page, 3).bounding_box()
    card.get_by_role("button", name=f"{act}: {title}" if act == "Not now" else f"Not for me: {title}").click()
    undo = page.get_by_role("region", name="For you").get_by_role("button", name=f"Undo: bring {title} back")
    expect(undo).to_be_focused()
    expect(page.get_by_text(word).first).to_be_visible()
    assert find_card(page, 2).bounding_box() == box
    assert find_card(page, 3).bounding_box() == neighbour
    page.reload()
    assert track_id not in read_ids(page)
    undo_by_api(page, str(track_id))
    page.reload()
    card = page.locator(f'.home-card[data-track-id="{track_id}"]').first
    card.hover()
    card.get_by_role("button", name=re.compile(f"^{act}")).click()
    page.get_by_role("button", name=f"Undo: bring {title} back").first.click()
    expect(card.get_by_role("button", name=re.compile(f"(Play|Pause) {re.escape(str(title))}"))).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="is back")).to_be_attached()


def undo_by_api(page: Page, track_id: str) -> None:
    status = page.evaluate("(id) => fetch(`/api/v1/tracks/${id}/feedback`, { method: 'DELETE' }).then((answer) => answer.status)", track_id)
    assert status == 204


def test_a_liked_song_stays_liked_after_not_now_was_undone(home_page: Page) -> None:
    home_page.goto("/")
    card = find_card(home_page, 4)
    title = card.get_attribute("data-title")
    card.hover()
    like = card.get_by_role("button", name=f"Like {title}")
    like.click()
    expect(like).to_have_attribute("aria-pressed", "true")
    card.get_by_role("button", name=f"Not now: {title}").click()
    home_page.get_by_role("button", name=f"Undo: bring {title} back").first.click()
    expect(home_page.get_by_role("status").filter(has_text="is back")).to_be_attached()
    expect(home_page.get_by_role("button", name=f"Like {title}").first).to_have_attribute("aria-pressed", "true")
    home_page.get_by_role("button", name=f"Like {title}").first.click()


def test_resting_on_a_cover_plays_a_passage_and_leaving_ends_it(home_page: Page) -> None:
    open_home(home_page)
    home_page.get_by_role("heading", name="For you").click()  # browsers want a click before any sound
    card = find_card(home_page, 1)
    card.locator("[data-preview-area]").hover()
    expect(card).to_have_class(re.compile("is-previewing"))
    wait_for(home_page, "[...window.previews].some((sound) => !sound.paused && sound.currentTime > 0)")
    begins = float(card.get_attribute("data-preview-start") or 0)
    assert home_page.evaluate("[...window.previews][0].currentTime") >= begins
    home_page.mouse.move(2, 2)
    expect(card).not_to_have_class(re.compile("is-previewing"))
    wait_for(home_page, "[...window.previews].every((sound) => sound.paused)")


def test_a_passage_is_no_play(home_page: Page) -> None:
    open_home(home_page)
    sent: list[str] = []
    home_page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/plays") else None)
    find_card(home_page, 1).hover()
    find_card(home_page, 1).get_by_role("button", name=re.compile("^Preview")).click()
    wait_for(home_page, "[...window.previews].some((sound) => sound.currentTime > 0)")
    home_page.keyboard.press("Escape")
    wait_for(home_page, "[...window.previews].every((sound) => sound.paused)")
    assert not sent


def test_a_passage_can_be_heard_by_keyboard_one_at_a_time(home_page: Page) -> None:
    open_home(home_page)
    one, other = (find_card(home_page, place).get_by_role("button", name=re.compile("^Preview")) for place in (1, 2))
    one.focus()
    expect(one).to_be_visible()
    expect(one).to_have_css("opacity", "1")
    home_page.keyboard.press("Enter")
    expect(one).to_have_attribute("aria-pressed", "true")
    other.focus()
    home_page.keyboard.press("Space")
    expect(other).to_have_attribute("aria-pressed", "true")
    expect(one).to_have_attribute("aria-pressed", "false")
    assert home_page.evaluate("[...window.previews].filter((sound) => !sound.paused).length") <= 1
    home_page.keyboard.press("Escape")
    expect(other).to_have_attribute("aria-pressed", "false")


def test_resting_on_a_cover_does_nothing_while_music_plays_and_the_button_makes_room(home_page: Page) -> None:
    open_home(home_page)
    home_page.get_by_role("button", name="Play all", exact=True).click()
    expect(home_page.locator("#player").get_by_role("button", name="Pause")).to_be_visible()
    card = find_card(home_page, 5)
    card.locator("[data-preview-area]").hover()
    home_page.wait_for_timeout(900)  # nothing happens: there is nothing to poll for
    assert home_page.evaluate(PREVIEW) is None
    card.get_by_role("button", name=re.compile("^Preview")).click()
    expect(card).to_have_class(re.compile("is-previewing"))
    wait_for(home_page, "[...document.querySelectorAll('#player audio')].every((audio) => audio.volume <= 0.2)")
    card.get_by_role("button", name=re.compile("^Preview")).click()
    wait_for(home_page, "[...document.querySelectorAll('#player audio')].every((audio) => audio.volume > 0.5)")


def test_previews_on_hover_can_be_switched_off_for_good(home_page: Page) -> None:
    open_home(home_page)
    switch = home_page.get_by_role("button", name="Preview on hover")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    home_page.reload()
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")


def test_a_finger_that_is_held_hears_a_passage_and_one_that_taps_does_not(
    visits: Visits, running: dict[str, Any], songs: list[dict[str, Any]]
) -> None:
    page = visits.open("nobody", look=PHONE, token=make_taste(running, songs))
    open_home(page)
    area = find_card(page, 1).locator("[data-preview-area]")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)
    point = {"x": box["x"] + 20, "y": box["y"] + 20}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(find_card(page, 1)).to_have_class(re.compile("is-previewing"))
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(find_card(page, 1)).not_to_have_class(re.compile("is-previewing"))


def test_play_all_plays_the_list_from_its_first_song(home_page: Page) -> None:
    home_page.goto("/")
    first = find_card(home_page, 0).get_attribute("data-title")
    home_page.get_by_role("button", name="Play all", exact=True).click()
    expect(home_page.locator("#player")).to_contain_text(str(first))


def test_rows_say_because_of_which_song_they_are_there(home_page: Page) -> None:
    home_page.goto("/")
    row = home_page.get_by_role("heading", name=re.compile("^Because you like ")).first
    expect(row).to_be_visible()
    row.get_by_role("link").click()
    expect(home_page).to_have_url(re.compile("/tracks/"))


def test_home_without_a_script_has_links_to_every_song(visits: Visits, running: dict[str, Any], songs: list[dict[str, Any]]) -> None:
    page = visits.open("nobody", look=DESK, has_scripts=False, token=make_taste(running, songs))
    page.goto("/")
    expect(page.locator(".home-grid .track-title").first).to_be_visible()
    assert page.get_by_role("button", name=re.compile("^(Preview|Like|Not)")).count() == 0


def test_new_songs_are_shown_as_such(home_page: Page, songs: list[dict[str, Any]]) -> None:
    home_page.goto("/")
    shelf = home_page.get_by_role("region", name="New in the library")
    assert shelf.locator(".home-card").count() >= 6
    assert {song["title"] for song in songs} >= set(shelf.locator(".track-title").all_inner_texts()[:1]) or len(songs) == 50
