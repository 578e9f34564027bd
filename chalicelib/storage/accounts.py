"""Changes to accounts in MongoDB: each is one write to one document, but where a taste begins anew. Signing up and finding are in
`users.py`."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from pymongo.client_session import ClientSession

from chalicelib.errors import NotFoundError
from chalicelib.model import Role, User
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.renewals import NOTHING_LEFT, raise_epoch
from chalicelib.storage.times import truncate_time
from chalicelib.storage.users import to_user

PAUSES_KEPT = 50


class MongoAccountStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._users = database["users"]

    @translate_errors("users")
    def set_password(self, user_id: str, password_hash: str) -> None:
        self._change(user_id, {"$set": {"password_hash": password_hash}})

    @translate_errors("users")
    def grant(self, user_id: str, role: Role) -> User:
        return self._change(user_id, {"$addToSet": {"roles": role}})

    @translate_errors("users")
    def revoke(self, user_id: str, role: Role) -> User:
        return self._change(user_id, {"$pull": {"roles": role}})

    @translate_errors("users")
    def pause_history(self, user_id: str, *, since: datetime) -> User:
        first = {"$set": {"history_paused_at": truncate_time(since)}}
        return self._change_where({"_id": user_id, "history_paused_at": None}, first)

    @translate_errors("users")
    def resume_history(self, user_id: str, *, at: datetime) -> User:
        paused = {"_id": user_id, "history_paused_at": {"$ne": None}}
        ended = {"since": "$history_paused_at", "until": truncate_time(at)}
        earlier = {"$ifNull": ["$history_pauses", []]}
        pauses = {"$slice": [{"$concatArrays": [earlier, [ended]]}, -PAUSES_KEPT]}
        return self._change_where(paused, [{"$set": {"history_pauses": pauses, "history_paused_at": None}}])

    @translate_errors("users")
    def reset_taste(self, user_id: str, *, at: datetime, opinions: int) -> bool:
        return run_transaction(self._database, partial(_reset_taste, self._database, user_id, truncate_time(at), opinions))

    @translate_errors("users")
    def remove(self, user_id: str) -> None:
        self._users.delete_one({"_id": user_id})

    def _change(self, user_id: str, change: Document) -> User:
        return _require(self._users.find_one_and_update({"_id": user_id}, change, return_document=True))

    def _change_where(self, wanted: Document, change: Document | list[Document]) -> User:
        """The user as they are then, also where they are not as wanted."""
        changed = self._users.find_one_and_update(wanted, change, return_document=True)
        return _require(changed or self._users.find_one({"_id": wanted["_id"]}))


def _require(document: Document | None) -> User:
    user = to_user(document)
    if user is None:
        raise _no_such_user()
    return user


def _reset_taste(database: MongoDatabase, user_id: str, at: datetime, opinions: int, session: ClientSession) -> bool:
    if not database["users"].update_one({"_id": user_id}, {"$set": {"taste_reset_at": at}}, session=session).matched_count:
        raise _no_such_user()
    given = [one["_id"] for one in database["feedback"].find({"user_id": user_id}, {"_id": 1}, session=session).limit(opinions)]
    if given:
        database["feedback"].delete_many({"_id": {"$in": given}}, session=session)
    raise_epoch(database, user_id, at, session, left=NOTHING_LEFT)
    return len(given) < opinions


def _no_such_user() -> NotFoundError:
    return NotFoundError("There is no such user.", code="user_not_found")
