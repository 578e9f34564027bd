"""Plays in MongoDB: the listener's history, and the outbox from which the relay sends. `is_processed` mirrors `processed_at` for the
partial index that keeps the outbox as small as its backlog.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from pymongo.errors import DuplicateKeyError
from pymongo.write_concern import WriteConcern

from chalicelib.errors import ConflictError
from chalicelib.model import Page, Play
from chalicelib.storage.cursors import decode_time_cursor, encode_time_cursor
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time

PLAYS_LOOKED_AT = 400  # of a song, to find its last listeners
_NOT_REMOVED: Document = {"removed_at": {"$exists": False}}  # what their listeners took out is `history.py`'s
_NEWEST_FIRST = [("occurred_at", -1), ("_id", -1)]


class MongoPlayStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._plays = database["plays"]
        # For what nobody is told of, and no query looks at soon: readers see it a moment later.
        self._unhurried = self._plays.with_options(write_concern=WriteConcern(w=1))

    @translate_errors("plays")
    def record(self, play: Play) -> bool:
        try:
            self._plays.insert_one(to_document(play))
        except DuplicateKeyError as exc:
            known = self._plays.find_one({"_id": play.event_id}, {"user_id": 1, "removed_by": 1})
            if known is not None and known.get("user_id", known.get("removed_by")) != play.user_id:
                raise ConflictError(f"The event {play.event_id} is somebody else's.", code="event_id_taken") from exc
            return False
        return True

    @translate_errors("plays")
    def mark_published(self, event_ids: Sequence[str], *, at: datetime, recorded_at: datetime | None = None) -> None:
        """With `recorded_at` not waited for until it is safe: what a server forgets the relay sends again, which does no harm."""
        change: Document = {"published_at": truncate_time(at)}
        if recorded_at is not None:
            change["recorded_at"] = truncate_time(recorded_at)
        plays = self._unhurried if recorded_at is not None else self._plays
        plays.update_many({"_id": {"$in": list(event_ids)}}, {"$set": change})

    @translate_errors("plays")
    def due_for_relay(self, *, now: datetime, publish_grace_s: float, resend_after_s: float, limit: int) -> list[Play]:
        """Each by how long it has waited: since it was recorded, or since it was last sent."""
        recorded_by = truncate_time(now - timedelta(seconds=publish_grace_s))
        published_by = truncate_time(now - timedelta(seconds=resend_after_s))
        # What came late happened long ago: it is its arrival that must be so old. Older documents have none.
        unsent = self._find_due(
            {"published_at": None, "occurred_at": {"$lt": recorded_by}, "arrived_at": {"$not": {"$gte": recorded_by}}}, limit
        )
        unanswered = self._find_due({"published_at": {"$lt": published_by}}, limit)
        waiting = heapq.merge(unsent, unanswered, key=_rank_waiting)
        return list(waiting)[:limit]

    @translate_errors("plays")
    def unprocessed(self, event_ids: Sequence[str]) -> set[str]:
        return {one["_id"] for one in self._plays.find({"_id": {"$in": list(event_ids)}, "is_processed": False}, {"_id": 1})}

    @translate_errors("plays")
    def find_many(self, event_ids: Sequence[str]) -> dict[str, Play]:
        return {one["_id"]: to_play(one) for one in self._plays.find({"_id": {"$in": list(event_ids)}, **_NOT_REMOVED})}

    @translate_errors("plays")
    def removed(self, event_ids: Sequence[str]) -> set[str]:
        wanted = {"_id": {"$in": list(event_ids)}, "removed_at": {"$exists": True}}
        return {one["_id"] for one in self._plays.find(wanted, {"_id": 1})}

    @translate_errors("plays")
    def recent(self, user_id: str, *, limit: int) -> list[Play]:
        return self._newest_first({"user_id": user_id}, limit)

    @translate_errors("plays")
    def history(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Play]:
        wanted: Document = {"user_id": user_id}
        if cursor is not None:
            time, event_id = decode_time_cursor(cursor)
            wanted["$or"] = [{"occurred_at": {"$lt": time}}, {"occurred_at": time, "_id": {"$lt": event_id}}]
        found = self._newest_first(wanted, limit + 1)
        page = tuple(found[:limit])
        return Page(page, encode_time_cursor(page[-1].occurred_at, page[-1].event_id) if len(found) > limit else None)

    @translate_errors("plays")
    def played_by_listeners_of(self, track_id: str, *, leave_out: str, listeners: int, plays_each: int) -> list[frozenset[str]]:
        starts: Document = {"track_id": track_id, "kind": "start"}
        newest = self._plays.find({**starts, "user_id": {"$ne": leave_out}}, {"user_id": 1, "occurred_at": 1}).sort([("occurred_at", -1)])
        one_of_each: dict[str, Document] = {}
        for play in newest.limit(PLAYS_LOOKED_AT).batch_size(PLAYS_LOOKED_AT + 1):
            one_of_each.setdefault(play["user_id"], play)
        chosen = list(one_of_each.values())[:listeners]
        # By all that the index holds, so that it tells whose they are: of a popular song these are on as many pages of the disk.
        again = {
            **starts,
            "occurred_at": {"$in": [play["occurred_at"] for play in chosen]},
            "_id": {"$in": [play["_id"] for play in chosen]},
        }
        lately: list[Document] = [{"$sort": dict(_NEWEST_FIRST)}, {"$limit": plays_each}, {"$project": {"_id": 0, "track_id": 1}}]
        others = {"from": "plays", "localField": "user_id", "foreignField": "user_id", "pipeline": lately, "as": "lately"}
        steps: list[Document] = [
            {"$match": again},
            {"$project": {"_id": 0, "user_id": 1}},
            {"$lookup": others},
            {"$project": {"tracks": "$lately.track_id"}},
        ]
        return [frozenset(found["tracks"]) - {track_id} for found in self._plays.aggregate(steps)] if chosen else []

    @translate_errors("plays")
    def count_unprocessed(self) -> int:
        return self._plays.count_documents({"is_processed": False}, hint="unprocessed")

    @translate_errors("plays")
    def oldest_unprocessed(self) -> datetime | None:
        wanted = {"_id": 0, "occurred_at": 1, "arrived_at": 1}
        found = self._plays.find({"is_processed": False}, wanted).sort([("arrived_at", 1), ("occurred_at", 1)]).limit(1)
        return next((_tell_arrival(one) for one in found), None)

    @translate_errors("plays")
    def newest_effects(self, *, limit: int) -> list[float]:
        wanted = {"_id": 0, "occurred_at": 1, "arrived_at": 1, "processed_at": 1}
        found = self._plays.find({"is_processed": True}, wanted).sort([("processed_at", -1)]).limit(limit)
        return [(one["processed_at"] - _tell_arrival(one)).total_seconds() for one in found]

    def _find_due(self, condition: Document, limit: int) -> list[Play]:
        order = [("published_at", 1), ("occurred_at", 1), ("_id", 1)]
        found = self._plays.find({"is_processed": False, **condition}).sort(order).limit(limit)
        return [to_play(document) for document in found]

    def _newest_first(self, wanted: Document, limit: int) -> list[Play]:
        return [to_play(document) for document in self._plays.find(wanted).sort(_NEWEST_FIRST).limit(limit)]


def _rank_waiting(play: Play) -> tuple[datetime, datetime, str]:
    return (play.published_at or play.occurred_at, play.occurred_at, play.event_id)


def _tell_arrival(document: Document) -> datetime:
    """Plays of older versions came when they happened."""
    arrived_at: datetime = document.get("arrived_at") or document["occurred_at"]
    return arrived_at


def to_document(play: Play) -> Document:
    return {
        "_id": play.event_id,
        "user_id": play.user_id,
        "track_id": play.track_id,
        "kind": play.kind,
        "position_s": play.position_s,
        "occurred_at": truncate_time(play.occurred_at),
        "arrived_at": truncate_time(play.arrived_at),
        "published_at": truncate_time(play.published_at),
        "processed_at": truncate_time(play.processed_at),
        "is_processed": play.processed_at is not None,
        "request_id": play.request_id,
    }


def to_play(document: Document) -> Play:
    return msgspec.convert({**document, "event_id": document["_id"]}, Play)
