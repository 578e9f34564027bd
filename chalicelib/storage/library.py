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
from chalicelib.storage.library_queries import GROUP_ORDERS, ORDERS, Order, Place, find_place, match_after, pack_place, unpack_place
from chalicelib.storage.mongo import Document, Documents, MongoDatabase
from chalicelib.storage.track_documents import WITHOUT_FEATURES, to_track
from chalicelib.storage.track_facets import ask_facets, fold_key

WINDOW = 500  # index entries looked at in one go
ROUNDS = 3  # windows in one request

_ACTIVE: Document = {"status": "active"}


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """Along what a list goes (an index holds it, in this order), and what must hold besides."""

    along: Document
    order: Order
    goes_on: Callable[[Place, Document], Document]
    also: Sequence[Document] = ()


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk found, and where it is to go on. `place` is None at the walk's beginning."""

    documents: list[Document]
    has_more: bool
    place: Place | None


def walk_on(tracks: Documents, walk: Walk, place: Place | None, *, limit: int) -> Reached:
    found: list[Document] = []
    for _ in range(ROUNDS):
        found += _look_through(tracks, walk, place, limit + 1 - len(found))
        if len(found) > limit:
            return Reached(documents=found[:limit], has_more=True, place=find_place(found[limit - 1], walk.order) if limit else place)
        place = _find_end(tracks, walk, place) if walk.also else None
        if place is None:
            return Reached(documents=found, has_more=False, place=None)
    return Reached(documents=found, has_more=True, place=place)


def _look_through(tracks: Documents, walk: Walk, place: Place | None, limit: int) -> list[Document]:
    wanted = walk.along if place is None else walk.goes_on(place, walk.along)
    if not walk.also:
        return list(tracks.find(wanted, WITHOUT_FEATURES).sort(walk.order).limit(limit))
    window: list[Document] = [{"$match": wanted}, {"$sort": dict(walk.order)}, {"$limit": WINDOW}]
    chosen: list[Document] = [{"$match": {"$and": list(walk.also)}}, {"$limit": limit}, {"$project": WITHOUT_FEATURES}]
    return list(tracks.aggregate([*window, *chosen]))


def _find_end(tracks: Documents, walk: Walk, place: Place | None) -> Place | None:
    """The last place of the window; None where the list ends within it."""
    wanted = walk.along if place is None else walk.goes_on(place, walk.along)
    fields = {field: 1 for field, _ in walk.order}
    last = next(iter(tracks.find(wanted, fields).sort(walk.order).skip(WINDOW - 1).limit(1)), None)
    return find_place(last, walk.order) if last is not None else None


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
    return _follow(along, order, [{"facets": other} for other in asked[1:]])


def _follow(along: Document, order: Order, also: Sequence[Document]) -> Walk:
    return Walk(along=along, order=order, goes_on=lambda place, wanted: match_after(order, place, wanted), also=also)


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
