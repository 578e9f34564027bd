"""Tells when two tracks are one song: another encoding, another edition, the same title by the same artist. And whose song it is.

Versions that a title marks (remaster, live, radio edit …) are one song; movements and parts, which brackets mark too, are not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

SAME_SOUND = 0.05  # angular distance: one recording encoded anew lies 0.002-0.02 off, at low bit rates 0.02-0.1, another song 0.3 and more

_VERSION_WORDS = "remaster|remastered|live|version|edit|mix|remix|mono|stereo|demo|acoustic|unplugged|deluxe|bonus|feat|ft|featuring"
_BRACKETED = re.compile(rf"[\(\[][^\)\]]*\b(?:{_VERSION_WORDS})\b[^\)\]]*[\)\]]")
_DASHED = re.compile(rf"\s[-–—]\s[^-–—]*\b(?:{_VERSION_WORDS})\b.*$")
_FEATURING = re.compile(r"\s(?:feat|ft|featuring)\b.*$")
_NO_WORD = re.compile(r"[\W_]+")

Units = npt.NDArray[np.float64]
NAMES_KEPT = 2_048  # each is asked for a few times while one list is made


class Named(Protocol):
    """What a song goes by: of a `Track`, or of a `TrackName`."""

    @property
    def artist(self) -> str | None: ...

    @property
    def display_title(self) -> str: ...


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
    return _NO_WORD.sub(" ", _FEATURING.sub("", plain)).strip() or plain.strip() or None


@lru_cache(maxsize=NAMES_KEPT)
def _plain_title(title: str) -> str:
    plain = _fold(title)
    bare = _FEATURING.sub("", _DASHED.sub("", _BRACKETED.sub(" ", plain)))
    return _NO_WORD.sub(" ", bare).strip() or plain.strip()


def _fold(text: str) -> str:
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))


class KnownSongs:
    """Songs that a list must not hold (again): by name and by sound."""

    def __init__(self) -> None:
        self._names: set[tuple[str, str]] = set()
        self._units: Units = np.empty((0, 0))  # room for more than there are
        self._count = 0

    def add(self, track: Named, unit: Units | None) -> None:
        """`unit`: the track's vector at length 1, or None where it has none."""
        name = name_song(track)
        if name is not None:
            self._names.add(name)
        if unit is not None:
            self._keep(unit)

    def holds(self, track: Named, unit: Units | None) -> bool:
        if name_song(track) in self._names:
            return True
        if unit is None or not self._count:
            return False
        return bool(np.linalg.norm(self._units[: self._count] - unit, axis=1).min() < SAME_SOUND) and bool(unit.any())

    def _keep(self, unit: Units) -> None:
        if self._count == len(self._units):
            grown = np.empty((max(64, 2 * self._count), len(unit)))
            grown[: self._count] = self._units[: self._count].reshape(self._count, len(unit))
            self._units = grown
        self._units[self._count] = unit
        self._count += 1
