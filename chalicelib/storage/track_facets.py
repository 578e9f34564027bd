"""By what a track is grouped, ordered and found: keys made from its tags, the same for tracks and for queries. Pure."""

from __future__ import annotations

import hashlib

import msgspec

from chalicelib.library_model import GroupKind, TrackQuery
from chalicelib.model import Track
from chalicelib.storage.search_words import collect_words, fold_text

CATALOGUE_VERSION = 1  # raised when what is derived here changes: documents of another version are brought up to it by and by
POPULARITY_BITS = 36  # below the play count: a fixed place of the track among those with as many plays
MAX_KEY_CHARS = 200
_SEPARATOR = "\x1f"


class Facet(msgspec.Struct, frozen=True):
    """One group that a track belongs to, as the groups' collection knows it."""

    facet_id: str
    kind: GroupKind
    name: str
    sort_key: str
    artist: str | None = None  # of an album
    artist_key: str | None = None


def fold_key(text: str) -> str:
    """What makes two names the same, and what they are ordered by."""
    return (" ".join(fold_text(text).split()) or text.casefold())[:MAX_KEY_CHARS]


def list_facets(track: Track) -> list[Facet]:
    """The groups that are counted."""
    facets = [Facet(_of_artist(name), "artist", name, fold_key(name)) for name in _find_artists(track)]
    if track.album:
        owner = track.album_artist or track.artist
        key, artist_key = fold_key(track.album), fold_key(owner or "")
        facets.append(Facet(_of_album(key, artist_key), "album", track.album, key, owner, artist_key))
    if track.genre:
        facets.append(Facet(_of_genre(track.genre), "genre", track.genre, fold_key(track.genre)))
    if track.year is not None:
        facets.append(Facet(_of_year(track.year), "year", str(track.year), f"{99_999 - track.year:05}"))  # the newest first
    return facets


def list_facet_ids(track: Track) -> list[str]:
    """What a track's document holds: the counted groups, and an album's name whoever made it."""
    ids = [facet.facet_id for facet in list_facets(track)]
    return [*ids, f"name:{fold_key(track.album)}"] if track.album else ids


def find_album_id(track: Track) -> str | None:
    return next((facet.facet_id for facet in list_facets(track) if facet.kind == "album"), None)


def ask_facets(query: TrackQuery) -> list[str]:
    """The ids that a track must have to answer the query."""
    ids = []
    if query.album and query.artist is not None:
        ids.append(_of_album(fold_key(query.album), fold_key(query.artist)))
    elif query.album:
        ids.append(f"name:{fold_key(query.album)}")
    elif query.artist:
        ids.append(_of_artist(query.artist))
    if query.genre:
        ids.append(_of_genre(query.genre))
    if query.year is not None:
        ids.append(_of_year(query.year))
    return ids


def find_words(track: Track) -> list[str]:
    return collect_words(track.display_title, track.artist, track.album)


def shuffle_position(track_id: str) -> float:
    """The track's fixed place in the random order, in [0, 1): 52 bits, so that it is exact as a double."""
    return int(hashlib.sha256(track_id.encode()).hexdigest()[:13], 16) / 16**13


def popularity_of(track: Track) -> int:
    """One number to order by: the plays, then the track's fixed place, so that hardly two are the same."""
    place = int(hashlib.sha256(track.track_id.encode()).hexdigest()[13:22], 16)  # 9 hex digits: 36 bits
    return (track.play_count << POPULARITY_BITS) | place


def plays_in(popularity: int | None) -> int:
    return (popularity or 0) >> POPULARITY_BITS


def _find_artists(track: Track) -> list[str]:
    names = {fold_key(name): name for name in (track.album_artist, track.artist) if name}
    return list(names.values())


def _of_artist(name: str) -> str:
    return f"artist:{fold_key(name)}"


def _of_album(key: str, artist_key: str) -> str:
    return f"album:{key}{_SEPARATOR}{artist_key}"


def _of_genre(name: str) -> str:
    return f"genre:{fold_key(name)}"


def _of_year(year: int) -> str:
    return f"year:{year}"
