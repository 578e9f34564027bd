"""Tells when two tracks are one song: another encoding, another edition, the same title by the same artist. And whose song it is.

Versions that a title marks (remaster, live, radio edit …) are one song; movements and parts, which brackets mark too, are not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import filterfalse
from typing import Protocol

import numpy as np
import numpy.typing as npt

from chalicelib.recommend.same_sound import DEFAULT_SPACE, SAME_SOUND

_VERSION_WORDS = "remaster|remastered|live|version|edit|mix|remix|mono|stereo|demo|acoustic|unplugged|deluxe|bonus|feat|ft|featuring"
_BRACKETED = re.compile(rf"[\(\[][^\)\]]*\b(?:{_VERSION_WORDS})\b[^\)\]]*[\)\]]")
_DASHED = re.compile(rf"\s[-–—]\s[^-–—]*\b(?:{_VERSION_WORDS})\b.*$")
_FEATURING = re.compile(r"\s(?:feat|ft|featuring)\b.*$")
_NO_WORD = re.compile(r"[\W_]+")

Units = npt.NDArray[np.float64]
NAMES_KEPT = 8_192  # each is asked for a few times while one list is made, artists for the next listeners' lists too


class Named(Protocol):
    """What a song goes by: of a `Track`, or of a `TrackName`."""

    @property
    def artist(self) -> str | None: ...

    @property
    def display_title(self) -> str: ...

    @property
    def duration_s(self) -> float: ...


def name_artist(track: Named) -> str | None:
    """The artist as compared: without case, accents, punctuation and guests. None where the tags name nobody."""
    return None if track.artist is None else _plain_artist(track.artist)


def name_song(track: Named) -> tuple[str, str] | None:
    """(artist, title) as compared, without marks of a version. None where nobody is named: `track 01` alone is no song's name."""
    artist = name_artist(track)
    title = None if artist is None else _plain_title(track.display_title)
    return (artist, title) if artist and title else None


@lru_cache(maxsize=NAMES_KEPT)
def _plain_artist(artist: str) -> str | None:
    plain = _fold(artist)
    return _keep_words(_cut_guests(plain)) or plain.strip() or None


@lru_cache(maxsize=NAMES_KEPT)
def _plain_title(title: str) -> str:
    plain = _fold(title)
    bare = plain if _has_only_words(plain) else _DASHED.sub("", _BRACKETED.sub(" ", plain))
    return _keep_words(_cut_guests(bare)) or plain.strip()


def _fold(text: str) -> str:
    if text.isascii():
        return text.casefold()
    return "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", text.casefold())))


def _cut_guests(plain: str) -> str:
    return _FEATURING.sub("", plain) if "feat" in plain or "ft" in plain else plain


def _keep_words(text: str) -> str:
    return " ".join(text.split()) if _has_only_words(text) else _NO_WORD.sub(" ", text).strip()


def _has_only_words(text: str) -> bool:
    """As most names: the patterns, which take ten times as long, would find nothing but spaces."""
    return text.replace(" ", "").isalnum()


class KnownSongs:
    """Songs that a list must not hold (again): by name and by sound."""

    def __init__(self, space: str = DEFAULT_SPACE) -> None:
        """`space`: of the vectors that it is given."""
        self.same_sound = SAME_SOUND[space]
        self._names: set[tuple[str, str]] = set()
        self._units: Units = np.empty((0, 0))  # room for more than there are
        self._durations_s = np.empty(0)  # parallel
        self._count = 0

    def add(self, track: Named, unit: Units | None) -> None:
        """`unit`: the track's vector at length 1, or None where it has none."""
        name = name_song(track)
        if name is not None:
            self._names.add(name)
        if unit is not None:
            self._keep(unit, track.duration_s)

    def holds_name(self, track: Named) -> bool:
        return name_song(track) in self._names

    def find_twins(self, units: Units, durations_s: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """(n,) which of the unit rows (n, d), of songs so long, sound the same as one of the songs."""
        if not self._count or not len(units):
            return np.zeros(len(units), dtype=bool)
        known = self._units[: self._count]
        squares = np.einsum("ij,ij->i", units, units)
        apart = squares[:, np.newaxis] + np.einsum("ij,ij->i", known, known) - 2.0 * (units @ known.T)
        seconds_apart = durations_s[:, np.newaxis] - self._durations_s[: self._count]
        is_twin: npt.NDArray[np.bool_] = self.same_sound.tell(apart, seconds_apart).any(axis=1) & (squares > 0)
        return is_twin

    def holds(self, track: Named, unit: Units | None) -> bool:
        if self.holds_name(track):
            return True
        if unit is None or not self._count:
            return False
        apart = self._units[: self._count] - unit
        seconds_apart = self._durations_s[: self._count] - track.duration_s
        return bool(self.same_sound.tell(np.einsum("ij,ij->i", apart, apart), seconds_apart).any()) and bool(unit.any())

    def _keep(self, unit: Units, duration_s: float) -> None:
        if self._count == len(self._units):
            grown = np.empty((max(64, 2 * self._count), len(unit)))
            grown[: self._count] = self._units[: self._count].reshape(self._count, len(unit))
            self._units = grown
            self._durations_s = np.resize(self._durations_s, len(grown))
        self._units[self._count] = unit
        self._durations_s[self._count] = duration_s
        self._count += 1
