"""The transactions on tracks. Each draws `seq` from one counter document, so that two of them cannot overlap: the later one meets a
write conflict and runs again, and commit order is `seq` order. The same document counts the active tracks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace
from pymongo.client_session import ClientSession

from chalicelib.model import Analysis, Track
from chalicelib.storage.mongo import Document, MongoDatabase, upsert_one
from chalicelib.storage.track_changes import Attachment, attach_file, detach_key
from chalicelib.storage.track_counts import shift_counts
from chalicelib.storage.track_documents import WITHOUT_FEATURES, find_changes, is_counted, read_fingerprints, to_document, to_track
from chalicelib.storage.track_features import forget_request, keep_passages, pack_features, remove_passages, rename_artist

COUNTER_ID = "tracks"


def attach(database: MongoDatabase, attachment: Attachment, session: ClientSession) -> Track:
    """A track in the trash comes back with a file that it did not have, or one that was dropped again."""
    track_id, key = attachment.analysis.track_id, attachment.stored.key
    for other in _find_holders(database, key, session):
        if other["_id"] != track_id:
            _detach_from(database, other, key, attachment.now, session)
    document = database["tracks"].find_one({"_id": track_id, "status": {"$ne": "removed"}}, WITHOUT_FEATURES, session=session)
    track = to_track(document) if document is not None else None
    fingerprints = read_fingerprints(document) if document is not None else {}
    if track is not None and attachment.leaves_alone(track, fingerprints.get(key)):
        return track
    seq = draw_seq(database, session, activated=0 if track is not None and track.status == "active" else 1)
    changed = attach_file(track, attachment, fingerprints=fingerprints, seq=seq)
    _write(database, changed, {**fingerprints, key: attachment.fingerprint}, document, session, numbers=attachment.analysis)
    keep_passages(database, track_id, changed.artist, attachment.analysis, session, is_new=track is None)
    if track is not None and track.feature_version < changed.feature_version:
        forget_request(database, track_id, session)
    return changed


def detach(database: MongoDatabase, key: str, now: datetime, session: ClientSession) -> Track | None:
    """A removed track is returned with the cover key it had, so that the caller can remove the cover too."""
    changed: Track | None = None
    for document in _find_holders(database, key, session):
        changed = replace(_detach_from(database, document, key, now, session), cover_key=document["cover_key"])
    return changed


def change(database: MongoDatabase, wanted: Document, make: Callable[[Track], Track | None], session: ClientSession) -> Track | None:
    """The one track that is wanted, as `make` changes it, with a new `seq`; as it is where that gives none, or raises. None where
    there is no such track."""
    document = database["tracks"].find_one(wanted, WITHOUT_FEATURES, session=session)
    if document is None:
        return None
    was = to_track(document)
    becomes = make(was)
    if becomes is None:
        return was
    seq = draw_seq(database, session, activated=(becomes.status == "active") - (was.status == "active"))
    changed = replace(becomes, seq=seq)
    _write(database, changed, read_fingerprints(document), document, session)
    if changed.artist != was.artist:
        rename_artist(database, changed, session)
    return changed


def read_counter(database: MongoDatabase, name: str) -> int:
    counter = database["counters"].find_one({"_id": COUNTER_ID})
    return int(counter[name]) if counter is not None else 0


def _find_holders(database: MongoDatabase, key: str, session: ClientSession) -> list[Document]:
    tracks = database["tracks"]
    active = list(tracks.find({"status": "active", "objects.key": key}, WITHOUT_FEATURES, session=session))
    return active + list(tracks.find({"in_trash": True, "objects.key": key}, WITHOUT_FEATURES, session=session))


def _detach_from(database: MongoDatabase, document: Document, key: str, now: datetime, session: ClientSession) -> Track:
    track = to_track(document)
    is_lost = track.status == "active" and all(one.key == key for one in track.objects)
    seq = draw_seq(database, session, activated=-1 if is_lost else 0)
    changed = detach_key(track, key, seq=seq, now=now)
    _write(database, changed, read_fingerprints(document), document, session)
    return changed


def draw_seq(database: MongoDatabase, session: ClientSession, *, activated: int) -> int:
    """Meets every other transaction on tracks, so that commit order is `seq` order. `activated`: how many more tracks are active."""
    drawn = {"$inc": {"seq": 1, "active": activated}}
    counter = upsert_one(database["counters"], {"_id": COUNTER_ID}, drawn, session=session)
    return int(counter["seq"])


def _write(
    database: MongoDatabase,
    track: Track,
    fingerprints: dict[str, str],
    before: Document | None,
    session: ClientSession,
    *,
    numbers: Analysis | None = None,
) -> None:
    """`numbers`: where they come with it; else those that are there stay."""
    gone = [to_track(before)] if before is not None and is_counted(before) else []
    shift_counts(database, session, gone=gone, come=[track] if track.status == "active" else [])
    document = to_document(track, fingerprints)
    if track.status == "removed":  # a tombstone takes everything else away
        database["tracks"].replace_one({"_id": track.track_id}, document, session=session)
        remove_passages(database, track.track_id, session)
        forget_request(database, track.track_id, session)
        return
    if numbers is not None:
        document["features"] = pack_features(numbers.features)
    database["tracks"].update_one({"_id": track.track_id}, {"$set": find_changes(before, document)}, upsert=True, session=session)
