"""All words and groups of a song in one text, which indexes hold beside each of them: so that a list along one word or group tells from the
index which of its songs have the others too, without a look at hundreds of documents all over the disk. Pure.

Words stand in it as they are, groups by short codes that two of them may share, and documents of older versions lack it: it tells
for certain only what a song does not have. `match_wanted` is what decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from chalicelib.storage.mongo import Document

Choices = Sequence[Sequence[str]]  # words: one of each is wanted

_CODE = "~"  # no word has it beside letters
_CODE_CHARS = 5


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What songs on a list have besides what it goes along."""

    choices: Choices = ()
    facets: Sequence[str] = ()
    narrower: Choices = ()  # what has a word of each of these was found before
    other_than: str = ""  # the same of this title

    def __bool__(self) -> bool:
        return bool(self.choices or self.facets or self.narrower or self.other_than)


def write_held(words: Iterable[str], facet_ids: Iterable[str]) -> str:
    return " ".join([*words, *map(_code_of, facet_ids)])


class Sieve:
    """Lets through what may be wanted."""

    def __init__(self, wanted: Wanted) -> None:
        self._needed = [*map(frozenset, wanted.choices), *(frozenset([_code_of(facet)]) for facet in wanted.facets)]
        self._narrower = [*map(frozenset, wanted.narrower)]

    def lets_through(self, held: str | None) -> bool:
        if held is None:
            return True
        has = held.split(" ")
        for each in self._needed:
            if each.isdisjoint(has):
                return False
        return not self._narrower or any(each.isdisjoint(has) for each in self._narrower)


def match_wanted(wanted: Wanted) -> list[Document]:
    """Conditions that all hold of a song that is wanted."""
    conditions = [_match_choices([choice]) for choice in wanted.choices]
    conditions += [{"facets": facet} for facet in wanted.facets]
    conditions += [{"$nor": [_match_choices(wanted.narrower)]}] if wanted.narrower else []
    return [*conditions, {"title_key": {"$ne": wanted.other_than}}] if wanted.other_than else conditions


def _match_choices(choices: Choices) -> Document:
    return {"$and": [{"search_words": {"$in": list(choice)}} for choice in choices]}


def _code_of(facet_id: str) -> str:
    return _CODE + hashlib.sha256(facet_id.encode()).hexdigest()[:_CODE_CHARS]
