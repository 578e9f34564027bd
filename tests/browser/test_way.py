"""The strip of a song's way: live after a play and an upload, from stored times, a plain list without JavaScript."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.browser.axe import check_axe
from tests.browser.looks import Look, in_every_look
from tests.browser.songs_to_drop import compose_song, drop_files
from tests.browser.visits import SESSION_COOKIE, Visits

ARRIVES_MS = 30_000
MILLISECONDS = re.compile(r"^\d+(\.\d+)? m?s$")


def token_of(page: Page) -> str:
    return next(str(cookie["value"]) for cookie in page.context.cookies() if cookie["name"] == SESSION_COOKIE)


def post_play(running: dict[str, Any], page: Page, track_id: str) -> None:
    play = {"event_id": uuid.uuid4().hex, "track_id": track_id, "kind": "complete", "position_s": 9.0}
    headers = {"Authorization": f"Bearer {token_of(page)}"}
    httpx.post(f"{running['url']}/api/v1/plays", json=play, headers=headers, timeout=30, trust_env=False).raise_for_status()


def expect_arrived(page: Page, steps: list[str]) -> None:
    strip = page.get_by_role("region", name="The way of a song")
    expect(strip.locator(".way-name")).to_have_text(steps, timeout=ARRIVES_MS)
    expect(strip.locator('.way-step[data-state="done"]')).to_have_count(len(steps), timeout=ARRIVES_MS)
    expect(strip.locator(".is-travelling")).to_have_count(0)


def test_a_play_travels_before_the_listeners_eyes(page: Page) -> None:
    page.goto("/")
    expect(page.locator("[data-way]")).to_be_hidden()
    page.locator("main [data-play]").first.click()
    expect_arrived(page, ["Play", "Kafka", "Annoy", "Home"])
    for name in ("Play", "Kafka", "Annoy"):
        expect(page.locator(".way-step", has_text=name).first.locator(".way-ms")).to_have_text(MILLISECONDS)
    expect(page.locator(".way-step", has_text="Annoy").locator(".way-detail")).to_have_text(re.compile(r"\d+ songs nearby found"))
    expect(page.locator("[data-way-news]")).to_contain_text("has arrived")


def test_an_upload_travels_from_the_bucket_to_the_index(page: Page, tmp_path: Path) -> None:
    page.goto("/")
    song = compose_song(tmp_path / "traveller.mp3")
    drop_files(page, {song.name: song.read_bytes()})
    expect_arrived(page, ["Bucket", "Queue", "MFCC", "MongoDB", "Index"])
    for step in page.locator("[data-way] .way-step").all()[1:]:
        expect(step.locator(".way-ms")).to_have_text(MILLISECONDS)


def test_the_numbers_are_those_of_the_api(page: Page, running: dict[str, Any], songs: list[dict[str, Any]]) -> None:
    page.goto("/login")
    post_play(running, page, songs[0]["track_id"])
    page.goto("/")
    expect_arrived(page, ["Play", "Kafka", "Annoy", "Home"])
    way = page.request.get("/api/v1/way").json()["way"]
    assert (way["kind"], way["is_travelling"], way["track_id"]) == ("play", False, songs[0]["track_id"])
    page.goto("/")
    for step in way["steps"]:
        shown = page.locator(".way-step", has_text=step["name"]).first.locator(".way-ms").inner_text()
        expected = step["duration_ms"]
        assert shown == (f"{expected:.0f} ms" if expected >= 10 else f"{expected:.1f} ms")


def test_nothing_is_asked_once_all_has_arrived(page: Page, running: dict[str, Any], songs: list[dict[str, Any]]) -> None:
    page.goto("/login")
    post_play(running, page, songs[1]["track_id"])
    page.goto("/")
    expect_arrived(page, ["Play", "Kafka", "Annoy", "Home"])
    page.goto("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/way" in request.url else None)
    page.wait_for_load_state("networkidle")
    assert asked == []


def test_without_a_script_the_way_is_a_list(
    visits: Visits, page: Page, look: Look, running: dict[str, Any], songs: list[dict[str, Any]]
) -> None:
    page.goto("/")
    post_play(running, page, songs[2]["track_id"])
    plain = visits.open("nobody", look=look, has_scripts=False, token=token_of(page))
    plain.goto("/")
    strip = plain.locator("[data-way]")
    expect(strip.locator("li")).to_have_count(4)
    expect(strip).to_contain_text(songs[2]["title"])


def test_who_wants_no_motion_sees_none(visits: Visits, look: Look) -> None:
    page = visits.open("demo", look=look)
    page.emulate_media(reduced_motion="reduce")
    page.goto("/")
    durations = page.locator(".way-step").evaluate_all(
        "(steps) => steps.map((step) => getComputedStyle(step, '::after').animationDuration)"
    )
    assert all(float(duration.removesuffix("s")) < 0.001 for duration in durations if duration.endswith("s") and duration != "0s")


@in_every_look
def test_the_strip_is_accessible_and_fits(page: Page, running: dict[str, Any], songs: list[dict[str, Any]]) -> None:
    page.goto("/login")
    post_play(running, page, songs[3]["track_id"])
    page.goto("/")
    expect_arrived(page, ["Play", "Kafka", "Annoy", "Home"])
    check_axe(page, within="[data-way]")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
