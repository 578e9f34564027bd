"""Which events count as a play."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import PlayKind
from chalicelib.storage.play_counting import PLAYBACK_LASTS, Heard, Verdict, judge_plays
from tests.fakes.samples import NOW

DAY = PLAYBACK_LASTS.total_seconds()


def hear(
    event_id: str, kind: PlayKind, seconds: float = 0.0, *, user_id: str = "ann", track_id: str = "t", is_play: bool | None = None
) -> Heard:
    """One that has taken effect where `is_play` is said."""
    at = NOW + timedelta(seconds=seconds)
    told = {"has_effect": is_play is not None, "is_play": bool(is_play)}
    return Heard(event_id=event_id, user_id=user_id, track_id=track_id, kind=kind, occurred_at=at, **told)


def judge(*heard: Heard) -> Verdict:
    return judge_plays({each.event_id for each in heard if not each.has_effect}, heard)


def count(*heard: Heard) -> set[str]:
    verdict = judge(*heard)
    assert not verdict.no_plays
    return set(verdict.plays)


def test_a_start_and_its_end_are_one_play() -> None:
    assert count(hear("s", "start"), hear("c", "complete", 200)) == {"s"}
    assert count(hear("s", "start", is_play=True), hear("c", "complete", 200)) == set()


def test_an_end_without_a_start_is_a_play() -> None:
    assert count(hear("c", "complete"), hear("d", "complete", 300)) == {"c", "d"}


def test_the_end_of_another_song_or_listener_has_no_start_here() -> None:
    others = hear("c", "complete", 1, track_id="u"), hear("d", "complete", 1, user_id="bob")
    assert count(hear("s", "start"), *others) == {"s", "c", "d"}


def test_a_start_has_one_end() -> None:
    assert count(hear("s", "start"), hear("c", "complete", 200), hear("d", "complete", 400)) == {"s", "d"}


def test_what_was_skipped_has_ended() -> None:
    assert count(hear("s", "start"), hear("k", "skip", 20), hear("c", "complete", 400)) == {"s", "c"}


def test_a_start_that_comes_after_its_end_was_counted_is_the_play_then() -> None:
    assert judge(hear("s", "start"), hear("c", "complete", 200, is_play=True)) == Verdict(frozenset("s"), frozenset("c"))


def test_what_comes_between_a_start_and_an_end_parts_them() -> None:
    known = hear("s", "start", is_play=True), hear("c", "complete", 200, is_play=False)
    assert count(*known, hear("d", "complete", 100)) == {"c"}
    assert count(*known, hear("k", "skip", 100)) == {"c"}


def test_what_took_effect_is_not_judged_again_without_a_reason() -> None:
    old = hear("r", "start", -100, is_play=False), hear("c", "complete", 200, is_play=False)
    assert count(*old, hear("s", "start", 300)) == {"s"}, "those of older versions are counted elsewhere"


@pytest.mark.parametrize(("seconds", "expected"), [(DAY, {"s"}), (DAY + 1, {"s", "c"})])
def test_a_playback_lasts_a_day_at_most(seconds: float, expected: set[str]) -> None:
    assert count(hear("s", "start"), hear("c", "complete", seconds)) == expected


def test_a_start_and_an_end_at_one_moment_are_in_that_order() -> None:
    assert count(hear("b", "start"), hear("a", "complete")) == {"b"}


@given(st.lists(st.sampled_from(["start", "skip", "complete"]), max_size=8), st.randoms(use_true_random=False))
def test_in_whatever_order_they_come_the_same_events_count(kinds: list[PlayKind], dice: Random) -> None:
    """Each is recorded some time before it takes effect."""
    whole = [hear(f"e{place}", kind, 100 * place) for place, kind in enumerate(kinds)]
    acts = [(each, act) for each in whole for act in ("record", "effect")]
    dice.shuffle(acts)
    recorded: dict[str, Heard] = {}
    for each, _ in acts:
        if each.event_id not in recorded:
            recorded[each.event_id] = each
            continue
        verdict = judge_plays({each.event_id}, recorded.values())
        recorded[each.event_id] = replace(each, has_effect=True)
        for event_id in verdict.plays | verdict.no_plays:
            recorded[event_id] = replace(recorded[event_id], is_play=event_id in verdict.plays)
    assert {event_id for event_id, each in recorded.items() if each.is_play} == count(*whole)
