"""Search by words, the best first: the very title, then the words as they were typed, then the last one as a beginning, and only where
that finds hardly anything, words that were misspelled by a letter. Within each of these, the most played first.

Words are completed and corrected in `search_terms`, which holds each word of the library once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from msgspec.structs import replace

from chalicelib.library_model import TrackQuery
from chalicelib.model import Page, Track
from chalicelib.storage.cursors import decode_cursor, encode_cursor
from chalicelib.storage.held_words import Wanted
from chalicelib.storage.library import Walk, Windows, count_facets, walk_on
from chalicelib.storage.library_queries import (
    POPULAR_FIRST,
    Place,
    choose_rarest,
    match_less_popular,
    match_no_more_popular,
    pack_place,
    unpack_place,
)
from chalicelib.storage.mongo import Document, MongoDatabase
from chalicelib.storage.search_typos import LOOKED_AT, complete, correct, key_of_beginning, keys_of_misspelled
from chalicelib.storage.search_words import split_query
from chalicelib.storage.track_documents import to_track
from chalicelib.storage.track_facets import ask_facets, fold_key

FEW = 5  # songs: where as many were found as typed, nobody misspelled anything
_CORRECTED = 3
_START = "start"

Choices = list[list[str]]


def search_tracks(database: MongoDatabase, query: TrackQuery, *, limit: int, cursor: str | None) -> Page[Track]:
    search, windows = _Search(database, query), Windows(database["tracks"])
    tier, seen, place = _read_cursor(cursor)
    found: list[Document] = []
    for number in range(tier, _CORRECTED + 1):
        if number == _CORRECTED and seen + len(found) >= FEW:
            break
        walk = search.plan(number)
        if walk is None:
            continue
        reached = walk_on(database["tracks"], walk, place, limit=limit - len(found), windows=windows)
        found += reached.documents
        if reached.has_more:
            return Page(_to_tracks(found), _make_cursor(number, seen + len(found), reached.place))
        place = None
    return Page(_to_tracks(found))


class _Search:
    """One query's words, completed and corrected when it comes to that."""

    def __init__(self, database: MongoDatabase, query: TrackQuery) -> None:
        self._terms = database["search_terms"]
        self._title_key = fold_key(query.text)
        self._words = split_query(query.text)
        self._facets = ask_facets(query)
        self._counts: dict[str, int] = count_facets(database, self._facets) if self._facets else {}

    def plan(self, number: int) -> Walk | None:
        """None where it would find nothing that was not found before."""
        if number == 0:
            return _make_walk({"title_key": self._title_key}, Wanted(facets=self._facets))
        choices = self._choices(number)
        if number == 1:
            return self._walk_along(choices, Wanted(other_than=self._title_key))
        narrower = self._choices(number - 1)
        return self._walk_along(choices, Wanted(narrower=narrower)) if choices != narrower else None

    def _choices(self, number: int) -> Choices:
        return (self._exact, self._completed, self._corrected)[number - 1]

    @cached_property
    def _exact(self) -> Choices:
        self._note(self._terms.find({"_id": {"$in": self._words}}, {"count": 1}))
        return [[word] for word in self._words]

    @cached_property
    def _completed(self) -> Choices:
        *whole, last = self._words
        return [*([word] for word in whole), [last, *complete(last, self._find_terms([key_of_beginning(last)]))]]

    @cached_property
    def _corrected(self) -> Choices:
        last = len(self._words) - 1
        return [
            [*choice, *(word for word in self._correct(self._words[place], is_last=place == last) if word not in choice)]
            for place, choice in enumerate(self._completed)
        ]

    def _correct(self, typed: str, *, is_last: bool) -> list[str]:
        keys = keys_of_misspelled(typed)
        return correct(typed, self._find_terms(keys), is_last=is_last) if keys else []

    def _find_terms(self, keys: Sequence[str]) -> list[str]:
        """The most frequent first: told coarsely by the index, and exactly among those that were read."""
        found = self._terms.find({"keys": {"$in": list(keys)}}, {"count": 1}).sort([("level", -1), ("_id", 1)]).limit(LOOKED_AT)
        terms = found.batch_size(LOOKED_AT + 1).to_list()
        return self._note(sorted(terms, key=lambda term: (-term["count"], term["_id"])))

    def _note(self, terms: Iterable[Document]) -> list[str]:
        counts = {one["_id"]: one["count"] for one in terms}
        self._counts.update(counts)
        return list(counts)

    def _walk_along(self, choices: Choices, beyond_before: Wanted) -> Walk:
        """Along what the fewest songs have: one of the words, or a filter."""
        filters = [[facet] for facet in self._facets]
        rarest = choose_rarest([*choices, *filters], self._counts)
        others = [choice for place, choice in enumerate(choices) if place != rarest]
        if rarest < len(choices):
            return _make_walk({"search_words": {"$in": choices[rarest]}}, replace(beyond_before, choices=others, facets=self._facets))
        along = self._facets[rarest - len(choices)]
        facets = [facet for facet in self._facets if facet != along]
        return _make_walk({"facets": along}, replace(beyond_before, choices=others, facets=facets))


def _make_walk(along: Document, wanted: Wanted) -> Walk:
    return Walk(
        along={"status": "active", **along},
        order=POPULAR_FIRST,
        goes_on=match_less_popular,
        goes_on_by_index=match_no_more_popular,
        wanted=wanted,
    )


def _to_tracks(documents: Iterable[Document]) -> tuple[Track, ...]:
    return tuple(to_track(document) for document in documents)


def _make_cursor(number: int, seen: int, place: Place | None) -> str:
    return encode_cursor(f"{number}.{seen}", pack_place(place) if place is not None else _START)


def _read_cursor(cursor: str | None) -> tuple[int, int, Place | None]:
    if cursor is None:
        return 0, 0, None
    label, packed = decode_cursor(cursor)
    number, _, seen = label.partition(".")
    is_ours = number in ("0", "1", "2", "3") and seen.isascii() and seen.isdigit() and len(seen) < 7
    place = unpack_place(POPULAR_FIRST, packed if is_ours else "") if packed != _START or not is_ours else None
    return int(number), int(seen), place
