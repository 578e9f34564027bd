"""Features kept beside an index: those that were asked for lately, and never more than there is room for."""

from __future__ import annotations

from chalicelib.index.kept_features import KeptFeatures


def test_what_was_kept_is_found_and_nothing_else() -> None:
    kept = KeptFeatures()
    kept.keep({"a": b"1", "b": b"2"})
    assert kept.find(["b", "c", "a"]) == {"b": b"2", "a": b"1"}


def test_what_was_not_asked_for_longest_goes_first() -> None:
    kept = KeptFeatures(kept=2)
    kept.keep({"a": b"1", "b": b"2"})
    kept.find(["a"])
    kept.keep({"c": b"3"})
    assert kept.find(["a", "b", "c"]) == {"a": b"1", "c": b"3"}


def test_more_than_there_is_room_for_at_once_leaves_the_last() -> None:
    kept = KeptFeatures(kept=2)
    kept.keep({name: name.encode() for name in "abcde"})
    assert kept.find("abcde") == {"d": b"d", "e": b"e"}
