"""What one does with the player: the queue, keys, sliders, the lock screen, the large view."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.axe import check_axe
from tests.browser.looks import Look, at_both_widths
from tests.browser.player import HEARD, Song, hurry, list_queue, open_queue, press, seek_to, start, title_of, wait_until_heard


def announced(page: Page) -> str:
    return page.locator('body > [data-player="announce"]').text_content() or ""


def test_the_queue_is_seen_reordered_by_keys_and_by_dragging_thinned_and_cleared(page: Page, songs: list[Song]) -> None:
    start(page, songs[:5])
    titles = [song["title"] for song in songs[1:5]]
    open_queue(page)
    assert list_queue(page) == titles
    page.get_by_role("button", name=f"Move {titles[0]}: drag").press("ArrowDown")
    assert list_queue(page) == [titles[1], titles[0], *titles[2:]]
    assert announced(page) == f"{titles[0]}: now 2 of 4."
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(f"Move {titles[0]}")
    page.get_by_role("button", name=f"Move {titles[0]} up").click()
    assert list_queue(page) == titles
    drag(page, titles[3], onto=titles[0])
    assert list_queue(page) == [titles[3], *titles[:3]]
    page.get_by_role("button", name=f"Remove {titles[0]} from the queue").click()
    assert list_queue(page) == [titles[3], titles[1], titles[2]]
    page.get_by_role("button", name="Clear the queue").click()
    expect(page.get_by_text("Nothing comes next.")).to_be_visible()
    assert page.evaluate(HEARD) > 0


def drag(page: Page, title: str, *, onto: str) -> None:
    grip = page.get_by_role("button", name=f"Move {title}: drag").bounding_box()
    target = page.get_by_role("button", name=f"Move {onto}: drag").bounding_box()
    assert grip
    assert target
    page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(target["x"] + 10, target["y"] + 30, steps=8)
    page.mouse.move(target["x"] + 10, target["y"] + 8, steps=4)
    page.mouse.up()


def test_songs_are_put_next_and_last_and_that_can_be_undone(page: Page, songs: list[Song]) -> None:
    start(page, songs[:2])
    page.evaluate("(detail) => document.dispatchEvent(new CustomEvent('timbre:enqueue', { detail }))", {"tracks": songs[3:4]})
    page.evaluate(
        "(detail) => document.dispatchEvent(new CustomEvent('timbre:enqueue', { detail }))", {"tracks": songs[2:3], "isNext": True}
    )
    open_queue(page)
    assert list_queue(page) == [songs[number]["title"] for number in (2, 1, 3)]
    page.locator("#toasts").get_by_role("button", name="Undo").last.click()
    assert list_queue(page) == [songs[1]["title"], songs[3]["title"]]


def test_any_row_has_a_menu_that_keys_go_through(page: Page, songs: list[Song]) -> None:
    start(page, songs[:2])
    page.get_by_role("link", name="Library").first.click()
    row = page.locator("main .track[data-track-id]").nth(3)
    title = row.get_attribute("data-title")
    more = row.get_by_role("button", name=f"More for {title}")
    more.click()
    menu = page.get_by_role("menu", name=str(title))
    expect(menu.get_by_role("menuitem", name="Play next")).to_be_focused()
    check_axe(page, within="#song-menu")
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitem", name="Add to queue")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(menu).to_be_hidden()
    open_queue(page)
    assert list_queue(page)[0] == title


def test_shuffle_and_repeat_say_what_they_are(page: Page, songs: list[Song]) -> None:
    start(page, songs[:8])
    open_queue(page)
    before = list_queue(page)
    press(page, "Shuffle")
    expect(page.locator('#player [data-act="shuffle"]')).to_have_attribute("aria-pressed", "true")
    assert sorted(list_queue(page)) == sorted(before)
    press(page, "Shuffle")
    assert list_queue(page) == before
    press(page, "Repeat: off")
    press(page, "Repeat: all songs")
    expect(page.locator("#player").get_by_role("button", name="Repeat: this song")).to_be_visible()
    hurry(page, 4)
    seek_to(page, songs[0]["duration_s"] - 2)
    page.wait_for_function(f"() => {{ const at = ({HEARD})(); return at >= 0 && at < 2; }}")
    assert title_of(page) == songs[0]["title"]


def test_the_lock_screen_knows_song_artist_cover_and_state(page: Page, songs: list[Song]) -> None:
    song = next(song for song in songs if song["cover_url"])
    start(page, [song])
    metadata = page.evaluate("(({ title, artist, artwork }) => [title, artist, artwork[0].src])(navigator.mediaSession.metadata)")
    assert metadata[:2] == [song["title"], song["artist"]]
    assert metadata[2].endswith(song["cover_url"])
    assert page.evaluate("navigator.mediaSession.playbackState") == "playing"
    press(page, "Pause")
    assert page.evaluate("navigator.mediaSession.playbackState") == "paused"


def test_keys_work_the_player_but_not_while_one_types(page: Page, songs: list[Song]) -> None:
    start(page, songs[:3])
    page.keyboard.press("n")
    expect(page.locator('#player [data-player="title"]')).to_have_text(songs[1]["title"])
    wait_until_heard(page)
    page.keyboard.press("ArrowRight")
    wait_until_heard(page, beyond_s=5)
    page.keyboard.press("Space")
    expect(page.locator("#player").get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.press("l")
    expect(page.locator("#player").get_by_role("button", name="Like", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("q")
    expect(page.locator("#now-playing")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#now-playing")).to_be_hidden()
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Use these keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert title_of(page) == songs[1]["title"]
    page.evaluate("document.getElementById('main').innerHTML = '<label>Words <input id=words></label>'")
    page.locator("#words").press_sequentially("n l?")
    assert page.locator("#words").input_value() == "n l?"
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_seek_and_volume_are_sliders_that_say_where_they_are(page: Page, songs: list[Song]) -> None:
    start(page, songs[:1])
    position = page.locator("#player").get_by_role("slider", name="Position in the song")
    position.press("ArrowRight")
    position.press("ArrowRight")
    wait_until_heard(page, beyond_s=10)
    assert " of 0:" in (position.get_attribute("aria-valuetext") or "")
    press(page, "Mute")
    expect(page.locator("#player").get_by_role("slider", name="Volume")).to_have_attribute("aria-valuetext", "Muted")
    page.reload()
    expect(page.locator("#player").get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")


@at_both_widths
def test_the_large_view_opens_from_the_bar_and_is_sound(page: Page, songs: list[Song], look: Look) -> None:
    start(page, songs[:6])
    check_axe(page, within="#player")
    page.locator("#player").get_by_role("button", name="Now playing").click()
    view = page.get_by_role("dialog", name="Now playing")
    expect(view.get_by_role("link", name=songs[0]["title"])).to_have_attribute("href", f"/tracks/{songs[0]['track_id']}")
    expect(view.get_by_role("button", name="Like", exact=True)).to_be_visible()
    assert list_queue(page) == [song["title"] for song in songs[1:6]]
    assert page.evaluate("document.getElementById('now-playing').matches(':modal')") is look.is_phone
    check_axe(page, within="#now-playing")
    if look.is_phone:
        view.get_by_role("button", name="Pause").click()
        expect(view.get_by_role("button", name="Play", exact=True)).to_be_visible()
    view.get_by_role("button", name="Close").click()
    expect(view).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.act") == "open"


def test_a_double_click_on_play_is_one_click_and_a_later_one_stops(page: Page, songs: list[Song]) -> None:
    page.goto(f"/tracks/{songs[0]['track_id']}")
    play = page.locator("main article [data-play]")
    play.dblclick()
    wait_until_heard(page)
    expect(page.locator("#player").get_by_role("button", name="Pause", exact=True)).to_be_visible()
    play.click()
    expect(page.locator("#player").get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.locator("#player").get_by_role("button", name="Play", exact=True).dblclick()
    wait_until_heard(page)
    expect(page.locator("#player").get_by_role("button", name="Pause", exact=True)).to_be_visible()
