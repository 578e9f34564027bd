"""Renewals in MongoDB, in the documents of the recommendations: `epoch`, and `renewal_due_at` as long as a renewal is wanted. Whoever
changes what a list rests on calls `raise_epoch` in the same transaction, so that neither is there without the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from pymongo.client_session import ClientSession

from chalicelib.model import RecommendationList
from chalicelib.recommend.pruning import drop_reasons
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.storage.times import truncate_time

SENT_AT_ONCE_FOR = timedelta(seconds=15)  # so long the request's own message may take to have its effect; then the relay sends another
_ALL: Document = {}
NOTHING_LEFT: Document = {"items": [], "play_event_ids": []}


class MongoRenewals:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    @translate_errors("recommendations")
    def read_epoch(self, user_id: str) -> int:
        found = self._database["recommendations"].find_one({"_id": user_id}, {"epoch": 1})
        return int(found.get("epoch", 0)) if found is not None else 0

    @translate_errors("recommendations")
    def read_epochs(self, user_ids: Sequence[str]) -> dict[str, int]:
        found = self._database["recommendations"].find({"_id": {"$in": list(user_ids)}}, {"epoch": 1})
        return dict.fromkeys(user_ids, 0) | {one["_id"]: int(one.get("epoch", 0)) for one in found}

    @translate_errors("recommendations")
    def is_renewal_wanted(self, user_id: str) -> bool:
        wanted = {"_id": user_id, "renewal_due_at": {"$exists": True}}
        return self._database["recommendations"].find_one(wanted, {"_id": 1}) is not None

    @translate_errors("recommendations")
    def due_renewals(self, *, now: datetime, limit: int) -> list[str]:
        due = {"renewal_due_at": {"$lte": truncate_time(now)}}
        found = self._database["recommendations"].find(due, {"_id": 1}).sort([("renewal_due_at", 1)]).limit(limit)
        return [one["_id"] for one in found]

    @translate_errors("recommendations")
    def put_off_renewals(self, user_ids: Sequence[str], *, until: datetime) -> None:
        wanted = {"_id": {"$in": list(user_ids)}, "renewal_due_at": {"$exists": True}}
        self._database["recommendations"].update_many(wanted, {"$set": {"renewal_due_at": truncate_time(until)}})


def raise_epoch(database: MongoDatabase, user_id: str, now: datetime, session: ClientSession, *, left: Document = _ALL) -> None:
    """Also of a listener without a list: the first may be under way, from plays that are gone. Of one who was erased nothing is made;
    what is there of them still their erasure takes. `left`: what of the list stays, where not all of it does."""
    raised: Document = {"$inc": {"epoch": 1}, "$set": {"renewal_due_at": truncate_time(now + SENT_AT_ONCE_FOR), **left}}
    is_known = database["recommendations"].update_one({"_id": user_id}, raised, session=session).matched_count > 0
    if not is_known and not _is_erased(database, user_id, session):
        database["recommendations"].update_one({"_id": user_id}, raised, upsert=True, session=session)


def raise_epoch_without(database: MongoDatabase, user_id: str, plays: Sequence[Document], now: datetime, session: ClientSession) -> None:
    """Of plays that are being taken out: what rests on them alone is no longer on the list. A song that was played another time keeps
    its word; one that is also liked may lose it until the renewal."""
    events, tracks = {play["_id"] for play in plays}, {play["track_id"] for play in plays}
    rests: Document = {"$or": [{"play_event_ids": {"$in": list(events)}}, {"items.reasons.track_id": {"$in": list(tracks)}}]}
    stored = database["recommendations"].find_one({"_id": user_id, **rests}, session=session)
    left: Document = _ALL
    if stored is not None and has_list(stored):
        left = _keep(_drop(database, events, tracks, to_list(stored), session))
    raise_epoch(database, user_id, now, session, left=left)


def _is_erased(database: MongoDatabase, user_id: str, session: ClientSession) -> bool:
    return database["erasures"].find_one({"_id": user_id}, {"_id": 1}, session=session) is not None


def _keep(recommendations: RecommendationList) -> Document:
    document: Document = msgspec.to_builtins(recommendations, builtin_types=(datetime,))
    return {name: document[name] for name in NOTHING_LEFT}


def _drop(
    database: MongoDatabase, events: set[str], tracks: set[str], recommendations: RecommendationList, session: ClientSession
) -> RecommendationList:
    others = [event_id for event_id in recommendations.play_event_ids if event_id not in events]
    wanted = {"_id": {"$in": others}, "user_id": recommendations.user_id}
    present = database["plays"].find(wanted, {"track_id": 1}, session=session) if others else ()
    return drop_reasons(recommendations, events=events, tracks=tracks - {play["track_id"] for play in present})


def has_list(document: Document) -> bool:
    return "generated_at" in document


def to_list(document: Document) -> RecommendationList:
    return msgspec.convert({**document, "user_id": document["_id"]}, RecommendationList)
