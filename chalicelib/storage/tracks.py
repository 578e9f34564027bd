"""Tracks in MongoDB. What comes of files and edits, each in one transaction, stands in `track_transactions.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from pymongo import UpdateOne

from chalicelib.errors import NotFoundError
from chalicelib.library_model import Group, GroupKind, GroupSort, TrackQuery
from chalicelib.model import Analysis, Page, StoredObject, Tags, Track, TrackCard, TrackName, TrackVector
from chalicelib.storage import track_transactions
from chalicelib.storage.library import list_groups, list_tracks
from chalicelib.storage.library_search import search_tracks
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.search_words import split_query
from chalicelib.storage.times import truncate_time
from chalicelib.storage.track_changes import Attachment, begin_purge, move_to_trash, replace_tags, take_from_trash
from chalicelib.storage.track_counts import mend_counts
from chalicelib.storage.track_documents import (
    CARD_FIELDS,
    NAME_FIELDS,
    VECTOR_FIELDS,
    WITHOUT_FEATURES,
    read_features,
    to_card,
    to_name,
    to_stored_object,
    to_track,
    to_vector,
)
from chalicelib.storage.track_features import describe_numbers, list_comparable, match_outdated, renew_numbers
from chalicelib.storage.track_migration import migrate_tracks
from chalicelib.workflows.track_ports import permit_all

STREAM_BATCH = 2_000
NAMES_BATCH = 10_000
WRITE_BATCH = 1_000


class MongoTrackStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._tracks = database["tracks"]

    @translate_errors("tracks")
    def find(self, track_id: str) -> Track | None:
        document = self._tracks.find_one({"_id": track_id, "status": "active"}, WITHOUT_FEATURES)
        return to_track(document) if document is not None else None

    @translate_errors("tracks")
    def find_many(self, track_ids: Sequence[str]) -> dict[str, Track]:
        found = self._tracks.find({"_id": {"$in": list(track_ids)}, "status": "active"}, WITHOUT_FEATURES)
        return {document["_id"]: to_track(document) for document in found}

    @translate_errors("tracks")
    def find_cards(self, track_ids: Sequence[str]) -> dict[str, TrackCard]:
        found = self._tracks.find({"_id": {"$in": list(track_ids)}, "status": "active"}, CARD_FIELDS).batch_size(NAMES_BATCH)
        return {document["_id"]: to_card(document) for document in found.to_list()}

    @translate_errors("tracks")
    def find_names(self, track_ids: Sequence[str]) -> dict[str, TrackName]:
        found = self._tracks.find({"_id": {"$in": list(track_ids)}, "status": "active"}, NAME_FIELDS).batch_size(NAMES_BATCH)
        return {document["_id"]: to_name(document) for document in found.to_list()}

    @translate_errors("tracks")
    def features_of(self, track_ids: Sequence[str]) -> dict[str, bytes]:
        wanted = {"_id": {"$in": list(track_ids)}, "status": "active"}
        found = self._tracks.find(wanted, {"features": 1, "feature_version": 1}).batch_size(STREAM_BATCH)
        return {document["_id"]: features for document in found.to_list() if (features := read_features(document)) is not None}

    @translate_errors("tracks")
    def find_by_object(self, key: str) -> Track | None:
        document = self._tracks.find_one({"status": "active", "objects.key": key}, WITHOUT_FEATURES)
        return to_track(document) if document is not None else None

    @translate_errors("tracks")
    def find_by_title(self, title: str) -> Track | None:
        wanted = {"status": "active", "title": title.lower()}
        document = self._tracks.find_one(wanted, WITHOUT_FEATURES, sort=[("created_at", 1), ("_id", 1)])
        return to_track(document) if document is not None else None

    @translate_errors("tracks")
    def browse(self, query: TrackQuery, *, limit: int, cursor: str | None = None) -> Page[Track]:
        ask = search_tracks if split_query(query.text) else list_tracks
        return ask(self._database, query, limit=limit, cursor=cursor)

    @translate_errors("tracks")
    def list_groups(
        self, kind: GroupKind, *, limit: int, sort: GroupSort = "name", artist: str | None = None, cursor: str | None = None
    ) -> Page[Group]:
        return list_groups(self._database, kind, sort=sort, artist=artist, limit=limit, cursor=cursor)

    @translate_errors("tracks")
    def sample(self, count: int, *, start: float) -> list[Track]:
        after = self._seek({"$gte": start}, count)
        return after if len(after) == count else [*after, *self._seek({"$lt": start}, count - len(after))]

    @translate_errors("tracks")
    def newest(self, count: int) -> list[Track]:
        found = self._tracks.find({"status": "active"}, WITHOUT_FEATURES).sort([("created_at", -1), ("_id", -1)]).limit(count)
        return [to_track(document) for document in found]

    @translate_errors("tracks")
    def attach_object(
        self,
        analysis: Analysis,
        stored: StoredObject,
        *,
        cover_key: str | None,
        mfcc_standardized: tuple[float, ...] | None,
        scaler_version: int | None,
        now: datetime,
        is_drop: bool = True,
    ) -> Track:
        attachment = Attachment(
            analysis=analysis,
            stored=stored,
            cover_key=cover_key,
            mfcc_standardized=mfcc_standardized,
            scaler_version=scaler_version,
            now=truncate_time(now),
            is_drop=is_drop,
        )
        return run_transaction(self._database, partial(track_transactions.attach, self._database, attachment))

    @translate_errors("tracks")
    def detach_object(self, key: str, *, now: datetime) -> Track | None:
        return run_transaction(self._database, partial(track_transactions.detach, self._database, key, truncate_time(now)))

    @translate_errors("tracks")
    def edit_tags(self, track_id: str, edit: Callable[[Track], Tags | None], *, now: datetime) -> Track:
        def make(track: Track, at: datetime) -> Track | None:
            tags = edit(track)
            return replace_tags(track, tags, seq=track.seq, now=at) if tags is not None else None

        return self._change({"_id": track_id, "status": "active"}, make, now)

    @translate_errors("tracks")
    def move_to_trash(self, track_id: str, *, now: datetime, permit: Callable[[Track], None] = permit_all) -> Track:
        wanted = {"_id": track_id, "status": "active"}
        return self._change(wanted, lambda track, at: move_to_trash(track, seq=track.seq, now=at), now, permit)

    @translate_errors("tracks")
    def find_in_trash(self, track_id: str) -> Track | None:
        document = self._tracks.find_one({"_id": track_id, "status": "trashed"}, WITHOUT_FEATURES)
        return to_track(document) if document is not None else None

    @translate_errors("tracks")
    def restore(self, track_id: str, *, trashed_after: datetime, now: datetime, permit: Callable[[Track], None] = permit_all) -> Track:
        wanted = {"_id": track_id, "status": "trashed", "trashed_at": {"$gt": truncate_time(trashed_after)}}
        return self._change(wanted, lambda track, at: take_from_trash(track, seq=track.seq, now=at), now, permit)

    @translate_errors("tracks")
    def begin_purge(self, track_id: str, *, trashed_before: datetime, now: datetime) -> Track:
        wanted = {"_id": track_id, "in_trash": True, "trashed_at": {"$lte": truncate_time(trashed_before)}}
        return self._change(wanted, lambda track, at: begin_purge(track, seq=track.seq, now=at), now)

    @translate_errors("tracks")
    def trashed_before(self, before: datetime, *, limit: int) -> list[str]:
        wanted = {"in_trash": True, "trashed_at": {"$lte": truncate_time(before)}}
        found = self._tracks.find(wanted, {"_id": 1}).sort([("trashed_at", 1), ("_id", 1)]).limit(limit)
        return [document["_id"] for document in found]

    def stream_objects(self) -> Iterator[tuple[str, StoredObject]]:
        present = {"status": {"$in": ["active", "trashed", "purging"]}}
        with translate_errors("tracks"):
            for document in self._tracks.find(present, {"objects": 1}).sort("_id", 1).batch_size(STREAM_BATCH):
                for one in document["objects"]:
                    yield document["_id"], to_stored_object(one)

    @translate_errors("tracks")
    def migrate(self, *, limit: int) -> int:
        return migrate_tracks(self._database, limit=limit)

    @translate_errors("tracks")
    def mend_counts(self) -> int:
        return mend_counts(self._database)

    @translate_errors("tracks")
    def changed_since(self, seq: int, *, limit: int) -> list[TrackVector]:
        found = self._tracks.find({"status": "active", "seq": {"$gt": seq}}, VECTOR_FIELDS).sort("seq", 1).limit(limit)
        return [to_vector(document) for document in found]

    @translate_errors("tracks")
    def max_seq(self) -> int:
        return track_transactions.read_counter(self._database, "seq")

    def stream_vectors(self, *, feature_version: int) -> Iterator[TrackVector]:
        wanted = {"status": "active", "feature_version": {"$in": list_comparable(feature_version)}}
        with translate_errors("tracks"):
            for document in self._tracks.find(wanted, VECTOR_FIELDS).sort("_id", 1).batch_size(STREAM_BATCH):
                yield to_vector(document)

    def write_standardized(self, rows: Iterable[tuple[str, tuple[float, ...]]], *, scaler_version: int) -> int:
        remaining = iter(rows)
        written = 0
        while batch := list(islice(remaining, WRITE_BATCH)):
            with translate_errors("tracks"):
                updates = [_write_row(track_id, standardized, scaler_version) for track_id, standardized in batch]
                written += self._tracks.bulk_write(updates, ordered=False).matched_count
        return written

    @translate_errors("tracks")
    def list_outdated(self, feature_version: int, *, after: str, limit: int) -> list[str]:
        wanted = {**match_outdated(feature_version), "_id": {"$gt": after}}
        return [document["_id"] for document in self._tracks.find(wanted, {"_id": 1}).sort("_id", 1).limit(limit)]

    @translate_errors("tracks")
    def count_outdated(self, feature_version: int) -> int:
        return self._tracks.count_documents(match_outdated(feature_version), hint="by_version")

    @translate_errors("tracks")
    def renew_features(
        self,
        track_id: str,
        analysis: Analysis,
        stored: StoredObject,
        *,
        mfcc_standardized: tuple[float, ...] | None,
        scaler_version: int | None,
    ) -> bool:
        numbers = describe_numbers(analysis, mfcc_standardized, scaler_version)
        act = partial(renew_numbers, self._database, track_id=track_id, analysis=analysis, stored=stored, numbers=numbers)
        return run_transaction(self._database, act)

    @translate_errors("tracks")
    def draw_seq(self) -> int:
        return run_transaction(self._database, partial(track_transactions.draw_seq, self._database, activated=0))

    @translate_errors("tracks")
    def count_active(self) -> int:
        return track_transactions.read_counter(self._database, "active")

    def _change(
        self,
        wanted: Document,
        make: Callable[[Track, datetime], Track | None],
        now: datetime,
        permit: Callable[[Track], None] = permit_all,
    ) -> Track:
        """NotFoundError where there is no such track."""

        def change(track: Track) -> Track | None:
            permit(track)
            return make(track, truncate_time(now))

        found = run_transaction(self._database, partial(track_transactions.change, self._database, wanted, change))
        if found is None:
            raise NotFoundError("There is no such track.", code="track_not_found")
        return found

    def _seek(self, place: Document, count: int) -> list[Track]:
        wanted = {"status": "active", "shuffle_key": place}
        found = self._tracks.find(wanted, WITHOUT_FEATURES).sort([("shuffle_key", 1), ("_id", 1)]).limit(count)
        return [to_track(document) for document in found]


def _write_row(track_id: str, standardized: tuple[float, ...], scaler_version: int) -> UpdateOne:
    change = {"mfcc_standardized": standardized, "scaler_version": scaler_version}
    return UpdateOne({"_id": track_id, "status": "active"}, {"$set": change})
