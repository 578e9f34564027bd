"""Lists and searches of tracks as queries of MongoDB. Pure: conditions, orders, and where a list goes on. `library.py` asks them.

An order is a list of (field, direction), of which the last is `_id`, so that no two tracks stand at the same place. A list goes on behind
a place by seeking, never by counting off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.errors import InvalidInputError
from chalicelib.library_model import GroupSort, TrackSort
from chalicelib.storage.mongo import Document

Order = list[tuple[str, int]]
Place = list[Any]  # the values of an order's fields of one track, as BSON has them

POPULAR_FIRST: Order = [("popularity", -1), ("_id", 1)]
ORDERS: dict[TrackSort, Order] = {
    "title": [("title_key", 1), ("popularity", -1), ("_id", 1)],
    "newest": [("created_at", -1), ("_id", -1)],
    "played": POPULAR_FIRST,
    "track": [("album_place", 1), ("title_key", 1), ("_id", 1)],
}
GROUP_ORDERS: dict[GroupSort, Order] = {"name": [("sort_key", 1), ("_id", 1)], "count": [("count", -1), ("_id", 1)]}
_KINDS: dict[str, tuple[type[str | int], bool]] = {  # of a field, and whether an older document may lack it
    "_id": (str, False),
    "title_key": (str, True),
    "sort_key": (str, False),
    "popularity": (int, True),
    "album_place": (int, False),
    "created_at": (int, False),
    "count": (int, False),
}


def find_place(document: Document, order: Order) -> Place:
    values = (document.get(field) for field, _ in order)
    return [int(value) if isinstance(value, int) else value for value in values]  # BSON's long integers are a type of their own


def match_after(order: Order, place: Place, also: Document) -> Document:
    """`also` and behind the place: one branch for each field of the order, each a range of the same index."""
    branches = []
    for number, (field, direction) in enumerate(order):
        beyond = _beyond(place[number], direction)
        if beyond is not None:
            equal = {order[before][0]: place[before] for before in range(number)}
            branches.append({**also, **equal, field: beyond})
    return {"$or": branches}


def match_less_popular(place: Place, also: Document) -> Document:
    """As `match_after` by popularity, in one range: what a merge of many words can sort by."""
    popularity, track_id = place
    if popularity is None:
        return {**also, "popularity": None, "_id": {"$gt": track_id}}
    same_but_before = {"popularity": popularity, "_id": {"$lte": track_id}}
    return {**also, "popularity": {"$not": {"$gt": popularity}}, "$nor": [same_but_before]}


def match_no_more_popular(place: Place, also: Document) -> Document:
    """As `match_less_popular`, told by an index alone: with what is as popular and stands before the place, which hardly ever is."""
    popularity, track_id = place
    if popularity is None:
        return match_less_popular(place, also)
    return {**also, "popularity": {"$not": {"$gt": popularity}}, "_id": {"$ne": track_id}}


def choose_rarest(choices: Sequence[Sequence[str]], counts: Mapping[str, int]) -> int:
    """The place of the choice that the fewest tracks meet: what is looked along, while the others are looked at."""
    return min(range(len(choices)), key=lambda place: sum(counts.get(word, 0) for word in choices[place]))


def _beyond(value: Any, direction: int) -> Document | None:  # a value of any of BSON's types
    """None where nothing is. Documents of an older catalogue version lack the field: they stand before all others, or after them."""
    if direction > 0:
        return {"$ne": None} if value is None else {"$gt": value}
    return None if value is None else {"$not": {"$gte": value}}


def pack_place(place: Place) -> str:
    """For a cursor. Times are told in milliseconds, as MongoDB has them."""
    return msgspec.json.encode([_to_millis(each) if isinstance(each, datetime) else each for each in place]).decode()


def unpack_place(order: Order, packed: str) -> Place:
    """InvalidInputError for what `pack_place` did not make of this order."""
    try:
        values = msgspec.json.decode(packed, type=list[str | int | None])
        return [_read_value(field, value) for (field, _), value in zip(order, values, strict=True)]
    except (ValueError, OverflowError, msgspec.DecodeError) as exc:
        raise InvalidInputError("The cursor is not one that this list gave out.", code="invalid_cursor") from exc


def _read_value(field: str, value: str | int | None) -> str | int | datetime | None:
    kind, may_be_missing = _KINDS[field]
    if value is None and may_be_missing:
        return None
    if not isinstance(value, kind) or (isinstance(value, int) and abs(value) >= 2**63):
        raise ValueError(field)
    return datetime.fromtimestamp(value / 1000, UTC) if field == "created_at" and isinstance(value, int) else value


def _to_millis(time: datetime) -> int:
    return round(time.timestamp() * 1000)
