"""Tells when two tracks are one song: another encoding, another edition, the same title by the same artist. And whose song it is.

Versions that a title marks (remaster, live, radio edit …) are one song; movements and parts, which brackets mark too, are not.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import numpy.typing as npt

from chalicelib.model import Track

SAME_SOUND = 0.05  # angular distance: one recording encoded anew lies 0.002-0.02 off, at low bit rates 0.02-0.1, another song 0.3 and more

_VERSION_WORDS = "remaster|remastered|live|version|edit|mix|remix|mono|stereo|demo|acoustic|unplugged|deluxe|bonus|feat|ft|featuring"
_BRACKETED = re.compile(rf"[\(\[][^\)\]]*\b(?:{_VERSION_WORDS})\b[^\)\]]*[\)\]]")
_DASHED = re.compile(rf"\s[-–—]\s[^-–—]*\b(?:{_VERSION_WORDS})\b.*$")
_FEATURING = re.compile(r"\s(?:feat|ft|featuring)\b.*$")
_NO_WORD = re.compile(r"[\W_]+")

Units = npt.NDArray[np.float64]


def name_artist(track: Track) -> str | None:
    """The artist as compared: without case, accents, punctuation and guests. None where the tags name nobody."""
    if track.artist is None:
        return None
    plain = _fold(track.artist)
    return _NO_WORD.sub(" ", _FEATURING.sub("", plain)).strip() or plain.strip() or None


def name_song(track: Track) -> tuple[str, str] | None:
    """(artist, title) as compared, without marks of a version. None where nobody is named: `track 01` alone is no song's name."""
    artist = name_artist(track)
    if artist is None:
        return None
    plain = _fold(track.display_title)
    bare = _FEATURING.sub("", _DASHED.sub("", _BRACKETED.sub(" ", plain)))
    title = _NO_WORD.sub(" ", bare).strip() or plain.strip()
    return (artist, title) if title else None


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))


class KnownSongs:
    """Songs that a list must not hold (again): by name and by sound."""

    def __init__(self) -> None:
        self._names: set[tuple[str, str]] = set()
        self._units: list[Units] = []

    def add(self, track: Track, unit: Units | None) -> None:
        """`unit`: the track's vector at length 1, or None where it has none."""
        name = name_song(track)
        if name is not None:
            self._names.add(name)
        if unit is not None:
            self._units.append(unit)

    def holds(self, track: Track, unit: Units | None) -> bool:
        if name_song(track) in self._names:
            return True
        if unit is None or not self._units:
            return False
        return bool(np.linalg.norm(np.array(self._units) - unit, axis=1).min() < SAME_SOUND) and bool(unit.any())
