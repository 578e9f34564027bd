"""Every index of every collection, each for a query of the store of the same name. `tests/contract` holds them against explain()."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.database import Database

from chalicelib.errors import ConfigError

_ACTIVE = {"status": "active"}

INDEXES: dict[str, Sequence[IndexModel]] = {
    "tracks": [
        IndexModel([("title", ASCENDING), ("_id", ASCENDING)], name="by_title", partialFilterExpression=_ACTIVE),
        IndexModel(
            [("search_words", ASCENDING), ("title", ASCENDING), ("_id", ASCENDING)], name="by_word", partialFilterExpression=_ACTIVE
        ),
        IndexModel([("shuffle_key", ASCENDING), ("_id", ASCENDING)], name="by_shuffle_key", partialFilterExpression=_ACTIVE),
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="by_age", partialFilterExpression=_ACTIVE),
        IndexModel([("objects.key", ASCENDING)], name="by_object", partialFilterExpression=_ACTIVE),
        IndexModel([("seq", ASCENDING)], name="by_seq", partialFilterExpression=_ACTIVE),
        IndexModel([("feature_version", ASCENDING), ("_id", ASCENDING)], name="by_version", partialFilterExpression=_ACTIVE),
    ],
    "uploads": [
        IndexModel([("key", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="by_key"),
        IndexModel([("user_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="by_user"),
        IndexModel([("status", ASCENDING), ("updated_at", ASCENDING), ("_id", ASCENDING)], name="by_status"),
        IndexModel([("seq", ASCENDING)], name="analysed_by_seq", partialFilterExpression={"status": "analysed"}),
    ],
    "users": [IndexModel([("username_folded", ASCENDING)], name="by_username", unique=True)],
    "sessions": [IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)],
    "throttles": [IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)],
    "plays": [
        IndexModel([("user_id", ASCENDING), ("occurred_at", DESCENDING), ("_id", DESCENDING)], name="by_user"),
        IndexModel(
            [("published_at", ASCENDING), ("occurred_at", ASCENDING), ("_id", ASCENDING)],
            name="unprocessed",
            partialFilterExpression={"is_processed": False},  # as small as the backlog, however many plays there were
        ),
        IndexModel([("occurred_at", ASCENDING)], name="waiting", partialFilterExpression={"is_processed": False}),
        IndexModel([("processed_at", DESCENDING)], name="by_effect", partialFilterExpression={"is_processed": True}),
    ],
    "feedback": [IndexModel([("user_id", ASCENDING), ("updated_at", DESCENDING), ("track_id", DESCENDING)], name="by_user")],
    "index_builds": [
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="by_age"),
        IndexModel([("is_current", ASCENDING)], name="current", unique=True, partialFilterExpression={"is_current": True}),
    ],
    "dead_letters": [
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="by_age"),
        IndexModel([("source", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="by_source"),
    ],
}


def create_missing(database: Database[dict[str, Any]]) -> None:
    require_transactions(database.command("hello"))
    for collection, indexes in INDEXES.items():
        database[collection].create_indexes(list(indexes))
    present = set(database.list_collection_names())
    for collection in {"counters", "recommendations", "leases", "backfills"} - present:
        database.create_collection(collection)
    # There before the first transactions meet over it.
    database["counters"].update_one({"_id": "tracks"}, {"$setOnInsert": {"seq": 0, "active": 0}}, upsert=True)


def require_transactions(hello: Mapping[str, Any]) -> None:
    """By a server's answer to `hello`: a member of a replica set names it, a router of a sharded cluster says `isdbgrid`."""
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise ConfigError("MONGODB_URI names a single server: start it with --replSet and initiate it, since Timbre needs transactions.")
