"""Renewals in MongoDB, in the documents of the recommendations: `epoch`, and `renewal_due_at` as long as a renewal is wanted. Whoever
changes what a list rests on calls `raise_epoch` in the same transaction, so that neither is there without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec
from pymongo.client_session import ClientSession

from chalicelib.model import RecommendationList
from chalicelib.recommend.pruning import drop_reasons
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.times import truncate_time

SENT_AT_ONCE_FOR = timedelta(seconds=15)  # so long the request's own message may take to have its effect; then the relay sends another

Prune = Callable[[RecommendationList], RecommendationList]


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
    def want_renewal(self, user_id: str, *, now: datetime) -> None:
        run_transaction(self._database, partial(raise_epoch, self._database, user_id, empty_list, now))

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


def raise_epoch(database: MongoDatabase, user_id: str, prune: Prune, now: datetime, session: ClientSession) -> None:
    """Also of a listener without a list: the first may be under way, from plays that are gone. Of one who was erased nothing is left."""
    if database["erasures"].find_one({"_id": user_id}, {"_id": 1}, session=session) is not None:
        return
    stored = database["recommendations"].find_one({"_id": user_id}, session=session)
    change: Document = {"renewal_due_at": truncate_time(now + SENT_AT_ONCE_FOR)}
    if stored is not None and has_list(stored):
        pruned: Document = msgspec.to_builtins(prune(to_list(stored)), builtin_types=(datetime,))
        change.update({name: pruned[name] for name in ("items", "play_event_ids")})
    database["recommendations"].update_one({"_id": user_id}, {"$inc": {"epoch": 1}, "$set": change}, upsert=True, session=session)


def raise_epoch_without(database: MongoDatabase, user_id: str, plays: Sequence[Document], now: datetime, session: ClientSession) -> None:
    """Of plays that are being taken out: what rests on them alone is no longer on the list. A song that was played another time keeps
    its word; one that is also liked may lose it until the renewal."""
    events = {play["_id"] for play in plays}
    raise_epoch(database, user_id, partial(_drop, database, events, {play["track_id"] for play in plays}, session), now, session)


def _drop(
    database: MongoDatabase, events: set[str], tracks: set[str], session: ClientSession, recommendations: RecommendationList
) -> RecommendationList:
    others = [event_id for event_id in recommendations.play_event_ids if event_id not in events]
    present = database["plays"].find({"_id": {"$in": others}, "user_id": recommendations.user_id}, {"track_id": 1}, session=session)
    return drop_reasons(recommendations, events=events, tracks=tracks - {play["track_id"] for play in present})


def empty_list(recommendations: RecommendationList) -> RecommendationList:
    return msgspec.structs.replace(recommendations, items=(), play_event_ids=())


def leave_list(recommendations: RecommendationList) -> RecommendationList:
    return recommendations


def has_list(document: Document) -> bool:
    return "generated_at" in document


def to_list(document: Document) -> RecommendationList:
    return msgspec.convert({**document, "user_id": document["_id"]}, RecommendationList)
