"""The pure parts of the player, in the browser that runs them: the order of songs, and what counts as heard."""

from __future__ import annotations

import random
from typing import Any

import pytest
from playwright.sync_api import Page

TRACKS = [{"trackId": letter} for letter in "abcdef"]
_SHOW = "(queue) => queue && ({ ids: queue.entries.map((entry) => entry.track.trackId).join(''), place: queue.place })"


def work(visitor_page: Page, module: str, code: str, **given: Any) -> Any:
    """`code` with the module's exports as `m`, what is given as `given`, and `show` for queues."""
    if visitor_page.url == "about:blank":
        visitor_page.goto("/login")
    script = f"async (given) => {{ const m = await import('/static/{module}'); const show = {_SHOW}; {code} }}"
    return visitor_page.evaluate(script, {"tracks": TRACKS, **given})


def work_queue(visitor_page: Page, code: str, **given: Any) -> Any:
    return work(visitor_page, "queue.js", f"let q = m.makeQueue(given.tracks, 1); {code} return show(q);", **given)


@pytest.mark.parametrize(
    ("code", "ids", "place"),
    [
        ("q = m.goNext(q);", "abcdef", 2),
        ("q = m.goBack(q);", "abcdef", 0),
        ("q = m.insertNext(q, [{ trackId: 'x' }, { trackId: 'y' }]);", "abxycdef", 1),
        ("q = m.append(q, [{ trackId: 'x' }]);", "abcdefx", 1),
        ("q = m.moveEntry(q, 6, 2);", "abfcde", 1),
        ("q = m.moveEntry(q, 1, 5);", "bcdefa", 0),
        ("q = m.moveEntry(q, 2, 0);", "bacdef", 0),
        ("q = m.moveEntry(q, 99, 0);", "abcdef", 1),
        ("q = m.removeEntry(q, 1);", "bcdef", 0),
        ("q = m.removeEntry(q, 6);", "abcde", 1),
        ("q = m.removeEntry(q, 2);", "acdef", 1),
        ("q = m.clearOthers(q);", "b", 0),
        ("q = m.jumpTo(q, 5);", "abcdef", 4),
    ],
)
def test_a_queue_changes_as_it_is_told_and_the_song_that_plays_stays(visitor_page: Page, code: str, ids: str, place: int) -> None:
    assert work_queue(visitor_page, code) == {"ids": ids, "place": place}


def test_what_is_shuffled_plays_everything_once_and_goes_back_to_its_order(visitor_page: Page) -> None:
    draws = [random.Random(7).random() for _ in range(20)]
    played = work(
        visitor_page,
        "queue.js",
        """let at = 0; const random = () => given.draws[at++ % given.draws.length];
        let q = m.shuffle(m.makeQueue(given.tracks, 0), random); const heard = [];
        for (let next = q; next; next = m.goNext(next)) { heard.push(m.currentEntry(next).track.trackId); q = next; }
        return { heard: heard.join(''), back: show(m.unshuffle(q)) };""",
        draws=draws,
    )
    assert sorted(played["heard"]) == list("abcdef")
    assert played["heard"] != "abcdef"
    assert played["back"]["ids"] == "abcdef"
    assert played["back"]["ids"][played["back"]["place"]] == played["heard"][-1]


def test_songs_added_while_shuffled_stand_where_they_were_put_when_the_order_comes_back(visitor_page: Page) -> None:
    code = "q = m.append(m.insertNext(m.shuffle(q), [{ trackId: 'x' }]), [{ trackId: 'y' }]); q = m.unshuffle(q);"
    assert work_queue(visitor_page, code) == {"ids": "abxcdefy", "place": 1}


def test_repeat_all_begins_again_and_repeat_one_stays_until_next_is_pressed(visitor_page: Page) -> None:
    places = work(
        visitor_page,
        "queue.js",
        """const last = { ...m.makeQueue(given.tracks, 5) }; const one = { ...last, repeat: 'one', place: 2 };
        return [m.goNext(last), m.goNext({ ...last, repeat: 'all' }).place, m.goNext(one, { hasEnded: true }).place, m.goNext(one).place,
          m.peekNext(last), m.peekNext({ ...last, repeat: 'all' }).track.trackId, m.goBack({ ...last, place: 0 })];""",
    )
    assert places == [None, 0, 2, 3, None, "a", None]


def test_a_queue_is_bounded_and_loses_what_was_played_first(visitor_page: Page) -> None:
    found = work(
        visitor_page,
        "queue.js",
        """const many = Array.from({ length: 300 }, (_, n) => ({ trackId: String(n) }));
        const q = m.makeQueue(many, 250); const more = m.append(q, [{ trackId: 'x' }]);
        return [q.entries.length, m.currentEntry(q).track.trackId, more.entries.length, m.currentEntry(more).track.trackId,
          more.entries.at(-1).track.trackId];""",
    )
    assert found == [200, "250", 200, "250", "x"]


@pytest.mark.parametrize(
    ("ranges", "duration", "has_ended", "judged"),
    [
        ([[0, 95]], 100, False, "complete"),
        ([[0, 50], [40, 91]], 100, False, "complete"),
        ([[0, 5], [98, 100]], 100, True, "skip"),
        ([[0, 60], [99, 100]], 100, True, "complete"),
        ([[0, 40], [99, 100]], 100, True, None),
        ([[0, 12]], 100, False, "skip"),
        ([[0, 45]], 200, False, None),
        ([[0, 9]], 20, False, "skip"),
        ([[0, 11]], 20, False, None),
        ([[0, 10], [0, 10], [0, 10], [0, 10]], 40, False, "skip"),
    ],
)
def test_a_song_counts_by_what_was_heard_not_by_where_it_was_left(
    visitor_page: Page, ranges: list[list[float]], duration: float, has_ended: bool, judged: str | None
) -> None:
    code = """const all = given.ranges.reduce((sum, [from, to]) => m.addRange(sum, from, to), []);
        return m.judgeLeaving(all, given.duration, given.ended);"""
    assert work(visitor_page, "heard.js", code, ranges=ranges, duration=duration, ended=has_ended) == judged
