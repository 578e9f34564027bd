"""How many songs each artist, album, genre, year and word has. Kept in the transactions that change tracks, so that no list and no search
has to count; mended by comparing with the tracks themselves, both sides streamed in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice

from pymongo import DeleteOne, UpdateOne
from pymongo.client_session import ClientSession

from chalicelib.model import Track
from chalicelib.storage.mongo import Document, Documents, MongoDatabase
from chalicelib.storage.row_counts import shift_rows
from chalicelib.storage.search_typos import level_of, list_keys
from chalicelib.storage.track_documents import WITHOUT_FEATURES, to_track
from chalicelib.storage.track_facets import CATALOGUE_VERSION, Facet, find_words, list_facets

_MEND_BATCH = 500
# `search_typos.level_of` of a stored count. The half keeps the logarithm of a power of two from falling under a whole number.
LEVEL: Document = {"$toInt": {"$floor": {"$log": [{"$add": [{"$max": ["$count", 0]}, 0.5]}, 2]}}}


def shift_counts(database: MongoDatabase, session: ClientSession, *, gone: Iterable[Track], come: Iterable[Track]) -> None:
    """`gone`: as they were counted; `come`: as they are to be counted."""
    left, entered = list(gone), list(come)
    facets = {facet.facet_id: facet for track in [*left, *entered] for facet in list_facets(track)}
    covers = {facet.facet_id: track.track_id for track in entered if track.cover_key for facet in list_facets(track)}
    of_facets = _subtract(_count_facets(entered), _count_facets(left))
    of_words = _subtract(_count_words(entered), _count_words(left))
    raised_facets = [_raise_facet(facets[name], by, covers.get(name)) for name, by in of_facets.items()]
    shift_rows(database["facets"], raised_facets, _list_lowered(of_facets), count="count", session=session)
    raised_words = [_raise_word(word, by) for word, by in of_words.items()]
    shift_rows(database["search_terms"], raised_words, _list_lowered(of_words), count="count", session=session)


def mend_counts(database: MongoDatabase) -> int:
    """How many were wrong. Both sides are read at one moment; what has changed since is left for the next time."""
    with database.client.start_session(snapshot=True) as session:
        facets = _Counts(database["facets"], partial(_describe_from_track, database), lambda count: {"count": count})
        words = _Counts(database["search_terms"], lambda word: {"keys": list_keys(word)}, tell_count_of_word)
        mended = _mend(facets, _stream_truth(database, "$facets", session), session)
        return mended + _mend(words, _stream_truth(database, "$search_words", session), session)


def _count_facets(tracks: Iterable[Track]) -> Counter[str]:
    return Counter(facet.facet_id for track in tracks for facet in list_facets(track))


def _count_words(tracks: Iterable[Track]) -> Counter[str]:
    return Counter(word for track in tracks for word in find_words(track))


def _subtract(entered: Mapping[str, int], left: Mapping[str, int]) -> dict[str, int]:
    names = sorted(set(entered) | set(left))  # in one order, so that two transactions cannot wait for each other
    shifts = {name: entered.get(name, 0) - left.get(name, 0) for name in names}
    return {name: by for name, by in shifts.items() if by}


def _list_lowered(shifts: Mapping[str, int]) -> list[str]:
    return [name for name, by in shifts.items() if by < 0]


def _raise_facet(facet: Facet, by: int, cover_track_id: str | None) -> UpdateOne:
    if by < 0:
        return UpdateOne({"_id": facet.facet_id}, {"$inc": {"count": by}})
    shown = {**describe_facet(facet), **({"cover_track_id": cover_track_id} if cover_track_id else {})}
    return UpdateOne({"_id": facet.facet_id}, {"$inc": {"count": by}, "$set": shown}, upsert=True)


def describe_facet(facet: Facet) -> Document:
    shown = {"kind": facet.kind, "name": facet.name, "sort_key": facet.sort_key}
    return shown if facet.kind != "album" else {**shown, "artist": facet.artist, "artist_key": facet.artist_key}


def describe_word(word: str, count: int) -> Document:
    return {**tell_count_of_word(count), "keys": list_keys(word)}


def tell_count_of_word(count: int) -> Document:
    return {"count": count, "level": level_of(count)}


def _raise_word(word: str, by: int) -> UpdateOne:
    raised: Document = {"count": {"$add": [{"$ifNull": ["$count", 0]}, by]}}
    if by > 0:
        raised["keys"] = {"$ifNull": ["$keys", {"$literal": list_keys(word)}]}  # literally: a word may begin with a dollar sign
    return UpdateOne({"_id": word}, [{"$set": raised}, {"$set": {"level": LEVEL}}], upsert=by > 0)


def _stream_truth(database: MongoDatabase, field: str, session: ClientSession) -> Iterator[tuple[str, int]]:
    """(id, how many active tracks have it), in order of ids. The server counts, on disk where it must: a repair, not a request."""
    steps: list[Document] = [
        {"$match": {"status": "active", "catalogue_version": CATALOGUE_VERSION}},
        {"$unwind": field},
        {"$group": {"_id": field, "count": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    for one in database["tracks"].aggregate(steps, allowDiskUse=True, session=session):
        if not one["_id"].startswith("name:") or field != "$facets":
            yield one["_id"], one["count"]


def _mend(counts: _Counts, truth: Iterator[tuple[str, int]], session: ClientSession) -> int:
    stored = ((one["_id"], one["count"]) for one in counts.documents.find({}, {"count": 1}, session=session).sort("_id", 1))
    changes = (counts.correct(name, was, ought) for name, was, ought in _pair(stored, truth) if was != ought)
    mended = 0
    while batch := list(islice((change for change in changes if change is not None), _MEND_BATCH)):
        result = counts.documents.bulk_write(batch, ordered=False)
        mended += result.modified_count + result.deleted_count + result.upserted_count
    return mended


@dataclass(frozen=True, slots=True)
class _Counts:
    """One collection that counts, and how it tells of what it counts."""

    documents: Documents
    describe: Callable[[str], Document | None]  # None: there is no such thing any more
    tell: Callable[[int], Document]

    def correct(self, name: str, was: int, ought: int) -> UpdateOne | DeleteOne | None:
        """Only where the count is still what it was: what others change meanwhile is theirs."""
        if was and not ought:
            return DeleteOne({"_id": name, "count": was})
        if was:
            return UpdateOne({"_id": name, "count": was}, {"$set": self.tell(ought)})
        described = self.describe(name)
        return UpdateOne({"_id": name}, {"$setOnInsert": {**described, **self.tell(ought)}}, upsert=True) if described is not None else None


def _describe_from_track(database: MongoDatabase, facet_id: str) -> Document | None:
    """By the tags of a song that has it; None where the last one has just gone."""
    document = database["tracks"].find_one({"status": "active", "facets": facet_id}, WITHOUT_FEATURES)
    facets = list_facets(to_track(document)) if document is not None else []
    return next((describe_facet(facet) for facet in facets if facet.facet_id == facet_id), None)


def _pair(stored: Iterator[tuple[str, int]], truth: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int, int]]:
    """(id, stored count or 0, true count or 0) of two streams in the same order."""
    one, other = next(stored, None), next(truth, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0].encode() < other[0].encode()):
            assert one is not None  # noqa: S101  # for mypy: both cannot be None here
            yield one[0], one[1], 0
            one = next(stored, None)
        elif one is None or other[0].encode() < one[0].encode():
            yield other[0], 0, other[1]
            other = next(truth, None)
        else:
            yield one[0], one[1], other[1]
            one, other = next(stored, None), next(truth, None)
