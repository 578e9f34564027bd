"""Lists, searches and groups over tracks in memory: the same answers as `storage/library.py` and `library_search.py` give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from chalicelib.library_model import Group, GroupKind, GroupSort, TrackQuery
from chalicelib.model import Page, Track
from chalicelib.storage.cursors import decode_cursor, encode_cursor
from chalicelib.storage.library_queries import GROUP_ORDERS, ORDERS, POPULAR_FIRST, pack_place, unpack_place
from chalicelib.storage.library_search import FEW
from chalicelib.storage.search_typos import LOOKED_AT, complete, correct, key_of_beginning, keys_of_misspelled, list_keys
from chalicelib.storage.search_words import split_query
from chalicelib.storage.track_facets import (
    ask_facets,
    find_album_id,
    find_words,
    fold_key,
    list_facet_ids,
    list_facets,
    popularity_of,
)


def browse(tracks: Sequence[Track], query: TrackQuery, *, limit: int, cursor: str | None) -> Page[Track]:
    asked = ask_facets(query)
    fitting = [track for track in tracks if set(asked) <= set(list_facet_ids(track))]
    if split_query(query.text):
        return _cut(_rank(fitting, tracks, query.text), limit, cursor, "search", POPULAR_FIRST)
    is_album = query.sort == "track" and len(asked) == 1 and asked[0].startswith("album:")
    order = ORDERS[query.sort if is_album or query.sort != "track" else "title"]
    return _cut(sorted(fitting, key=lambda track: _sort_key(track, order)), limit, cursor, query.sort, order)


def list_groups(
    tracks: Sequence[Track], kind: GroupKind, *, limit: int, sort: GroupSort, artist: str | None, cursor: str | None
) -> Page[Group]:
    facets = [(facet, track) for track in tracks for facet in list_facets(track) if facet.kind == kind]
    counts = Counter(facet.facet_id for facet, _ in facets)
    groups = {}
    for facet, track in sorted(facets, key=lambda pair: pair[1].seq):
        known = groups.get(facet.facet_id, (facet, None))[1]
        cover = track.track_id if track.cover_key else known.cover_track_id if known else None
        group = Group(kind=kind, name=facet.name, artist=facet.artist, count=counts[facet.facet_id], cover_track_id=cover)
        groups[facet.facet_id] = (facet, group)
    kept = [pair for pair in groups.values() if artist is None or pair[0].artist_key == fold_key(artist)]
    by_count = sort == "count" and artist is None
    kept.sort(key=lambda pair: (-pair[1].count if by_count else pair[0].sort_key, pair[0].facet_id))
    order = GROUP_ORDERS["count" if by_count else "name"]
    label = order[0][0]
    start = 0
    if cursor is not None:
        found, packed = decode_cursor(cursor)
        place = unpack_place(order, packed if found == label else "")
        start = next((number + 1 for number, (facet, _) in enumerate(kept) if facet.facet_id == place[1]), len(kept))
    page = kept[start : start + limit]
    has_more = len(kept) > start + limit
    if not has_more:
        return Page(tuple(group for _, group in page))
    last = page[-1][1].count if by_count else page[-1][0].sort_key
    return Page(tuple(group for _, group in page), encode_cursor(label, pack_place([last, page[-1][0].facet_id])))


def _rank(fitting: Sequence[Track], everything: Sequence[Track], text: str) -> list[Track]:
    """Tier by tier, as the real one."""
    typed = split_query(text)
    counts = Counter(word for track in everything for word in find_words(track))
    frequent = sorted(counts, key=lambda word: (-counts[word], word))

    def look_up(keys: Sequence[str]) -> list[str]:
        return [word for word in frequent if set(keys) & set(list_keys(word))][:LOOKED_AT]

    exact = [{word} for word in typed]
    completed = [*exact[:-1], exact[-1] | set(complete(typed[-1], look_up([key_of_beginning(typed[-1])])))]
    corrected = [
        choice | set(correct(word, look_up(keys_of_misspelled(word)), is_last=place == len(typed) - 1))
        for place, (word, choice) in enumerate(zip(typed, completed, strict=True))
    ]
    popular = sorted(fitting, key=lambda track: (-popularity_of(track), track.track_id))
    ranked = [track for track in popular if fold_key(track.display_title) == fold_key(text)]
    for choices in (exact, completed, corrected):
        if choices is corrected and len(ranked) >= FEW:
            break
        ranked += [track for track in popular if track not in ranked and all(choice & set(find_words(track)) for choice in choices)]
    return ranked


def _cut(tracks: Sequence[Track], limit: int, cursor: str | None, label: str, order: list[tuple[str, int]]) -> Page[Track]:
    """Here a cursor names the last track seen; the order is looked at only to refuse what is none of ours."""
    start = 0
    if cursor is not None:
        found, packed = decode_cursor(cursor)
        place = unpack_place(order, packed if found == label else "")
        start = next((number + 1 for number, track in enumerate(tracks) if track.track_id == place[-1]), len(tracks))
    page = tuple(tracks[start : start + limit])
    has_more = len(tracks) > start + limit
    return Page(page, encode_cursor(label, pack_place([_read(page[-1], field) for field, _ in order])) if has_more else None)


def _sort_key(track: Track, order: list[tuple[str, int]]) -> list[Any]:
    return [_Reversed(_read(track, field)) if direction < 0 else _read(track, field) for field, direction in order]


def _read(track: Track, field: str) -> Any:
    derived: dict[str, Any] = {
        "_id": track.track_id,
        "title_key": fold_key(track.display_title),
        "popularity": popularity_of(track),
        "created_at": track.created_at,
        "album_place": track.track_number or 0,
        "album_id": find_album_id(track),
    }
    return derived[field]


class _Reversed:
    """A value that sorts the other way round."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]
