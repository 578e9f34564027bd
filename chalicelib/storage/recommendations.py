"""Recommendation lists in MongoDB, one per user, and the effect of plays on them: each play counts once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import msgspec
from pymongo import UpdateMany
from pymongo.client_session import ClientSession

from chalicelib.model import RecommendationList
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.play_tallies import count_songs, shift_play_counts, tally_starts
from chalicelib.storage.times import truncate_time
from chalicelib.way_model import PlayArrival

_NO_ARRIVALS: Mapping[str, PlayArrival] = {}


class MongoRecommendationStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    @translate_errors("recommendations")
    def find(self, user_id: str) -> RecommendationList | None:
        document = self._database["recommendations"].find_one({"_id": user_id})
        return msgspec.convert({**document, "user_id": user_id}, RecommendationList) if document is not None else None

    @translate_errors("recommendations")
    def save_with_effect(
        self,
        recommendations: RecommendationList,
        event_ids: Sequence[str],
        *,
        now: datetime,
        arrivals: Mapping[str, PlayArrival] = _NO_ARRIVALS,
    ) -> int:
        """Plays of other users among the events are left alone."""
        arrived = {event_id: arrivals.get(event_id, PlayArrival()) for event_id in event_ids}
        save = partial(_save, self._database, recommendations, arrived, truncate_time(now))
        return run_transaction(self._database, save)


def _save(
    database: MongoDatabase,
    recommendations: RecommendationList,
    arrived: Mapping[str, PlayArrival],
    now: datetime,
    session: ClientSession,
) -> int:
    user_id = recommendations.user_id
    if database["erasures"].find_one({"_id": user_id}, {"_id": 1}, session=session) is not None:
        return 0  # this run was under way when they wanted to be forgotten
    fresh = {"_id": {"$in": list(arrived)}, "user_id": user_id, "is_processed": False}
    document = _to_document(recommendations)
    wanted = {"track_id": 1, "occurred_at": 1}
    started = list(database["plays"].find({**fresh, "kind": "start"}, wanted, session=session))
    count = _mark_effect(database, fresh, arrived, {"processed_at": now, "search": document.get("search")}, session)
    known = database["recommendations"].find_one({"_id": user_id}, {"generated_at": 1}, session=session)
    is_outdated = known is not None and known["generated_at"] > document["generated_at"]
    change: Document = {"$inc": {"plays_processed": count}}
    if not is_outdated:
        change["$set"] = document
    database["recommendations"].update_one({"_id": user_id}, change, upsert=True, session=session)
    tally_starts(database, user_id, started, by=1, session=session)
    shift_play_counts(database, count_songs(started, by=1), session)
    return count


def _mark_effect(
    database: MongoDatabase, fresh: Document, arrived: Mapping[str, PlayArrival], change: Document, session: ClientSession
) -> int:
    """Those that came alike are marked together, and all of them by one request."""
    alike: defaultdict[PlayArrival, list[str]] = defaultdict(list)
    for event_id, arrival in arrived.items():
        alike[arrival].append(event_id)
    marks = [
        UpdateMany(
            {**fresh, "_id": {"$in": event_ids}},
            {
                "$set": {
                    **change,
                    "is_processed": True,
                    "is_counted": True,
                    "arrival": msgspec.to_builtins(arrival, builtin_types=(datetime,)),
                }
            },
        )
        for arrival, event_ids in alike.items()
    ]
    return database["plays"].bulk_write(marks, session=session).modified_count if marks else 0


def _to_document(recommendations: RecommendationList) -> Document:
    document: Document = msgspec.to_builtins(recommendations, builtin_types=(datetime,))
    del document["user_id"], document["plays_processed"]
    document["generated_at"] = truncate_time(recommendations.generated_at)
    return document
