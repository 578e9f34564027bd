"""How home's list is parted into rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model import Reason, RecommendedTrack
from chalicelib.recommend.rows import FIRST_ROW, ROW_LENGTH, ROWS, SHORTEST_ROW, plan_rows


def recommend(number: int, *because: str) -> RecommendedTrack:
    reasons = tuple(Reason(track_id=name, display_title=name, artist=None, distance=0.2, percentile=99.0) for name in because)
    return RecommendedTrack(track_id=f"t{number}", score=1.0, reasons=reasons)


def recommend_many(count: int, *because: str, start: int = 0) -> list[RecommendedTrack]:
    return [recommend(start + number, *because) for number in range(count)]


def test_the_best_songs_are_the_first_row_whatever_their_reasons() -> None:
    items = recommend_many(FIRST_ROW, "a") + recommend_many(5, "b", start=100)
    plan = plan_rows(items)
    assert plan.first == tuple(items[:FIRST_ROW])
    assert [row.reason.track_id for row in plan.rows] == ["b"]


def test_the_played_song_that_speaks_for_most_heads_the_first_of_the_rows() -> None:
    items = recommend_many(FIRST_ROW, "a") + recommend_many(4, "b", start=100) + recommend_many(6, "c", start=200)
    assert [(row.reason.track_id, len(row.items)) for row in plan_rows(items).rows] == [("c", 6), ("b", 4)]


def test_a_row_of_leftovers_is_not_shown() -> None:
    items = recommend_many(FIRST_ROW, "a") + recommend_many(SHORTEST_ROW - 1, "b", start=100)
    assert plan_rows(items).rows == ()


def test_a_song_that_was_disliked_since_heads_no_row() -> None:
    items = recommend_many(FIRST_ROW, "a") + recommend_many(5, "b", "c", start=100)
    assert [row.reason.track_id for row in plan_rows(items, without_reasons=["b"]).rows] == ["c"]


def test_random_songs_which_have_no_reasons_make_no_rows() -> None:
    assert plan_rows(recommend_many(40)).rows == ()


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True), max_size=60))
def test_no_song_is_shown_twice_and_every_row_has_its_reason(because: list[list[str]]) -> None:
    plan = plan_rows([recommend(number, *names) for number, names in enumerate(because)])
    shown = [item.track_id for row in plan.rows for item in row.items] + [item.track_id for item in plan.first]
    assert len(shown) == len(set(shown))
    assert len(plan.rows) <= ROWS
    assert len({row.reason.track_id for row in plan.rows}) == len(plan.rows)
    for row in plan.rows:
        assert SHORTEST_ROW <= len(row.items) <= ROW_LENGTH
        assert all(row.reason.track_id in {reason.track_id for reason in item.reasons} for item in row.items)
