"""Somebody wants to be forgotten. A tombstone first (a random id, no name), then everything of theirs, in bounded steps that may be
repeated: what dies half-way is gone on with by the minute's function. An hour after nothing was found any more it is looked once again,
for what a request or a run of `recommend` wrote that was under way; the tombstone stays, and with it nothing that comes late is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.account_model import Erasure
from chalicelib.log import log
from chalicelib.metrics import metrics
from chalicelib.model import User
from chalicelib.workflows.account_ports import AccountStores, ExportBucket
from chalicelib.workflows.player_ports import ListeningStore
from chalicelib.workflows.ports import MusicBucket

BATCH = 500
LOOKED_AT = 20
SETTLES_AFTER = timedelta(hours=1)  # longer than anything that is under way can take
GOES_ON_AFTER = timedelta(seconds=30)  # if whoever begins it dies at once
PASSES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    stores: AccountStores
    listening: ListeningStore
    exports: ExportBucket | None  # None: whoever this is may not touch the bucket, and leaves it to the minute's function
    music_bucket: MusicBucket | None
    clock: Callable[[], datetime]


def begin_erasure(user: User, *, takes_uploads: bool, erasing: Erasing) -> Erasure:
    """From here on there is no such user: nobody can log in, nothing of theirs is shown, and it will be finished whatever happens."""
    now = erasing.clock()
    begun = erasing.stores.erasures.begin(
        Erasure(user_id=user.user_id, takes_uploads=takes_uploads, requested_at=now, due_at=now + GOES_ON_AFTER)
    )
    log.info("erasure_begun", user_id=user.user_id, takes_uploads=begun.takes_uploads)
    _forget_person(user.user_id, erasing)
    return begun


def erase_due(erasing: Erasing, *, is_time_up: Callable[[], bool]) -> int:
    """For the minute's function: goes on with what waits. How many users were finished with."""
    finished = 0
    for erasure in erasing.stores.erasures.due(now=erasing.clock(), limit=LOOKED_AT):
        if is_time_up():
            break
        finished += erase(erasure, erasing, is_time_up=is_time_up)
    return finished


def erase(erasure: Erasure, erasing: Erasing, *, is_time_up: Callable[[], bool]) -> bool:
    """Whether this pass went through to the end. The last one closes the erasure."""
    user_id = erasure.user_id
    _forget_person(user_id, erasing)
    steps: tuple[Callable[[], int], ...] = (
        lambda: erasing.stores.history.erase(user_id, limit=BATCH),
        lambda: erasing.stores.statistics.erase(user_id, limit=BATCH),
        lambda: erasing.stores.personal.erase_feedback(user_id, limit=BATCH),
        lambda: _forget_uploads(erasure, erasing),
    )
    for step in steps:
        while step():
            if is_time_up():
                return False
    if erasing.exports is None or erasing.music_bucket is None:
        return False
    erasing.exports.remove(user_id)
    passes = erasure.passes + 1
    erasing.stores.erasures.put_off(user_id, until=None if passes >= PASSES else erasing.clock() + SETTLES_AFTER, passes=passes)
    metrics.count("UserErasurePasses")
    log.info("erasure_pass_done", user_id=user_id, passes=passes)
    return True


def _forget_person(user_id: str, erasing: Erasing) -> None:
    erasing.stores.accounts.remove(user_id)
    erasing.stores.sessions.remove_all(user_id)
    erasing.listening.remove(user_id)
    erasing.stores.personal.erase_recommendations(user_id)
    erasing.stores.personal.erase_queries(user_id)  # a clip that is still on its way is of no query then, and removed as it arrives


def _forget_uploads(erasure: Erasure, erasing: Erasing) -> int:
    """The songs first, where they are to go: their removal is announced by S3 and takes the tracks away as any removal does."""
    if erasing.music_bucket is None:
        return 0
    found = erasing.stores.personal.list_upload_keys(erasure.user_id, limit=BATCH)
    if erasure.takes_uploads:
        for _, key in found:
            erasing.music_bucket.remove(key)
    erasing.stores.personal.forget_uploader([upload_id for upload_id, _ in found])
    return len(found)
