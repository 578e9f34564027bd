"""Completed and corrected words: whatever is found by keys is near indeed, and whatever is near is found by keys."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.search_typos import complete, correct, is_near, keys_of_misspelled, list_keys

words = st.text(string.ascii_lowercase + "éß日", min_size=4, max_size=14)


@given(
    word=words, place=st.integers(0, 13), letter=st.sampled_from("axz日"), kind=st.sampled_from(["wrong", "missing", "extra", "swapped"])
)
def test_a_word_with_one_fault_is_found_by_its_keys(word: str, place: int, letter: str, kind: str) -> None:
    place = min(place, len(word) - 1)
    typed = {
        "wrong": word[:place] + letter + word[place + 1 :],
        "missing": word[:place] + word[place + 1 :],
        "extra": word[:place] + letter + word[place:],
        "swapped": word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
    }[kind]
    assert is_near(typed, word)
    if typed != word and (len(typed) >= 4 or kind == "missing"):
        assert set(keys_of_misspelled(typed)) & set(list_keys(word))
        assert correct(typed, [word], is_last=False) == [word]


@given(words, words)
def test_what_is_called_near_is_one_fault_away(one: str, other: str) -> None:
    assert is_near(one, other) == is_near(other, one) == (count_faults(one, other) <= 1)


def count_faults(one: str, other: str) -> int:
    """Optimal string alignment, by the book."""
    rows = [[a + b if not a * b else 0 for b in range(len(other) + 1)] for a in range(len(one) + 1)]
    for a in range(1, len(one) + 1):
        for b in range(1, len(other) + 1):
            same = one[a - 1] == other[b - 1]
            rows[a][b] = min(rows[a - 1][b] + 1, rows[a][b - 1] + 1, rows[a - 1][b - 1] + (not same))
            if a > 1 and b > 1 and (one[a - 1], one[a - 2]) == (other[b - 2], other[b - 1]):
                rows[a][b] = min(rows[a][b], rows[a - 2][b - 2] + 1)
    return rows[-1][-1]


def test_of_a_short_word_a_letter_may_be_missing_but_none_wrong() -> None:
    assert complete("lov", ["lovely", "lov", "love", "glove"]) == ["lovely", "love"]
    assert correct("blu", ["blue", "bus", "blur"], is_last=False) == ["blue", "blur"]
    assert correct("lov", ["low", "glov"], is_last=True) == ["glov"]
    assert keys_of_misspelled("bl") == []


def test_the_last_word_may_be_a_misspelled_beginning() -> None:
    assert correct("rdioh", ["radiohead"], is_last=True) == ["radiohead"]
    assert correct("rdioh", ["radiohead"], is_last=False) == []


def test_a_word_has_few_keys_however_long_it_is() -> None:
    assert len(list_keys("x" * 40)) < 50
    assert len(list_keys("abcdefghijklmnop")) < 50
