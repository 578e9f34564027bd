"""The counts of `play_tallies`, read."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from chalicelib.account_model import DayCount, SongCount
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.tally_migration import count_older_plays


class MongoStatisticsStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._days = database["play_days"]
        self._songs = database["play_songs"]

    @translate_errors("statistics")
    def days(self, user_id: str, *, since: date) -> list[DayCount]:
        wanted = _of_days(user_id, since)
        found = self._days.find(wanted, {"_id": 0, "day": 1, "plays": 1, "hours": 1, "quarters": 1}).sort([("day", 1)])
        return [_to_day(one) for one in found if one["plays"] > 0]

    @translate_errors("statistics")
    def songs_since(self, user_id: str, *, since: date) -> list[SongCount]:
        counts: Counter[str] = Counter()
        for one in self._days.find(_of_days(user_id, since), {"_id": 0, "songs": 1}):
            counts.update(one["songs"])
        ordered = sorted(((plays, track_id) for track_id, plays in counts.items() if plays > 0), key=lambda each: (-each[0], each[1]))
        return [SongCount(track_id=track_id, plays=plays) for plays, track_id in ordered]

    @translate_errors("statistics")
    def top_songs(self, user_id: str, *, limit: int) -> list[SongCount]:
        wanted = {"_id": 0, "track_id": 1, "plays": 1}
        found = self._songs.find({"user_id": user_id}, wanted).sort([("plays", -1), ("track_id", 1)]).limit(limit)
        return [SongCount(track_id=one["track_id"], plays=one["plays"]) for one in found]

    @translate_errors("statistics")
    def count_plays(self, user_id: str) -> int:
        """By the index alone: it holds the number of each day."""
        found = self._days.find({"user_id": user_id}, {"_id": 0, "plays": 1}).hint("by_user")
        return sum(one["plays"] for one in found)

    @translate_errors("statistics")
    def count_older(self, *, limit: int) -> int:
        return count_older_plays(self._database, limit=limit)

    @translate_errors("statistics")
    def erase(self, user_id: str, *, limit: int) -> int:
        return sum(erase_some(counters, {"user_id": user_id}, limit) for counters in (self._days, self._songs))


def erase_some(documents: Any, wanted: Document, limit: int) -> int:  # a collection
    """At most `limit` of them; how many went."""
    ids = [one["_id"] for one in documents.find(wanted, {"_id": 1}).limit(limit)]
    return int(documents.delete_many({"_id": {"$in": ids}}).deleted_count) if ids else 0


def _of_days(user_id: str, since: date) -> Document:
    return {"user_id": user_id, "day": {"$gte": since.isoformat()}}


def _to_day(document: Document) -> DayCount:
    return DayCount(
        day=date.fromisoformat(document["day"]),
        plays=document["plays"],
        hours=_read_counts(document, "hours"),
        quarters=_read_counts(document, "quarters"),
    )


def _read_counts(document: Document, name: str) -> dict[int, int]:
    """A play that was counted by the hour alone, and is taken out again, leaves a quarter below nothing."""
    return {int(place): count for place, count in document.get(name, {}).items() if count > 0}
