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
from chalicelib.storage.offers import OFFERED, attribute_plays, name_offered
from chalicelib.storage.play_tallies import count_songs, shift_play_counts, tally_starts
from chalicelib.storage.renewals import MongoRenewals, has_list, to_list
from chalicelib.storage.times import truncate_time
from chalicelib.way_model import PlayArrival

_KNOWN = {"generated_at": 1, "epoch": 1, "renewal_due_at": 1, **OFFERED}
_NO_ARRIVALS: Mapping[str, PlayArrival] = {}


class MongoRecommendationStore(MongoRenewals):
    @translate_errors("recommendations")
    def find(self, user_id: str) -> RecommendationList | None:
        document = self._database["recommendations"].find_one({"_id": user_id})
        return to_list(document) if document is not None and has_list(document) else None

    @translate_errors("recommendations")
    def save_with_effect(
        self,
        recommendations: RecommendationList,
        event_ids: Sequence[str],
        *,
        now: datetime,
        arrivals: Mapping[str, PlayArrival] = _NO_ARRIVALS,
        epoch: int | None = None,
    ) -> int:
        """Plays of other users among the events are left alone."""
        arrived = {event_id: arrivals.get(event_id, PlayArrival()) for event_id in event_ids}
        save = partial(_save, self._database, recommendations, arrived, truncate_time(now), epoch=epoch)
        return run_transaction(self._database, save)


def _save(
    database: MongoDatabase,
    recommendations: RecommendationList,
    arrived: Mapping[str, PlayArrival],
    now: datetime,
    session: ClientSession,
    *,
    epoch: int | None,
) -> int:
    user_id = recommendations.user_id
    if database["erasures"].find_one({"_id": user_id}, {"_id": 1}, session=session) is not None:
        return 0  # this run was under way when they wanted to be forgotten
    fresh = {"_id": {"$in": list(arrived)}, "user_id": user_id, "is_processed": False}
    document = _to_document(recommendations)
    wanted = {"track_id": 1, "occurred_at": 1, "kind": 1}
    events = list(database["plays"].find(fresh, wanted, session=session)) if arrived else []
    started = [event for event in events if event["kind"] == "start"]
    known = database["recommendations"].find_one({"_id": user_id}, _KNOWN, session=session)
    count = _mark_effect(database, fresh, arrived, {"processed_at": now, "search": document.get("search")}, session)
    attribute_plays(database, events, known, session)
    change: Document = {"$inc": {"plays_processed": count}}
    if known is None or _takes_place(document, epoch, known):
        change.update({"$set": {**document, **name_offered(recommendations, known)}, "$unset": {"renewal_due_at": ""}})
    database["recommendations"].update_one({"_id": user_id}, change, upsert=True, session=session)
    tally_starts(database, user_id, started, by=1, session=session)
    shift_play_counts(database, count_songs(started, by=1), session)
    return count


def _takes_place(document: Document, epoch: int | None, known: Document) -> bool:
    """Whether the list is of the present epoch, and later than the stored one if that is of this epoch too."""
    if epoch is not None and epoch != known.get("epoch", 0):
        return False
    is_of_past_epoch = "renewal_due_at" in known
    return is_of_past_epoch or "generated_at" not in known or bool(known["generated_at"] <= document["generated_at"])


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
