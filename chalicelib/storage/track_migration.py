"""Documents of older versions, brought up to this one a few at a time. What makes a repetition harmless: a document that is up to date is
not found again, and the groups count it in the transaction that brings it there. Until then songs are found by their words as typed.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from chalicelib.storage.held_words import write_held
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction
from chalicelib.storage.track_counts import LEVEL, shift_counts
from chalicelib.storage.track_documents import WITHOUT_FEATURES, read_fingerprints, to_document, to_track
from chalicelib.storage.track_facets import CATALOGUE_VERSION

BATCH = 50

# Every version before this one, and none at all. Documents of a later version are left to whoever knows it.
_WITHOUT_LEVEL: Document = {"level": None}
_WITHOUT_HELD: Document = {"status": "active", "held": None, "catalogue_version": CATALOGUE_VERSION}
_OUTDATED = {"status": "active", "catalogue_version": {"$in": [None, *range(CATALOGUE_VERSION)]}}


def migrate_tracks(database: MongoDatabase, *, limit: int) -> int:
    migrated = 0
    while migrated < limit:
        found = database["tracks"].find(_OUTDATED, {"_id": 1}).limit(min(BATCH, limit - migrated))
        ids = [document["_id"] for document in found]
        if not ids:
            break
        migrated += run_transaction(database, partial(_migrate, database, ids))
    migrated += _level_words(database, limit=limit - migrated)
    return migrated + _write_held(database, limit=limit - migrated)


def _level_words(database: MongoDatabase, *, limit: int) -> int:
    """Words that an older version counted without their level: until then they are found behind all others."""
    if limit < 1:
        return 0
    found = database["search_terms"].find(_WITHOUT_LEVEL, {"_id": 1}).limit(limit)
    wanted = {**_WITHOUT_LEVEL, "_id": {"$in": [document["_id"] for document in found]}}
    return database["search_terms"].update_many(wanted, [{"$set": {"level": LEVEL}}]).modified_count if wanted["_id"]["$in"] else 0


def _write_held(database: MongoDatabase, *, limit: int) -> int:
    """Songs that an older version wrote without it: until then filtered lists read each of them. Whoever edits one meanwhile writes it."""
    if limit < 1:
        return 0
    found = database["tracks"].find(_WITHOUT_HELD, {"search_words": 1, "facets": 1}).limit(limit)
    changes = [
        UpdateOne({**_WITHOUT_HELD, **document}, {"$set": {"held": write_held(document["search_words"], document["facets"])}})
        for document in found
    ]
    return database["tracks"].bulk_write(changes, ordered=False).modified_count if changes else 0


def _migrate(database: MongoDatabase, ids: list[str], session: ClientSession) -> int:
    documents = list(database["tracks"].find({"_id": {"$in": ids}, **_OUTDATED}, WITHOUT_FEATURES, session=session))
    tracks = [replace(to_track(one), play_count=_count_plays(database, one["_id"], session)) for one in documents]
    changes = [
        UpdateOne({"_id": track.track_id}, {"$set": to_document(track, read_fingerprints(document))})
        for track, document in zip(tracks, documents, strict=True)
    ]
    if changes:
        shift_counts(database, session, gone=(), come=tracks)  # what an older version counted, `mend_counts` finds
        database["tracks"].bulk_write(changes, session=session)
    return len(changes)


def _count_plays(database: MongoDatabase, track_id: str, session: ClientSession) -> int:
    """Those that took effect: of the others each raises the count when it does."""
    wanted: Document = {"track_id": track_id, "kind": "start", "is_processed": True}
    return database["plays"].count_documents(wanted, session=session)
