"""The map of a build: the file `map.bin`, and what the manifest says of it. Owns the format; where songs stand is `layout.py`'s.

`map.bin`, little-endian, 17 bytes a song behind a head of 32 bytes, one column after the other so that a browser reads it as typed arrays:

    0   4 bytes   "TMAP"
    4   uint16    version, 1
    6   uint16    bytes a song, 17
    8   uint32    n, the number of songs
    12  uint32    0, reserved
    16  float32   lowest x, lowest y, side of the square that holds all songs, 0 (reserved)
    32  uint16[n] x   0 to 65535 across the square
        uint16[n] y
        uint8[n]  genre: its place in the manifest's `map.genres`; 254 another genre, 255 none
        12 bytes a song: the track id

Rows are in the order of `track_ids.json`.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from chalicelib.errors import ArtefactError
from chalicelib.index.manifest import MapFacts, MapGenre, Space

VERSION = 1
HEAD = struct.Struct("<4sHHII4f")
RECORD_BYTES = 17
ID_BYTES = 12
STEPS = 65_535
GENRES_MAX = 200
OTHER_GENRE, NO_GENRE = 254, 255
MAGIC = b"TMAP"
_NAME_MAX = 100

Plane = npt.NDArray[np.floating[Any]]
PackedIds = npt.NDArray[np.bytes_]  # (n,) of ID_BYTES each; NumPy leaves out zeros at the end, and compares as if they stood there


class SongMap(msgspec.Struct, frozen=True):
    """As read from a file."""

    packed_ids: PackedIds
    positions: npt.NDArray[np.float32]  # (n, 2), to a 65,535th of the square
    genres: npt.NDArray[np.uint8]

    def track_ids(self) -> list[str]:
        return [bytes(packed).ljust(ID_BYTES, b"\0").hex() for packed in self.packed_ids]

    def find(self, packed_ids: PackedIds) -> npt.NDArray[np.float32]:
        """(n, 2) positions of these songs; NaN where one was not there."""
        order = np.argsort(self.packed_ids, kind="stable")
        places = np.searchsorted(self.packed_ids, packed_ids, sorter=order)
        rows = order[np.minimum(places, len(order) - 1)]
        return np.where((self.packed_ids[rows] == packed_ids)[:, None], self.positions[rows], np.float32(np.nan))


def sort_genres(genres: Sequence[str | None]) -> tuple[npt.NDArray[np.uint8], tuple[MapGenre, ...]]:
    """(place of each song's genre, the genres that have places, the one with the most songs first). Case and outer blanks make no
    other genre; a genre is called as most of its songs call it."""
    spelled = [" ".join(genre.split())[:_NAME_MAX] if genre else "" for genre in genres]
    spellings = Counter(spelled)
    names: dict[str, str] = {}
    for name in sorted(spellings, key=lambda name: (-spellings[name], name)):
        names.setdefault(name.casefold(), name)
    counts = Counter(name.casefold() for name in spelled if name)
    ranked = sorted(counts, key=lambda key: (-counts[key], key))
    places = {key: min(place, OTHER_GENRE) if place < GENRES_MAX else OTHER_GENRE for place, key in enumerate(ranked)} | {"": NO_GENRE}
    found = np.array([places[name.casefold()] for name in spelled], dtype=np.uint8)
    return found, tuple(MapGenre(names[key], counts[key]) for key in ranked[:GENRES_MAX])


def encode_map(packed_ids: PackedIds, positions: Plane, genres: npt.NDArray[np.uint8]) -> bytes:
    low = positions.min(axis=0)
    side = max(float((positions.max(axis=0) - low).max()), 1e-3)
    margin = (side - (positions.max(axis=0) - low)) / 2.0  # the songs in the middle of the square
    corner = np.asarray(low - margin, dtype=np.float32)
    steps = np.clip(np.rint((positions - corner) / np.float32(side) * STEPS), 0, STEPS).astype("<u2")
    head = HEAD.pack(MAGIC, VERSION, RECORD_BYTES, len(packed_ids), 0, float(corner[0]), float(corner[1]), side, 0.0)
    return b"".join([head, steps[:, 0].tobytes(), steps[:, 1].tobytes(), genres.tobytes(), packed_ids.tobytes()])


def decode_map(content: bytes) -> SongMap:
    """ArtefactError for anything but a map of this version."""
    if len(content) < HEAD.size:
        raise ArtefactError(f"map.bin has {len(content)} bytes, which is no head.")
    magic, version, record_bytes, count, _, x, y, side, _ = HEAD.unpack_from(content)
    if (magic, version, record_bytes) != (MAGIC, VERSION, RECORD_BYTES) or len(content) != HEAD.size + count * RECORD_BYTES:
        raise ArtefactError(f"map.bin is not a map of version {VERSION}, or cut: {len(content)} bytes for {count} songs.")
    steps = np.frombuffer(content, dtype="<u2", count=2 * count, offset=HEAD.size).reshape(2, count).T
    genres = np.frombuffer(content, dtype=np.uint8, count=count, offset=HEAD.size + 4 * count)
    packed_ids = np.frombuffer(content, dtype=f"S{ID_BYTES}", count=count, offset=HEAD.size + 5 * count)
    positions = steps.astype(np.float32) / np.float32(STEPS) * np.float32(side) + np.array([x, y], dtype=np.float32)
    return SongMap(packed_ids, positions, genres)


def describe_map(genres: tuple[MapGenre, ...], count: int, space: Space) -> MapFacts:
    return MapFacts(version=VERSION, track_count=count, genres=genres, space=space)


def pack_ids(track_ids: Sequence[str]) -> PackedIds:
    """ArtefactError for an id that is not 24 hex digits: it would not fit."""
    try:
        packed = bytes.fromhex("".join(track_ids))
    except ValueError as exc:
        raise ArtefactError(f"A track id on the map must be hex digits: {exc}.") from exc
    if len(packed) != ID_BYTES * len(track_ids) or any(len(track_id) != 2 * ID_BYTES for track_id in track_ids):
        raise ArtefactError("A track id on the map must have 24 hex digits.")
    return np.frombuffer(packed, dtype=f"S{ID_BYTES}")
