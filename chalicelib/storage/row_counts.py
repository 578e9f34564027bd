"""Rows that count something, raised and lowered within a transaction; one that comes down to nothing goes."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import UpdateMany, UpdateOne
from pymongo.client_session import ClientSession

from chalicelib.storage.mongo import Document, Documents

_NO_CHANGE: Document = {"$setOnInsert": {"count": 0}}  # of what is there: it is matched, and stays as it is


def shift_rows(rows: Documents, changes: Sequence[UpdateOne], lowered: Sequence[str], *, count: str, session: ClientSession) -> None:
    """`lowered`: ids of the rows whose field `count` some of the changes make smaller. One command, and another only where a row has
    come down to nothing: a statement of its own matches those without a change, which no other statement does."""
    if not changes:
        return
    emptied: Document = {"_id": {"$in": list(lowered)}, count: {"$lte": 0}}
    looking = [UpdateMany(emptied, _NO_CHANGE)] if lowered else []
    result = rows.bulk_write([*changes, *looking], session=session)
    if result.matched_count > result.modified_count:
        rows.delete_many(emptied, session=session)
