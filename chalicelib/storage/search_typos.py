"""Words that are meant though they are not finished or not spelled right. Pure; the stores keep each word of the library once, with the
keys made here, so that what costs grows with the vocabulary and not with the songs.

A key is either a beginning of the word, or such a beginning with one letter left out, marked by `~`. Two words that differ by one
letter (wrong, missing, too many, or two exchanged) share one: no alphabet is tried out, no text of a user becomes a pattern.
"""

from __future__ import annotations

from collections.abc import Iterable

KEY_CHARS = 7  # of a word's beginning: what is typed further is compared word by word
LEAST_CHARS = 4  # of a word that may be misspelled: of three letters one wrong is too much, but one may be missing (`blu` for `blue`)
MAX_COMPLETED = 40
MAX_CORRECTED = 20
LOOKED_AT = 200  # words read for one that is typed: those of the highest levels

_MARK = "~"


def list_keys(word: str) -> list[str]:
    """Under what a word of the library is found."""
    beginnings = {word[:length] for length in range(1, min(len(word), KEY_CHARS + 1) + 1)}
    misspelled = {_MARK + left for each in beginnings if len(each) >= LEAST_CHARS for left in _leave_one_out(each)}
    return sorted({each for each in beginnings if len(each) <= KEY_CHARS} | misspelled)


def level_of(count: int) -> int:
    """How frequent a word is, coarsely: one more for each doubling of the songs that have it. What words are found by in order, so that
    a song that comes or goes rewrites the entries of hardly any of its words."""
    return max(count, 0).bit_length() - 1


def key_of_beginning(typed: str) -> str:
    return typed[:KEY_CHARS]


def keys_of_misspelled(typed: str) -> list[str]:
    """None where the word is too short to be corrected."""
    if len(typed) < LEAST_CHARS - 1:
        return []
    if len(typed) < LEAST_CHARS:
        return [_MARK + typed]
    beginning = typed[:KEY_CHARS]
    left = _leave_one_out(beginning)
    return sorted({_MARK + beginning, *(_MARK + each for each in left), *left})


def is_near(typed: str, word: str) -> bool:
    """One letter wrong, missing, too many, or two neighbours exchanged; the same word is near too."""
    if abs(len(typed) - len(word)) > 1:
        return False
    at = next((place for place, (one, other) in enumerate(zip(typed, word, strict=False)) if one != other), min(len(typed), len(word)))
    rest, of_word = typed[at:], word[at:]
    is_exchanged = len(rest) > 1 and len(of_word) > 1 and (rest[0], rest[1]) == (of_word[1], of_word[0]) and rest[2:] == of_word[2:]
    return rest[1:] == of_word[1:] or rest == of_word[1:] or rest[1:] == of_word or is_exchanged


def is_near_beginning(typed: str, word: str) -> bool:
    return any(is_near(typed, word[:length]) for length in (len(typed) - 1, len(typed), len(typed) + 1) if length <= len(word))


def complete(typed: str, vocabulary: Iterable[str]) -> list[str]:
    """Longer words that begin so. `vocabulary`: most frequent first."""
    return [word for word in vocabulary if word != typed and word.startswith(typed)][:MAX_COMPLETED]


def correct(typed: str, vocabulary: Iterable[str], *, is_last: bool) -> list[str]:
    """Words that may have been meant; the last one typed may be a beginning too. `vocabulary`: most frequent first."""
    if len(typed) < LEAST_CHARS:
        return [word for word in vocabulary if len(word) == LEAST_CHARS == len(typed) + 1 and is_near(typed, word)][:MAX_CORRECTED]
    near = [word for word in vocabulary if word != typed and (is_near(typed, word) or (is_last and is_near_beginning(typed, word)))]
    return sorted(near, key=lambda word: not is_near(typed, word))[:MAX_CORRECTED]


def _leave_one_out(text: str) -> set[str]:
    return {text[:place] + text[place + 1 :] for place in range(len(text))}
