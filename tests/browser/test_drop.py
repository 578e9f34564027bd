"""Songs dropped on any page: sent straight to the bucket, told of in the tray, near songs seconds later, and nothing lost on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import check_axe
from tests.browser.faults import Faults
from tests.browser.looks import Look, in_every_look
from tests.browser.songs_to_drop import compose_large_song, compose_song, drag_from_the_system, drop_files, make_transfer
from tests.browser.visits import Visits
from tests.browser.vitals import INP_MS, read_vitals

LISTENED_MS = 60_000
NEAREST_MS = 5_000
BUCKET_PUT = re.compile(r"partNumber=")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return compose_song(tmp_path / "new song.mp3")


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".tray-row", has_text=name)


def expect_ready(page: Page, name: str) -> None:
    expect(row_of(page, name)).to_have_attribute("data-state", "ready", timeout=LISTENED_MS)


def test_a_song_dropped_on_any_page_is_there_with_its_nearest_songs_in_five_seconds(page: Page, song: Path) -> None:
    page.goto("/search")
    page.dispatch_event("main", "dragenter", {"dataTransfer": make_transfer(page, {"x.mp3": b"x"})})
    expect(page.locator("#drop-overlay")).to_be_visible()
    drop_files(page, {song.name: song.read_bytes()})
    expect(page.locator("#drop-overlay")).to_be_hidden()
    row = row_of(page, song.name)
    expect(row.locator(".tray-nearest li")).to_have_count(3, timeout=LISTENED_MS)
    taken_ms = row.evaluate("(row) => row.item.nearestMs")
    assert taken_ms < NEAREST_MS, f"{taken_ms} ms from the end of the upload to the nearest songs"
    expect(row.get_by_role("link", name=song.name)).to_have_attribute("href", re.compile("/tracks/[0-9a-f]{24}$"))
    expect(page.locator("#tray-news")).to_have_text("1 song ready")


def test_a_near_song_plays_and_the_tray_stays_through_navigation(page: Page, song: Path) -> None:
    page.goto("/search")
    drop_files(page, {song.name: song.read_bytes()})
    near = row_of(page, song.name).locator(".tray-nearest li").first
    near.get_by_role("button").click(timeout=LISTENED_MS)
    expect(page.locator("#player")).to_be_visible()
    page.get_by_role("link", name="History").first.click()
    page.wait_for_url("**/history")
    expect(row_of(page, song.name)).to_be_visible()
    bar, tray = page.locator("#player").bounding_box(), page.locator("#tray").bounding_box()
    assert bar is not None
    assert tray is not None
    assert tray["y"] + tray["height"] <= bar["y"] + 1


def test_a_song_that_is_in_the_library_already_is_told_and_not_sent_twice(page: Page, song: Path) -> None:
    page.goto("/upload")
    page.locator("#files").set_input_files(song)
    expect_ready(page, song.name)
    page.get_by_role("button", name="Clear the list").click()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.locator("#files").set_input_files(song)
    expect(row_of(page, song.name)).to_contain_text("Already in the library.")
    assert sent == []
    other_name = song.rename(song.with_name("same sound.mp3"))
    page.locator("#files").set_input_files(other_name)
    expect(row_of(page, "same sound.mp3")).to_contain_text("Already in the library.", timeout=LISTENED_MS)
    expect(row_of(page, "same sound.mp3").get_by_role("link", name="same sound.mp3")).to_be_visible()


def test_what_is_no_song_is_refused_before_a_byte_is_sent(page: Page) -> None:
    page.goto("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    drop_files(page, {"cover.jpg": b"\xff\xd8\xff", "empty.mp3": b"", "paper.mp3": b"%PDF-1.7", "old.m4a": b"ftyp"})
    for name, reason in [("cover.jpg", "not a song"), ("empty.mp3", "empty"), ("paper.mp3", "a PDF"), ("old.m4a", "cannot be read here")]:
        expect(row_of(page, name)).to_contain_text(reason)
        expect(row_of(page, name).get_by_role("button", name="again")).to_be_hidden()
    assert asked == []


def test_what_cannot_be_listened_to_fails_with_the_reason_and_can_be_tried_again(page: Page) -> None:
    page.goto("/")
    drop_files(page, {"noise.mp3": b"no sound at all " * 64})
    row = row_of(page, "noise.mp3")
    expect(row).to_have_attribute("data-state", "failed", timeout=LISTENED_MS)
    expect(row.locator(".tray-reason")).not_to_be_empty()
    first = row.evaluate("(row) => row.item.uploadId")
    row.get_by_role("button", name="Try noise.mp3 again").click()
    page.wait_for_function("(first) => document.querySelector('.tray-row').item.uploadId !== first", arg=first)
    expect(row).to_have_attribute("data-state", "failed", timeout=LISTENED_MS)


def test_a_pasted_song_is_taken_too(page: Page, song: Path) -> None:
    page.goto("/history")
    transfer = make_transfer(page, {song.name: song.read_bytes()})
    page.evaluate(
        "(data) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))", transfer
    )
    expect_ready(page, song.name)


def test_a_folder_is_taken_whole_three_at_once_and_its_other_files_are_left_out(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    (folder / "disc 2").mkdir(parents=True)
    for number in range(5):
        compose_song(folder / ("disc 2" if number > 2 else ".") / f"piece {number}.mp3", seconds=3)
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    held: list[Route] = []
    page.goto("/upload")
    is_held = True
    page.route(storage_of(page), lambda route: held.append(route) if is_held else route.continue_())
    page.locator("#folder").set_input_files(folder)
    expect(page.locator('.tray-row[data-state="sending"]')).to_have_count(3)
    expect(page.locator("#tray-rest")).to_contain_text("1 file left out")
    expect(page.locator("#tray-title")).to_contain_text("Sending 5 songs")
    is_held = False
    for route in held:
        route.continue_()
    expect(page.locator("#tray-title")).to_have_text("5 songs ready", timeout=LISTENED_MS)


def test_a_folder_that_is_dragged_onto_the_page_is_walked_to_its_last_song(page: Page, tmp_path: Path) -> None:
    """As the system hands it over: the browser's own entries, which no script can make."""
    folder = tmp_path / "dragged"
    for number, inner in enumerate(("", "disc 1", "disc 2/bonus")):
        (folder / inner).mkdir(parents=True, exist_ok=True)
        compose_song(folder / inner / f"song {number}.mp3", seconds=3)
    (folder / "disc 1" / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / ".DS_Store").write_bytes(b"x")
    page.goto("/search")
    drag_from_the_system(page, folder)
    expect(page.locator("#drop-overlay")).to_be_hidden()
    expect(page.locator("#tray-rest")).to_contain_text("1 file left out")
    for number in range(3):
        expect_ready(page, f"song {number}.mp3")
    expect(page.locator("#tray-title")).to_have_text("3 songs ready")


