"""What the lists of several listeners rest on, read by one command for all of them. The documents are other stores'; their order and
their bounds are those stores' too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.model import Play
from chalicelib.storage.feedback import MAX_OPINIONS, OPINION_FIELDS, tell_opinions
from chalicelib.storage.mongo import Document, MongoDatabase, translate_errors
from chalicelib.workflows.listener_ports import ListenerState

_PLAY = {"user_id": 1, "track_id": 1, "kind": 1, "position_s": 1, "occurred_at": 1}


class MongoListenerStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._users = database["users"]

    @translate_errors("plays")
    def read_states(self, user_ids: Sequence[str], *, plays: int, now: datetime) -> dict[str, ListenerState]:
        steps: list[Document] = [
            {"$match": {"_id": {"$in": list(user_ids)}}},
            {"$project": {"taste_reset_at": 1}},
            _look_up("plays", {"occurred_at": -1, "_id": -1}, plays, _PLAY),
            _look_up("feedback", {"updated_at": -1, "track_id": -1}, MAX_OPINIONS, OPINION_FIELDS),
        ]
        found = {one["_id"]: _to_state(one, now) for one in self._users.aggregate(steps, batchSize=len(user_ids) + 1)}
        return {user_id: found.get(user_id) or ListenerState((), {}) for user_id in user_ids}


def _look_up(collection: str, order: Document, limit: int, fields: Document) -> Document:
    pipeline: list[Document] = [{"$sort": order}, {"$limit": limit}, {"$project": fields}]
    return {"$lookup": {"from": collection, "localField": "_id", "foreignField": "user_id", "pipeline": pipeline, "as": collection}}


def _to_state(document: Document, now: datetime) -> ListenerState:
    recent = [
        Play(
            event_id=one["_id"],
            user_id=one["user_id"],
            track_id=one["track_id"],
            kind=one["kind"],
            position_s=one["position_s"],
            occurred_at=one["occurred_at"],
        )
        for one in document["plays"]
    ]
    return ListenerState(recent, tell_opinions(document["feedback"], now), document.get("taste_reset_at"))
