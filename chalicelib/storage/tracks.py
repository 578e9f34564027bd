"""Tracks in MongoDB. What comes of files and edits, each in one transaction, stands in `track_transactions.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from pymongo import UpdateOne

from chalicelib.errors import NotFoundError
from chalicelib.model import Analysis, Page, StoredObject, Tags, Track, TrackVector
from chalicelib.storage import track_transactions
from chalicelib.storage.cursors import decode_cursor, encode_cursor
from chalicelib.storage.mongo import Document, MongoDatabase, run_transaction, translate_errors
from chalicelib.storage.search_words import split_query
from chalicelib.storage.times import truncate_time
from chalicelib.storage.track_changes import Attachment
from chalicelib.storage.track_documents import VECTOR_FIELDS, to_stored_object, to_track, to_vector

STREAM_BATCH = 2_000
WRITE_BATCH = 1_000
_LAST_CHARACTER = chr(0x10FFFF)


class MongoTrackStore:
    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._tracks = database["tracks"]

    @translate_errors("tracks")
    def find(self, track_id: str) -> Track | None:
        document = self._tracks.find_one({"_id": track_id, "status": "active"})
        return to_track(document) if document is not None else None

    @translate_errors("tracks")
    def find_many(self, track_ids: Sequence[str]) -> dict[str, Track]:
        found = self._tracks.find({"_id": {"$in": list(track_ids)}, "status": "active"})
        return {document["_id"]: to_track(document) for document in found}

    @translate_errors("tracks")
    def find_by_title(self, title: str) -> Track | None:
        document = self._tracks.find_one({"status": "active", "title": title.lower()}, sort=[("created_at", 1), ("_id", 1)])
        return to_track(document) if document is not None else None

    @translate_errors("tracks")
    def search(self, query: str, *, limit: int, cursor: str | None = None) -> Page[Track]:
        conditions = [*_match_words(split_query(query)), *_match_after(cursor)]
        wanted = {"status": "active", "$and": conditions} if conditions else {"status": "active"}
        found = [to_track(one) for one in self._tracks.find(wanted).sort([("title", 1), ("_id", 1)]).limit(limit + 1)]
        page = tuple(found[:limit])
        return Page(page, encode_cursor(page[-1].title, page[-1].track_id) if len(found) > limit else None)

    @translate_errors("tracks")
    def sample(self, count: int, *, start: float) -> list[Track]:
        after = self._seek({"$gte": start}, count)
        return after if len(after) == count else [*after, *self._seek({"$lt": start}, count - len(after))]

    @translate_errors("tracks")
    def newest(self, count: int) -> list[Track]:
        found = self._tracks.find({"status": "active"}).sort([("created_at", -1), ("_id", -1)]).limit(count)
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
    ) -> Track:
        attachment = Attachment(
            analysis=analysis,
            stored=stored,
            cover_key=cover_key,
            mfcc_standardized=mfcc_standardized,
            scaler_version=scaler_version,
            now=truncate_time(now),
        )
        return run_transaction(self._database, partial(track_transactions.attach, self._database, attachment))

    @translate_errors("tracks")
    def detach_object(self, key: str, *, now: datetime) -> Track | None:
        return run_transaction(self._database, partial(track_transactions.detach, self._database, key, truncate_time(now)))

    @translate_errors("tracks")
    def edit_tags(self, track_id: str, tags: Tags, *, now: datetime) -> Track:
        edit = partial(track_transactions.edit, self._database, track_id, tags, truncate_time(now))
        track = run_transaction(self._database, edit)
        if track is None:
            raise NotFoundError(f"There is no track {track_id}.", code="track_not_found")
        return track

    def stream_objects(self) -> Iterator[tuple[str, StoredObject]]:
        with translate_errors("tracks"):
            for document in self._tracks.find({"status": "active"}, {"objects": 1}).sort("_id", 1).batch_size(STREAM_BATCH):
                for one in document["objects"]:
                    yield document["_id"], to_stored_object(one)

    @translate_errors("tracks")
    def changed_since(self, seq: int, *, limit: int) -> list[TrackVector]:
        found = self._tracks.find({"status": "active", "seq": {"$gt": seq}}, VECTOR_FIELDS).sort("seq", 1).limit(limit)
        return [to_vector(document) for document in found]

    @translate_errors("tracks")
    def max_seq(self) -> int:
        return track_transactions.read_counter(self._database, "seq")

    def stream_vectors(self, *, feature_version: int) -> Iterator[TrackVector]:
        wanted = {"status": "active", "feature_version": feature_version}
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
    def count_active(self) -> int:
        return track_transactions.read_counter(self._database, "active")

    def _seek(self, place: Document, count: int) -> list[Track]:
        found = self._tracks.find({"status": "active", "shuffle_key": place}).sort([("shuffle_key", 1), ("_id", 1)]).limit(count)
        return [to_track(document) for document in found]


def _match_words(words: list[str]) -> list[Document]:
    """Whole words exactly, the last as a range: no text of a user ever becomes a pattern."""
    if not words:
        return []
    *whole, prefix = words
    begins = {"search_words": {"$elemMatch": {"$gte": prefix, "$lt": prefix + _LAST_CHARACTER}}}
    return [*({"search_words": word} for word in whole), begins]


def _match_after(cursor: str | None) -> list[Document]:
    if cursor is None:
        return []
    title, track_id = decode_cursor(cursor)
    return [{"$or": [{"title": {"$gt": title}}, {"title": title, "_id": {"$gt": track_id}}]}]


def _write_row(track_id: str, standardized: tuple[float, ...], scaler_version: int) -> UpdateOne:
    change = {"mfcc_standardized": standardized, "scaler_version": scaler_version}
    return UpdateOne({"_id": track_id, "status": "active"}, {"$set": change})