def storage_of(page: Page) -> re.Pattern[str]:
    """Addresses of the bucket, as the page's policy names its host."""
    policy = page.request.get("/upload").headers["content-security-policy"]
    found = re.search(r"connect-src 'self' (\S+?);", policy)
    assert found
    return re.compile(f"^{re.escape(found.group(1))}/")


def test_the_network_goes_away_and_the_song_goes_on_by_itself(page: Page, faults: Faults, song: Path) -> None:
    faults.expect("ERR_INTERNET_DISCONNECTED")
    page.goto("/upload")
    page.context.set_offline(True)
    page.locator("#files").set_input_files(song)
    expect(row_of(page, song.name)).to_contain_text("The network is away")
    page.context.set_offline(False)
    expect_ready(page, song.name)


def test_a_large_file_goes_in_parts_and_after_a_reload_on_where_it_stopped(page: Page, faults: Faults, tmp_path: Path) -> None:
    faults.expect("ERR_FAILED|ERR_ABORTED|net::")
    large = compose_large_song(tmp_path / "large.wav")
    page.goto("/upload")
    page.route(re.compile("partNumber=3"), lambda route: route.abort())
    page.locator("#files").set_input_files(large)
    with page.expect_response(re.compile("partNumber=2")):
        pass
    expect(row_of(page, "large.wav")).to_contain_text("The network is away")
    page.unroute_all(behavior="ignoreErrors")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#tray-resume")).to_contain_text("large.wav")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if BUCKET_PUT.search(request.url) and request.method == "PUT" else None)
    page.locator("#files").set_input_files(large)
    expect_ready(page, "large.wav")
    assert [re.findall(r"partNumber=(\d)", url) for url in sent] == [["3"]]
    expect(page.locator("#tray-resume")).to_be_hidden()


