"""Counts of what a listener played: one document a day (with its hours and songs) and one a song. Shifted in the transaction in which a
play takes effect, is removed or comes back, so that statistics read some documents however many plays there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from chalicelib.storage.mongo import Document, MongoDatabase
from chalicelib.storage.row_counts import shift_rows
from chalicelib.storage.track_facets import POPULARITY_BITS

Played = Sequence[Document]  # events that count as a play (see `play_counting`), with `track_id` and `occurred_at`


def tally_plays(database: MongoDatabase, user_id: str, plays: Played, *, by: int, session: ClientSession) -> None:
    """`by`: 1 as they take effect, -1 as they go."""
    tally_plays_of_each(database, {user_id: plays}, by=by, session=session)


def tally_plays_of_each(database: MongoDatabase, plays: Mapping[str, Played], *, by: int, session: ClientSession) -> None:
    """By user."""
    played = {user_id: mine for user_id, mine in plays.items() if mine}
    if not played:
        return
    database["play_days"].bulk_write([each for one in played.items() for each in _shift_days(*one, by)], session=session)
    lowered = [_name_song(user_id, one["track_id"]) for user_id, mine in played.items() for one in mine] if by < 0 else []
    songs = [each for one in played.items() for each in _shift_songs(*one, by)]
    shift_rows(database["play_songs"], songs, lowered, count="plays", session=session)


def is_counted_play(event: Document) -> bool:
    """Whether it is in the counts now. Those of older versions were counted by and by (see `tally_migration`)."""
    return bool(event.get("is_counted")) and bool(event.get("is_play", event["kind"] == "start"))


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


def count_songs(plays: Iterable[Document], *, by: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in plays:
        counts[one["track_id"]] += by
    return counts


def _shift_days(user_id: str, plays: Played, by: int) -> list[UpdateOne]:
    days: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in plays:
        at: datetime = one["occurred_at"]
        quarter = 4 * at.hour + at.minute // 15  # time zones are whole quarters of an hour apart
        counts = {"plays": by, f"hours.{at.hour}": by, f"quarters.{quarter}": by, f"songs.{one['track_id']}": by}
        days[at.date().isoformat()].update(counts)
    return [
        UpdateOne({"_id": f"{user_id}:{day}"}, {"$inc": dict(counts), "$set": {"user_id": user_id, "day": day}}, upsert=True)
        for day, counts in sorted(days.items())
    ]


def _shift_songs(user_id: str, plays: Played, by: int) -> list[UpdateOne]:
    return [
        UpdateOne(
            {"_id": _name_song(user_id, track_id)},
            {"$inc": {"plays": count}, "$set": {"user_id": user_id, "track_id": track_id}},
            upsert=True,
        )
        for track_id, count in sorted(count_songs(plays, by=by).items())
    ]


def _name_song(user_id: str, track_id: str) -> str:
    return f"{user_id}:{track_id}"
