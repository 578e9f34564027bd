"""Plays taken out of their listener's history, in the collection of the plays: the document stays under its id, so that nothing can record
the event again, and loses every field that any other query looks at. What it held lies in `removed` until it cannot be restored any more;
MongoDB sweeps the rest away when no repetition of the event can come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from pymongo import ReplaceOne
from pymongo.client_session import ClientSession

from chalicelib.model import Play
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.play_tallies import count_songs, is_counted_play, shift_play_counts, tally_plays
from chalicelib.storage.plays import to_play
from chalicelib.storage.renewals import raise_epoch, raise_epoch_without
from chalicelib.storage.times import truncate_time

REMEMBERED_FOR = timedelta(days=30)  # longer than Kafka and the dead letters keep an event


class MongoHistoryStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._plays = database["plays"]

    @translate_errors("plays")
    def remove(self, user_id: str, event_ids: Sequence[str], *, now: datetime) -> tuple[str, ...]:
        act = partial(_remove, self._database, user_id, list(event_ids), truncate_time(now))
        return _in_order(event_ids, run_transaction(self._database, act))

    @translate_errors("plays")
    def restore(self, user_id: str, event_ids: Sequence[str], *, removed_after: datetime, now: datetime) -> tuple[str, ...]:
        act = partial(_restore, self._database, user_id, list(event_ids), truncate_time(removed_after), now=now)
        return _in_order(event_ids, run_transaction(self._database, act))

    @translate_errors("plays")
    def forget_removed(self, *, before: datetime, limit: int) -> int:
        full = {"removed": {"$exists": True}}
        found = self._plays.find({**full, "removed_at": {"$lt": truncate_time(before)}}, {"_id": 1}).sort([("removed_at", 1)]).limit(limit)
        ids = [one["_id"] for one in found]
        return self._plays.update_many({"_id": {"$in": ids}, **full}, {"$unset": {"removed": ""}}).modified_count if ids else 0

    def stream(self, user_id: str) -> Iterator[Play]:
        with translate_errors("plays"):
            for document in self._plays.find({"user_id": user_id}, batch_size=2_000).sort([("occurred_at", 1), ("_id", 1)]):
                yield to_play(document)

    @translate_errors("plays")
    def erase(self, user_id: str, *, limit: int) -> int:
        return run_transaction(self._database, partial(_erase, self._database, user_id, limit))


def _remove(database: MongoDatabase, user_id: str, event_ids: list[str], now: datetime, session: ClientSession) -> set[str]:
    found = list(database["plays"].find({"_id": {"$in": event_ids}}, session=session))
    present = [one for one in found if one.get("user_id") == user_id]
    tombstones = [ReplaceOne({"_id": one["_id"]}, _make_tombstone(one, user_id, now)) for one in present]
    if tombstones:
        database["plays"].bulk_write(tombstones, session=session)
        raise_epoch_without(database, user_id, present, now, session)
        _count(database, user_id, present, -1, session)
    return {one["_id"] for one in found if user_id in (one.get("user_id"), one.get("removed_by"))}


def _make_tombstone(play: Document, user_id: str, now: datetime) -> Document:
    return {"_id": play["_id"], "removed_by": user_id, "removed_at": now, "forget_at": now + REMEMBERED_FOR, "removed": play}


def _restore(
    database: MongoDatabase, user_id: str, event_ids: list[str], removed_after: datetime, session: ClientSession, *, now: datetime
) -> set[str]:
    found = list(database["plays"].find({"_id": {"$in": event_ids}}, session=session))
    gone = [one for one in found if one.get("removed_by") == user_id and "removed" in one and one["removed_at"] > removed_after]
    plays: list[Document] = [one["removed"] for one in gone]
    if plays:
        database["plays"].bulk_write([ReplaceOne({"_id": play["_id"]}, play) for play in plays], session=session)
        raise_epoch(database, user_id, now, session)
        _count(database, user_id, plays, 1, session)
    return {one["_id"] for one in found if one.get("user_id") == user_id} | {play["_id"] for play in plays}


def _erase(database: MongoDatabase, user_id: str, limit: int, session: ClientSession) -> int:
    """The counters of the user are erased by themselves."""
    plays = database["plays"]
    found = list(plays.find({"user_id": user_id}, session=session).limit(limit))
    found += plays.find({"removed_by": user_id}, {"_id": 1}, session=session).limit(limit - len(found)) if len(found) < limit else []
    if found:
        plays.delete_many({"_id": {"$in": [one["_id"] for one in found]}}, session=session)
        shift_play_counts(database, count_songs(filter(is_counted_play, found), by=-1), session)
    return len(found)


def _count(database: MongoDatabase, user_id: str, plays: Sequence[Document], by: int, session: ClientSession) -> None:
    counted = [one for one in plays if is_counted_play(one)]
    tally_plays(database, user_id, counted, by=by, session=session)
    shift_play_counts(database, Counter(count_songs(counted, by=by)), session)


def _in_order(event_ids: Sequence[str], found: set[str]) -> tuple[str, ...]:
    return tuple(event_id for event_id in dict.fromkeys(event_ids) if event_id in found)