def test_closing_the_page_while_something_is_sent_asks_first(page: Page, song: Path) -> None:
    page.goto("/upload")
    page.route(storage_of(page), lambda _: None)
    page.locator("#files").set_input_files(song)
    expect(row_of(page, song.name)).to_have_attribute("data-state", "sending")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.locator("#tray-title").click()  # the browser asks only where somebody has acted on the page
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    assert asked == ["beforeunload"]


def test_calling_off_leaves_nothing_behind(page: Page, song: Path) -> None:
    page.goto("/upload")
    page.route(storage_of(page), lambda _: None)
    page.locator("#files").set_input_files(song)
    row = row_of(page, song.name)
    expect(row).to_have_attribute("data-state", "sending")
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as called_off:
        row.get_by_role("button", name=f"Call off {song.name}").click()
    assert called_off.value.status == 204
    expect(row).to_have_count(0)
    expect(page.locator("#tray")).to_be_hidden()


def test_ten_thousand_files_do_not_freeze_the_page(page: Page) -> None:
    page.goto("/upload")
    page.route("**/api/v1/uploads", lambda _: None)  # never answered: it is the page that is looked at
    page.evaluate(
        """() => {
          const transfer = new DataTransfer();
          for (let number = 0; number < 10_000; number += 1) {
            transfer.items.add(new File(["x"], `song ${number}.mp3`, { lastModified: number }));
          }
          document.getElementById("files").files = transfer.files;
          window.longest = 0;
          let last = performance.now();
          const beat = () => {
            const now = performance.now();
            window.longest = Math.max(window.longest, now - last);
            last = now;
            setTimeout(beat, 0);
          };
          beat();
          document.getElementById("files").dispatchEvent(new Event("change", { bubbles: true }));
        }"""
    )
    expect(page.locator("#tray-title")).to_contain_text("Sending 10,000 songs", timeout=30_000)
    expect(page.locator("#tray-rest")).to_contain_text("9,993 waiting")
    assert page.locator(".tray-row").count() <= 40
    page.get_by_role("button", name="Details").click()
    page.get_by_role("button", name="Details").click()
    assert read_vitals(page).inp_ms <= INP_MS
    assert page.evaluate("() => window.longest") < 1000


def test_who_may_not_upload_has_no_tray(visits: Visits, look: Look) -> None:
    page = visits.open("nobody", look=look)
    page.goto("/login")
    expect(page.locator("#tray")).to_have_count(0)


@in_every_look
def test_the_tray_is_accessible_and_fits(page: Page, song: Path) -> None:
    page.goto("/")
    drop_files(page, {song.name: song.read_bytes(), "cover.jpg": b"\xff\xd8\xff"})
    expect(row_of(page, song.name).locator(".tray-nearest li")).to_have_count(3, timeout=LISTENED_MS)
    check_axe(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_the_upload_page_shows_receipts_with_their_way(page: Page, song: Path) -> None:
    page.goto("/upload")
    page.locator("#files").set_input_files(song)
    expect_ready(page, song.name)
    page.get_by_role("button", name="Close the uploads").click()
    page.goto("/upload")
    receipt = page.locator(".receipt", has_text=song.name)
    receipt.locator("summary").click()
    expect(receipt.locator(".way-step")).to_have_count(5)
    expect(receipt.locator(".way-step", has_text="MFCC").locator(".way-ms")).to_have_text(re.compile(r"\d+(\.\d+)? m?s"))
