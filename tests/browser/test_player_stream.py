"""What the player does by itself: no gap between songs, broken streams mended, each play told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from playwright.sync_api import Page, Route, expect

from tests.browser.faults import Faults
from tests.browser.player import Song, Told, hurry, list_history, press, seek_to, start, title_of, wait_until_heard, wait_until_told
from tests.e2e.listener import wait_until

AUDIO = "**/api/v1/tracks/*/audio"


def test_the_next_song_is_there_before_this_one_ends(page: Page, songs: list[Song]) -> None:
    start(page, songs[:2])
    page.wait_for_function("() => [...document.querySelectorAll('#player audio')].some((one) => one.paused && one.readyState === 4)")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/audio") else None)
    page.evaluate(
        """() => { window.gap = {}; for (const one of document.querySelectorAll('#player audio')) {
            one.addEventListener('ended', () => (window.gap.ended = performance.now()));
            one.addEventListener('playing', () => (window.gap.playing = performance.now())); } }"""
    )
    seek_to(page, songs[0]["duration_s"] - 2)
    expect(page.locator('#player [data-player="title"]')).to_have_text(songs[1]["title"])
    wait_until_heard(page)
    gap = page.evaluate("window.gap")
    print(f"gap between songs: {gap['playing'] - gap['ended']:.1f} ms")
    assert gap["playing"] > gap["ended"]
    assert not asked, "the next song was asked for only when it was needed"


def fetch_song(running: dict[str, Any], page: Page, song: Song) -> bytes:
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    url = running["url"] + song["audio_url"]
    return httpx.get(url, cookies=cookies, follow_redirects=True, trust_env=False, timeout=30).raise_for_status().content


def test_a_link_that_expires_in_mid_song_is_renewed_and_the_song_goes_on(
    page: Page, songs: list[Song], running: dict[str, Any], faults: Faults
) -> None:
    faults.expect("status of 403")
    content = fetch_song(running, page, songs[0])
    part, asked = len(content) // 4, 0

    def expire(route: Route) -> None:
        nonlocal asked
        if route.request.resource_type != "media":
            return route.continue_()
        asked += 1
        if asked == 1:
            headers = {"Content-Type": "audio/mpeg", "Accept-Ranges": "bytes", "Content-Range": f"bytes 0-{part - 1}/{len(content)}"}
            return route.fulfill(status=206, headers=headers, body=content[:part])
        return route.fulfill(status=403, body="Request has expired") if asked == 2 else route.continue_()

    page.route(AUDIO, expire)
    start(page, songs[:1])
    wait_until(lambda: page.evaluate("1") and asked >= 3, deadline_s=30, what="another link")
    wait_until_heard(page, beyond_s=songs[0]["duration_s"] * 0.4)
    assert title_of(page) == songs[0]["title"]


def test_a_stream_that_breaks_is_opened_again(page: Page, songs: list[Song], faults: Faults) -> None:
    faults.expect("ERR_|status of 403")
    broken = 0

    def fail_twice(route: Route) -> None:
        nonlocal broken
        broken += route.request.resource_type == "media"
        route.abort() if broken <= 2 and route.request.resource_type == "media" else route.continue_()

    page.route(AUDIO, fail_twice)
    start(page, songs[:2])
    assert broken >= 3
    assert title_of(page) == songs[0]["title"]


def test_a_song_that_is_gone_is_passed_over_with_a_sentence(page: Page, songs: list[Song], faults: Faults) -> None:
    faults.expect("status of 404")
    gone = {**songs[0], "track_id": "0" * 24, "title": "Gone", "audio_url": "/api/v1/tracks/" + "0" * 24 + "/audio"}
    start(page, [gone, songs[1]])
    assert title_of(page) == songs[1]["title"]
    expect(page.locator("#player").get_by_text("“Gone” is no longer here. On to the next song.")).to_be_visible()


def test_a_song_that_is_heard_is_started_and_completed_once(page: Page, songs: list[Song]) -> None:
    told = Told(page)
    start(page, songs[:2])
    hurry(page, 4)
    expect(page.locator('#player [data-player="title"]')).to_have_text(songs[1]["title"], timeout=30_000)
    wait_until_heard(page)
    wait_until_told(page)
    assert told.kinds_of(songs[0]) == ["start", "complete"]
    assert len(told.attempts) == 3
    noted = [(play["track_id"], play["kind"]) for play in list_history(page)]
    assert sorted(noted) == sorted([(songs[0]["track_id"], "start"), (songs[0]["track_id"], "complete"), (songs[1]["track_id"], "start")])


def test_a_jump_to_the_end_completes_nothing_and_leaving_early_is_a_skip(page: Page, songs: list[Song]) -> None:
    told = Told(page)
    start(page, songs[:3])
    seek_to(page, songs[0]["duration_s"] - 1)
    expect(page.locator('#player [data-player="title"]')).to_have_text(songs[1]["title"])
    wait_until_heard(page)
    press(page, "Next song")
    expect(page.locator('#player [data-player="title"]')).to_have_text(songs[2]["title"])
    wait_until_heard(page)
    page.goto("/static/icon.svg")
    page.goto("/upload")
    wait_until_told(page)
    assert [told.kinds_of(song) for song in songs[:3]] == [["start", "skip"]] * 3
    assert len(list_history(page)) == 6


def test_a_play_that_did_not_arrive_is_sent_again_under_its_id_even_after_a_reload(page: Page, songs: list[Song], faults: Faults) -> None:
    faults.expect("ERR_|status of 503")
    told = Told(page)
    page.route("**/api/v1/plays", lambda route: route.fulfill(status=503, body="{}"))
    start(page, songs[:1])
    wait_until(lambda: page.evaluate("1") and len(told.attempts) >= 2, deadline_s=10, what="a second attempt")
    press(page, "Pause")
    page.unroute("**/api/v1/plays")
    page.reload()
    wait_until(lambda: page.evaluate("1") and bool(list_history(page)), deadline_s=15, what="the play")
    page.wait_for_function("() => localStorage.getItem('timbre:outbox') === '[]'")
    assert len({attempt["event_id"] for attempt in told.attempts}) == 1
    assert len(list_history(page)) == 1


def test_a_play_without_a_network_stands_in_the_history_where_it_happened(page: Page, songs: list[Song], faults: Faults) -> None:
    faults.expect("ERR_|status of 503")
    told = Told(page)
    page.route("**/api/v1/plays", lambda route: route.fulfill(status=503, body="{}"))
    start(page, songs[:1])
    wait_until(lambda: page.evaluate("1") and len(told.attempts) >= 1, deadline_s=10, what="an attempt")
    press(page, "Pause")
    assert "occurred_at" not in told.attempts[0]  # sent at once: the server knows the time better
    page.evaluate(
        """() => { const name = 'timbre:outbox'; const events = JSON.parse(localStorage.getItem(name));
            for (const one of events) one.happened_ms -= 3_600_000; localStorage.setItem(name, JSON.stringify(events)); }"""
    )
    page.unroute("**/api/v1/plays")
    page.reload()
    wait_until(lambda: page.evaluate("1") and bool(list_history(page)), deadline_s=15, what="the play")
    wait_until_told(page)
    (play,) = list_history(page)
    age = datetime.now(UTC) - datetime.fromisoformat(play["occurred_at"])
    assert timedelta(minutes=59) < age < timedelta(minutes=62)
