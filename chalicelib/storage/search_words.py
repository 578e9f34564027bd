"""Words by which a track is found: case, accents and compatibility forms folded, the same for tracks and for queries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_WORDS_OF_TRACK = 64
MAX_WORDS_OF_QUERY = 8
MAX_WORD_CHARS = 40

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile("['\u2019\u02bc`]")
# Letters that Unicode does not decompose, though people type them without the stroke.
_STROKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i"})


def fold_text(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cs"})
    return unicodedata.normalize("NFKC", bare.casefold()).translate(_STROKED)


def fold_username(username: str) -> str:
    """What makes two names the same: case and compatibility forms do not count, accents do."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


def split_query(query: str) -> list[str]:
    """The words of a query in order; the last one is meant as a prefix."""
    words = [word[:MAX_WORD_CHARS] for chunk in fold_text(query).split() for word in _split_chunk(chunk)]
    return words[:MAX_WORDS_OF_QUERY]


def collect_words(*texts: str | None) -> list[str]:
    """The words of a track, each once. "don't" is found as don, t and dont."""
    words: dict[str, None] = {}
    for chunk in (chunk for text in texts if text for chunk in fold_text(text).split()):
        joined = _APOSTROPHES.sub("", chunk)
        for word in [*_split_chunk(chunk), *_split_chunk(joined)]:
            words[word[:MAX_WORD_CHARS]] = None
    return list(words)[:MAX_WORDS_OF_TRACK]


def holds_words(words: Iterable[str], query_words: list[str]) -> bool:
    """Whether every word of a query is among a track's words, the last as a prefix. All tracks hold no words."""
    if not query_words:
        return True
    held = set(words)
    *whole, prefix = query_words
    return all(word in held for word in whole) and any(word.startswith(prefix) for word in held)


def _split_chunk(chunk: str) -> list[str]:
    # A name made of signs alone ("!!!") is a word too.
    return _WORD.findall(chunk) or ([chunk] if chunk else [])
