"""Laws of the words by which tracks are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.search_words import collect_words, fold_text, fold_username, holds_words, split_query


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold_text(fold_text(text)) == fold_text(text)
    assert fold_username(fold_username(text)) == fold_username(text)


@given(st.text(max_size=60))
def test_a_title_is_found_by_itself(title: str) -> None:
    assert holds_words(collect_words(title), split_query(title))


@given(st.text(alphabet="abcñéØßж ", max_size=30), st.integers(min_value=0, max_value=30))
def test_a_title_is_found_while_it_is_being_typed(title: str, typed: int) -> None:
    assert holds_words(collect_words(title), split_query(title[:typed]))


@given(st.text(max_size=60))
def test_letters_count_in_no_case(text: str) -> None:
    assert fold_text(text.swapcase().casefold()) == fold_text(text.swapcase())


@given(st.text(max_size=500))
def test_words_are_bounded(text: str) -> None:
    words = collect_words(text, None, text)
    assert len(words) == len(set(words)) <= 64
    assert all(0 < len(word) <= 40 for word in words)
    assert len(split_query(text)) <= 8


@pytest.mark.parametrize(
    ("title", "query"), [("L'Amour", "amour"), ("Don’t", "dont"), ("AC/DC", "ac dc"), ("25 or 6 to 4", "6"), ("東京", "東")]
)
def test_words_are_found_as_people_type_them(title: str, query: str) -> None:
    assert holds_words(collect_words(title), split_query(query))
