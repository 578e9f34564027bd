"""Counts of what a listener started: one document a day (with its hours and songs) and one a song. Shifted in the transaction in which a
play takes effect, is removed or comes back, so that statistics read some documents however many plays there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from chalicelib.storage.mongo import Document, MongoDatabase
from chalicelib.storage.track_facets import POPULARITY_BITS

Started = Sequence[Document]  # plays of kind `start`, with `track_id` and `occurred_at`


def tally_starts(database: MongoDatabase, user_id: str, starts: Started, *, by: int, session: ClientSession) -> None:
    """`by`: 1 as they take effect, -1 as they go."""
    tally_starts_of_each(database, {user_id: starts}, by=by, session=session)


def tally_starts_of_each(database: MongoDatabase, starts: Mapping[str, Started], *, by: int, session: ClientSession) -> None:
    """By user."""
    started = {user_id: mine for user_id, mine in starts.items() if mine}
    if not started:
        return
    database["play_days"].bulk_write([each for one in started.items() for each in _shift_days(*one, by)], session=session)
    database["play_songs"].bulk_write([each for one in started.items() for each in _shift_songs(*one, by)], session=session)
    if by < 0:
        ids = [_name_song(user_id, one["track_id"]) for user_id, mine in started.items() for one in mine]
        database["play_songs"].delete_many({"_id": {"$in": ids}, "plays": {"$lte": 0}}, session=session)


def shift_play_counts(database: MongoDatabase, counts: Counter[str], session: ClientSession) -> None:
    """Of the songs themselves. In one order, and last: a song that many play at once is held for as short as can be."""
    present = {"status": {"$in": ["active", "trashed", "purging"]}}
    changes = [
        UpdateOne({"_id": track_id, **present}, {"$inc": {"popularity": count * (1 << POPULARITY_BITS)}})
        for track_id, count in sorted(counts.items())
        if count
    ]
    if changes:
        database["tracks"].bulk_write(changes, session=session)


def count_songs(starts: Iterable[Document], *, by: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in starts:
        counts[one["track_id"]] += by
    return counts


def _shift_days(user_id: str, starts: Started, by: int) -> list[UpdateOne]:
    days: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in starts:
        at: datetime = one["occurred_at"]
        quarter = 4 * at.hour + at.minute // 15  # time zones are whole quarters of an hour apart
        counts = {"plays": by, f"hours.{at.hour}": by, f"quarters.{quarter}": by, f"songs.{one['track_id']}": by}
        days[at.date().isoformat()].update(counts)
    return [
        UpdateOne({"_id": f"{user_id}:{day}"}, {"$inc": dict(counts), "$set": {"user_id": user_id, "day": day}}, upsert=True)
        for day, counts in sorted(days.items())
    ]


def _shift_songs(user_id: str, starts: Started, by: int) -> list[UpdateOne]:
    return [
        UpdateOne(
            {"_id": _name_song(user_id, track_id)},
            {"$inc": {"plays": count}, "$set": {"user_id": user_id, "track_id": track_id}},
            upsert=True,
        )
        for track_id, count in sorted(count_songs(starts, by=by).items())
    ]


def _name_song(user_id: str, track_id: str) -> str:
    return f"{user_id}:{track_id}"
