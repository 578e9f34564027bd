"""Plays that took effect before there were counts of them, counted a few at a time. What makes a repetition harmless: the mark
`is_counted`, set in the transaction that counts; a play that is taken out meanwhile is not found again. The songs' own counts are not
shifted: `track_migration` has counted these plays.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from pymongo.client_session import ClientSession

from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction
from chalicelib.storage.play_tallies import tally_plays

BATCH = 200
UNCOUNTED: Document = {"kind": "start", "is_processed": True, "is_counted": None}


def count_older_plays(database: MongoDatabase, *, limit: int) -> int:
    found = database["plays"].find(UNCOUNTED, {"_id": 1}).limit(min(BATCH, limit))
    ids = [document["_id"] for document in found]
    return run_transaction(database, partial(_count, database, ids)) if ids else 0


def _count(database: MongoDatabase, ids: list[str], session: ClientSession) -> int:
    wanted: Document = {**UNCOUNTED, "_id": {"$in": ids}}
    plays = list(database["plays"].find(wanted, {"user_id": 1, "track_id": 1, "occurred_at": 1}, session=session))
    by_user: defaultdict[str, list[Document]] = defaultdict(list)
    for play in plays:
        by_user[play["user_id"]].append(play)
    database["plays"].update_many({"_id": {"$in": [play["_id"] for play in plays]}}, {"$set": {"is_counted": True}}, session=session)
    for user_id, starts in sorted(by_user.items()):
        tally_plays(database, user_id, starts, by=1, session=session)
    return len(plays)
