"""Text from strangers' tags made harmless: one line, NFC, bounded, nothing invisible in it. HTML stays text: templates escape it."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT_LENGTH = 300
_MAX_RAW_LENGTH = 4096  # cut before the work: a tag may hold megabytes
_JOINERS = {"\u200c", "\u200d"}  # Persian and emoji are written with them
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}  # controls, formats (bidi overrides among them), surrogates, private, unassigned
_MAX_COMBINING_MARKS = 8
_LEAST_TURNED = 3  # a title may well be 一, U+4E00


def clean_text(raw: str) -> str | None:
    """The text as it may be stored and shown; None when nothing is left."""
    spaced = re.sub(r"\s+", " ", raw[:_MAX_RAW_LENGTH])
    composed = unicodedata.normalize("NFC", spaced)
    visible = "".join(char for char in composed if char in _JOINERS or unicodedata.category(char) not in _INVISIBLE_CATEGORIES)
    folded = _limit_marks(re.sub(r"\s+", " ", visible)).strip()
    bounded = unicodedata.normalize("NFC", folded)[:MAX_TEXT_LENGTH].strip()
    return bounded if bounded.strip("\u200c\u200d ") else None


def _limit_marks(text: str) -> str:
    """Towers of combining marks are cut: they would cover the lines above."""
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MAX_COMBINING_MARKS:
            kept.append(char)
    return "".join(kept)


def mend_latin1(text: str) -> str:
    """Text declared Latin-1 that certainly is not: valid UTF-8 of several bytes, or Windows-1252 (Latin-1 has no signs at 80-9F)."""
    if text.isascii() or any(ord(char) > 0xFF for char in text):
        return text
    raw = text.encode("latin-1")
    mended = _decode(raw, "utf-8")
    if mended is None and any(0x80 <= byte <= 0x9F for byte in raw):
        mended = _decode(raw, "cp1252")
    return text if mended is None else mended


def mend_utf16(text: str) -> str:
    """UTF-16 that does not say which byte comes first, and was read the wrong way round: its letters are all of the first 255."""
    if len(text) < _LEAST_TURNED or any(ord(char) & 0xFF or ord(char) > 0xFF00 for char in text):
        return text
    return "".join(chr(ord(char) >> 8) for char in text)


def _decode(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def parse_year(raw: str) -> int | None:
    found = re.search(r"(?<!\d)(1[5-9]\d\d|2[01]\d\d)(?!\d)", raw[:64])
    return int(found.group()) if found else None


def parse_track_number(raw: str) -> int | None:
    """ "3", "03/12" """
    found = re.match(r"\s*0*([1-9][0-9]{0,3})\s*(?:/|$)", raw[:32])
    return int(found.group(1)) if found else None
