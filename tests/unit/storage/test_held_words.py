"""Laws of what indexes tell of a song's words and groups: they may tell too little, never anything wrong."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.held_words import Sieve, Wanted, write_held
from chalicelib.storage.search_words import collect_words

WORDS = ("blue", "hour", "moon", "!!!", "~", "~~", "$1")
FACETS = ("genre:folk", "genre:rock", "year:1999", "artist:ada", "name:")
words = st.lists(st.sampled_from(WORDS), max_size=4)
facets = st.lists(st.sampled_from(FACETS), max_size=3)
choices = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), max_size=3)


def has_one_of_each(held: Sequence[str], asked: Sequence[Sequence[str]]) -> bool:
    return all(set(choice) & set(held) for choice in asked)


@given(words, facets, choices, facets, choices)
def test_exactly_those_with_the_words_and_groups_get_through(
    held: list[str], of_groups: list[str], asked: list[list[str]], in_groups: list[str], narrower: list[list[str]]
) -> None:
    """As long as no two groups share a code: these do not."""
    is_wanted = has_one_of_each(held, asked) and set(in_groups) <= set(of_groups)
    was_found = bool(narrower) and has_one_of_each(held, narrower)
    sieve = Sieve(Wanted(choices=asked, facets=in_groups, narrower=narrower))
    assert sieve.lets_through(write_held(held, of_groups)) == (is_wanted and not was_found)


@given(st.text(max_size=40), facets)
def test_no_title_passes_for_a_group(title: str, of_groups: list[str]) -> None:
    held = write_held(collect_words(title, *(code for facet in FACETS for code in write_held((), [facet]).split())), of_groups)
    for facet in set(FACETS) - set(of_groups):
        assert not Sieve(Wanted(facets=[facet])).lets_through(held)


@given(choices, facets)
def test_of_a_song_that_tells_nothing_nothing_is_ruled_out(asked: list[list[str]], in_groups: list[str]) -> None:
    assert Sieve(Wanted(choices=asked, facets=in_groups, narrower=asked, other_than="blue hour")).lets_through(None)


def test_nothing_is_wanted_besides_where_nothing_is_said() -> None:
    assert not Wanted()
    for wanted in (Wanted(choices=[["blue"]]), Wanted(facets=["year:1999"]), Wanted(narrower=[["blue"]]), Wanted(other_than="blue")):
        assert wanted
