"""Every index of every collection, each for a query of the store of the same name. `tests/contract` holds them against explain()."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pymongo
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from chalicelib.errors import ConfigError

BUILT_WITHIN_S = 600  # the new indexes of one collection: more than any other command may take

_ACTIVE = {"status": "active"}
_POPULAR_FIRST = (("popularity", DESCENDING), ("_id", ASCENDING))


_HELD = (("status", ASCENDING), ("held", ASCENDING))  # with the status, though it is the same in all: no document is looked at then


def _active(keys: Sequence[tuple[str, int]], name: str) -> IndexModel:
    return IndexModel(list(keys), name=name, partialFilterExpression=_ACTIVE)


INDEXES: dict[str, Sequence[IndexModel]] = {
    "tracks": [
        _active([("title", ASCENDING), ("created_at", ASCENDING), ("_id", ASCENDING)], "by_title_and_age"),
        # With what songs hold besides: of a filtered list only those songs are read that are on it.
        _active([("search_words", ASCENDING), *_POPULAR_FIRST, *_HELD], "by_popular_word_with_held"),
        _active([*_POPULAR_FIRST], "by_popularity"),
        _active([("title_key", ASCENDING), *_POPULAR_FIRST, *_HELD], "by_title_key_with_held"),
        _active([("facets", ASCENDING), ("title_key", ASCENDING), *_POPULAR_FIRST, *_HELD], "by_facet_and_title_with_held"),
        _active([("facets", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING), *_HELD], "by_facet_and_age_with_held"),
        _active([("facets", ASCENDING), *_POPULAR_FIRST, *_HELD], "by_facet_and_popularity_with_held"),
        IndexModel(  # of older versions: soon empty
            [("held", ASCENDING)], name="without_held", partialFilterExpression={**_ACTIVE, "held": None}
        ),
        _active([("album_id", ASCENDING), ("album_place", ASCENDING), ("title_key", ASCENDING), ("_id", ASCENDING)], "by_album"),
        _active([("catalogue_version", ASCENDING), ("_id", ASCENDING)], "by_catalogue_version"),
        IndexModel([("objects.key", ASCENDING)], name="trashed_by_object", partialFilterExpression={"in_trash": True}),
        IndexModel([("trashed_at", ASCENDING), ("_id", ASCENDING)], name="by_trash_time", partialFilterExpression={"in_trash": True}),
        IndexModel([("shuffle_key", ASCENDING), ("_id", ASCENDING)], name="by_shuffle_key", partialFilterExpression=_ACTIVE),
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="by_age", partialFilterExpression=_ACTIVE),
        IndexModel([("objects.key", ASCENDING)], name="by_object", partialFilterExpression=_ACTIVE),
        IndexModel([("seq", ASCENDING)], name="by_seq", partialFilterExpression=_ACTIVE),
        # With the status, though it is the same in all: counting looks at no document then.
        _active([("status", ASCENDING), ("feature_version", ASCENDING), ("_id", ASCENDING)], "by_version"),
        _active(
            [
                ("_id", ASCENDING),
                ("status", ASCENDING),
                ("artist", ASCENDING),
                ("display_title", ASCENDING),
                ("duration_s", ASCENDING),
                ("popularity", ASCENDING),
                ("album", ASCENDING),
                ("genre", ASCENDING),
                ("year", ASCENDING),
                ("preview_start_s", ASCENDING),
                ("cover_key", ASCENDING),
            ],
            "by_id_with_card",
        ),
    ],
    "reanalyses": [
        IndexModel(
            [("version", ASCENDING), ("is_failed", ASCENDING), ("due_at", ASCENDING), ("_id", ASCENDING)],
            name="by_due_time",
        )
    ],
    "passages": [IndexModel([("feature_version", ASCENDING), ("draw", ASCENDING), ("_id", ASCENDING)], name="by_draw")],
    "facets": [
        IndexModel([("kind", ASCENDING), ("sort_key", ASCENDING), ("_id", ASCENDING)], name="by_name"),
        IndexModel([("kind", ASCENDING), ("count", DESCENDING), ("_id", ASCENDING)], name="by_count"),
        IndexModel(
            [("kind", ASCENDING), ("artist_key", ASCENDING), ("sort_key", ASCENDING), ("_id", ASCENDING)],
            name="by_artist",
            partialFilterExpression={"kind": "album"},
        ),
    ],
    "search_terms": [
        IndexModel([("keys", ASCENDING), ("level", DESCENDING), ("_id", ASCENDING)], name="by_key"),
        IndexModel([("level", ASCENDING)], name="without_level", partialFilterExpression={"level": None}),  # of older versions: soon empty
    ],
    "uploads": [
        IndexModel([("key", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="by_key"),
        IndexModel([("user_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="by_user"),
        IndexModel([("status", ASCENDING), ("updated_at", ASCENDING), ("_id", ASCENDING)], name="by_status"),
        IndexModel([("seq", ASCENDING)], name="analysed_by_seq", partialFilterExpression={"status": "analysed"}),
        IndexModel(
            [("user_id", ASCENDING), ("created_at", DESCENDING)],
            name="outstanding",
            partialFilterExpression={"status": "queued", "attempts": 0},
        ),
    ],
    "users": [IndexModel([("username_folded", ASCENDING)], name="by_username", unique=True)],
    "sessions": [
        IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
        IndexModel([("user_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="by_user"),
    ],
    "sound_queries": [
        IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
        IndexModel([("user_id", ASCENDING)], name="by_user"),
    ],
    "play_days": [IndexModel([("user_id", ASCENDING), ("day", ASCENDING), ("plays", ASCENDING)], name="by_user")],
    "play_songs": [IndexModel([("user_id", ASCENDING), ("plays", DESCENDING), ("track_id", ASCENDING)], name="by_user")],
    "erasures": [IndexModel([("due_at", ASCENDING)], name="due")],
    "throttles": [IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)],
    "plays": [
        IndexModel(  # with the track: what listeners of a song played lately is told without a look at 1,800 documents
            [("user_id", ASCENDING), ("occurred_at", DESCENDING), ("_id", DESCENDING), ("track_id", ASCENDING)],
            name="by_user_with_track",
        ),
        IndexModel(  # with the kind, though it is the same in all: the last 400 starts are told without a look at one of them
            [("track_id", ASCENDING), ("occurred_at", DESCENDING), ("user_id", ASCENDING), ("_id", ASCENDING), ("kind", ASCENDING)],
            name="starts_by_track_with_kind",
            partialFilterExpression={"kind": "start"},
        ),
        IndexModel(
            [("published_at", ASCENDING), ("occurred_at", ASCENDING), ("_id", ASCENDING)],
            name="unprocessed",
            partialFilterExpression={"is_processed": False},  # as small as the backlog, however many plays there were
        ),
        IndexModel(
            [("arrived_at", ASCENDING), ("occurred_at", ASCENDING)], name="waiting", partialFilterExpression={"is_processed": False}
        ),
        IndexModel(
            [
                ("experiment", ASCENDING),
                ("occurred_at", DESCENDING),
                ("arm", ASCENDING),
                ("kind", ASCENDING),
                ("user_id", ASCENDING),
            ],
            name="by_experiment",
            partialFilterExpression={"experiment": {"$exists": True}},
        ),
        IndexModel([("processed_at", DESCENDING)], name="by_effect", partialFilterExpression={"is_processed": True}),
        IndexModel(  # those of older versions: empty once they are counted
            [("is_counted", ASCENDING)],
            name="uncounted",
            partialFilterExpression={"kind": "start", "is_processed": True, "is_counted": None},
        ),
        IndexModel([("removed_at", ASCENDING)], name="restorable", partialFilterExpression={"removed": {"$exists": True}}),
        IndexModel([("removed_by", ASCENDING)], name="by_remover", partialFilterExpression={"removed_by": {"$exists": True}}),
        IndexModel([("forget_at", ASCENDING)], name="expiry", expireAfterSeconds=0),  # of ids that nothing can bring again
    ],
    "feedback": [
        IndexModel(  # with all that is told of an opinion: the busiest have 1,000, read for most of their pages
            [
                ("user_id", ASCENDING),
                ("updated_at", DESCENDING),
                ("track_id", DESCENDING),
                ("opinion", ASCENDING),
                ("expires_at", ASCENDING),
            ],
            name="by_user_with_opinion",
        ),
        IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),  # of what holds for a time only
    ],
    "recommendations": [
        IndexModel(  # as small as what is wanted and not made yet
            [("renewal_due_at", ASCENDING)], name="renewals", partialFilterExpression={"renewal_due_at": {"$exists": True}}
        )
    ],
    "index_builds": [
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="by_age"),
        IndexModel([("is_current", ASCENDING)], name="current", unique=True, partialFilterExpression={"is_current": True}),
    ],
    "dead_letters": [
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="by_age"),
        IndexModel([("source", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="by_source"),
    ],
}


_INDEX_CONFLICTS = (85, 86)  # IndexOptionsConflict, IndexKeySpecsConflict
SUPERSEDED = {
    "tracks": (
        "by_word",
        "by_title",
        "by_id_with_name",
        "by_popular_word",
        "by_title_key",
        "by_facet_and_title",
        "by_facet_and_age",
        "by_facet_and_popularity",
    ),
    "feedback": ("by_user",),
    "plays": ("by_user", "starts_by_track"),
}  # of older versions; nothing asks by them any more


def create_missing(database: Database[dict[str, Any]]) -> None:
    require_transactions(database.command("hello"))
    for collection, indexes in INDEXES.items():
        with pymongo.timeout(BUILT_WITHIN_S):
            _create_indexes(database[collection], indexes)
        for name in set(SUPERSEDED.get(collection, ())) & set(database[collection].index_information()):
            database[collection].drop_index(name)
    present = set(database.list_collection_names())
    for collection in {"counters", "leases", "listening", "backfills"} - present:
        database.create_collection(collection)
    # There before the first transactions meet over it.
    database["counters"].update_one({"_id": "tracks"}, {"$setOnInsert": {"seq": 0, "active": 0}}, upsert=True)


def _create_indexes(documents: Collection[dict[str, Any]], indexes: Sequence[IndexModel]) -> None:
    try:
        documents.create_indexes(list(indexes))
    except OperationFailure as exc:
        if exc.code not in _INDEX_CONFLICTS:
            raise
        _drop_redefined(documents, indexes)
        documents.create_indexes(list(indexes))


def _drop_redefined(documents: Collection[dict[str, Any]], indexes: Sequence[IndexModel]) -> None:
    """What an older version has made under the same name, or of the same keys, with another definition."""
    wanted = {index.document["name"]: index.document for index in indexes}
    wanted_keys = [list(one["key"].items()) for one in wanted.values()]
    for name, made in documents.index_information().items():
        is_redefined = _differs(made, wanted[name]) if name in wanted else list(made["key"]) in wanted_keys
        if is_redefined:
            documents.drop_index(name)


def _differs(made: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    options = ("partialFilterExpression", "unique", "expireAfterSeconds")
    return list(made["key"]) != list(wanted["key"].items()) or any(made.get(option) != wanted.get(option) for option in options)


def require_transactions(hello: Mapping[str, Any]) -> None:
    """By a server's answer to `hello`: a member of a replica set names it, a router of a sharded cluster says `isdbgrid`."""
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise ConfigError("MONGODB_URI names a single server: start it with --replSet and initiate it, since Timbre needs transactions.")
