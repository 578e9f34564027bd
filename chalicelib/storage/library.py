"""Lists of tracks and of the groups that they fall into, page by page. Searching for words stands in `library_search.py`.

Whatever is asked, a request looks at a bounded number of index entries: along one filter, the rarest, and through a window of it at a
time. A page may therefore hold fewer than were asked for and still name a next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from chalicelib.library_model import Group, GroupKind, GroupSort, TrackQuery
from chalicelib.model import Page, Track
from chalicelib.storage.cursors import decode_cursor, encode_cursor
from chalicelib.storage.held_words import Sieve, Wanted, match_wanted
from chalicelib.storage.library_queries import (
    GROUP_ORDERS,
    ORDERS,
    POPULAR_FIRST,
    Order,
    Place,
    find_place,
    match_after,
    pack_place,
    unpack_place,
)
from chalicelib.storage.mongo import Document, Documents, MongoDatabase
from chalicelib.storage.track_documents import WITHOUT_FEATURES, to_track
from chalicelib.storage.track_facets import ask_facets, fold_key

WINDOW = 500  # index entries looked at in one go
ROUNDS = 3  # windows in one request
READ_AGAIN = 50  # songs, where of those read first not all were wanted

_ACTIVE: Document = {"status": "active"}
_GoesOn = Callable[[Place, Document], Document]


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """Along what a list goes (an index holds it, in this order), and what is wanted besides. `goes_on_by_index`: as `goes_on`, but told by
    the index alone, which may bring songs that are as popular as the one at the place again."""

    along: Document
    order: Order
    goes_on: _GoesOn
    goes_on_by_index: _GoesOn
    wanted: Wanted = Wanted()


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk found, and where it is to go on. `place` is None at the walk's beginning."""

    documents: list[Document]
    has_more: bool
    place: Place | None


class Windows:
    """What indexes tell of the songs along a list, some hundred at a time: not one of them is read. What was looked at is kept, as a search
    goes along the same word several times."""

    def __init__(self, tracks: Documents) -> None:
        self._tracks = tracks
        self._known: dict[str, list[Document]] = {}

    def look_through(self, walk: Walk, place: Place | None) -> list[Document]:
        name = repr((walk.along, place))
        if name not in self._known:
            along = walk.along if place is None else walk.goes_on_by_index(place, walk.along)
            fields = {**{field: 1 for field, _ in walk.order}, "held": 1}
            found = self._tracks.find(along, fields).sort(walk.order).limit(WINDOW).batch_size(WINDOW + 1)
            self._known[name] = found.to_list()
        return self._known[name]


def walk_on(tracks: Documents, walk: Walk, place: Place | None, *, limit: int, windows: Windows | None = None) -> Reached:
    """`windows`: of the search that this walk is a part of."""
    if not walk.wanted:
        along = walk.along if place is None else walk.goes_on(place, walk.along)
        return _reach(walk, list(tracks.find(along, WITHOUT_FEATURES).sort(walk.order).limit(limit + 1)), place, limit=limit)
    windows = windows or Windows(tracks)
    sieve = Sieve(walk.wanted)
    found: list[Document] = []
    for _ in range(ROUNDS):
        window = windows.look_through(walk, place)
        likely = [one["_id"] for one in window if sieve.lets_through(one.get("held")) and not _is_known(walk, place, one)]
        found += _read_wanted(tracks, walk, likely, limit=limit + 1 - len(found))
        if len(found) > limit or len(window) < WINDOW:
            return _reach(walk, found, place, limit=limit)
        place = find_place(window[-1], walk.order)
    return Reached(documents=found, has_more=True, place=place)


def _reach(walk: Walk, found: list[Document], place: Place | None, *, limit: int) -> Reached:
    if len(found) <= limit:
        return Reached(documents=found, has_more=False, place=None)
    return Reached(documents=found[:limit], has_more=True, place=find_place(found[limit - 1], walk.order) if limit else place)


def _is_known(walk: Walk, place: Place | None, one: Document) -> bool:
    """As popular as the song at the place, and before it."""
    return place is not None and walk.order == POPULAR_FIRST and one.get("popularity") == place[0] and one["_id"] <= place[1]


def _read_wanted(tracks: Documents, walk: Walk, likely: Sequence[str], *, limit: int) -> list[Document]:
    """At most so many, in their order. What an index told roughly is decided here."""
    conditions = [walk.along, *match_wanted(walk.wanted)]
    chosen: list[Document] = []
    begin, end = 0, limit
    while begin < len(likely) and len(chosen) < limit:
        batch = likely[begin:end]
        found = tracks.find({"_id": {"$in": batch}, "$and": conditions}, WITHOUT_FEATURES).hint("_id_").batch_size(len(batch) + 1)
        wanted = {one["_id"]: one for one in found.to_list()}
        chosen += [wanted[track_id] for track_id in batch if track_id in wanted]
        begin, end = end, end + READ_AGAIN
    return chosen[:limit]


def list_tracks(database: MongoDatabase, query: TrackQuery, *, limit: int, cursor: str | None) -> Page[Track]:
    walk = _plan_list(database, query)
    place = unpack_place(walk.order, _read_cursor(cursor, query.sort)) if cursor is not None else None
    reached = walk_on(database["tracks"], walk, place, limit=limit)
    items = tuple(to_track(document) for document in reached.documents)
    has_next = reached.has_more and reached.place is not None
    return Page(items, encode_cursor(query.sort, pack_place(reached.place or [])) if has_next else None)


def _plan_list(database: MongoDatabase, query: TrackQuery) -> Walk:
    asked = sort_by_rarity(database, ask_facets(query))
    if query.sort == "track" and len(asked) == 1 and asked[0].startswith("album:"):
        return _follow({**_ACTIVE, "album_id": asked[0]}, ORDERS["track"], ())
    order = ORDERS["title" if query.sort == "track" else query.sort]
    along = {**_ACTIVE, "facets": asked[0]} if asked else _ACTIVE
    return _follow(along, order, asked[1:])


def _follow(along: Document, order: Order, facets: Sequence[str]) -> Walk:
    def goes_on(place: Place, also: Document) -> Document:
        return match_after(order, place, also)

    return Walk(along=along, order=order, goes_on=goes_on, goes_on_by_index=goes_on, wanted=Wanted(facets=facets))


def sort_by_rarity(database: MongoDatabase, facet_ids: list[str]) -> list[str]:
    """The one with the fewest songs first. What is not counted (an album by its name alone) is taken to be rare."""
    counts = count_facets(database, facet_ids) if len(facet_ids) > 1 else {}
    return sorted(facet_ids, key=lambda facet_id: counts.get(facet_id, 0))


def count_facets(database: MongoDatabase, facet_ids: list[str]) -> dict[str, int]:
    found = database["facets"].find({"_id": {"$in": facet_ids}}, {"count": 1})
    return {one["_id"]: one["count"] for one in found}


def list_groups(
    database: MongoDatabase, kind: GroupKind, *, sort: GroupSort, artist: str | None, limit: int, cursor: str | None
) -> Page[Group]:
    order = GROUP_ORDERS[sort if artist is None else "name"]
    wanted: Document = {"kind": kind} if artist is None else {"kind": kind, "artist_key": fold_key(artist)}
    if cursor is not None:
        wanted = match_after(order, unpack_place(order, _read_cursor(cursor, order[0][0])), wanted)
    found = list(database["facets"].find(wanted).sort(order).limit(limit + 1))
    page = found[:limit]
    next_cursor = encode_cursor(order[0][0], pack_place(find_place(page[-1], order))) if len(found) > limit else None
    return Page(tuple(_to_group(document) for document in page), next_cursor)


def _to_group(document: Document) -> Group:
    return Group(
        kind=document["kind"],
        name=document["name"],
        artist=document.get("artist"),
        count=document["count"],
        cover_track_id=document.get("cover_track_id"),
    )


def _read_cursor(cursor: str, label: str) -> str:
    """A cursor of another list is none of this one's: its place is refused as garbage is."""
    found, packed = decode_cursor(cursor)
    return packed if found == label else ""
