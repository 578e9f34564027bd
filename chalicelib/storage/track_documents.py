"""Tracks as documents of MongoDB and back."""

from __future__ import annotations

from chalicelib.model import StoredObject, Track, TrackVector
from chalicelib.storage.mongo import Document
from chalicelib.storage.track_changes import find_words, shuffle_position

VECTOR_FIELDS = {"seq": 1, "mfcc": 1, "scaler_version": 1}


def to_document(track: Track, fingerprints: dict[str, str]) -> Document:
    """`fingerprints`: object key → what its file said. A removed track leaves only what readers of changes need."""
    if track.status == "removed":
        return {"_id": track.track_id, "seq": track.seq, "status": "removed", "updated_at": track.updated_at}
    return {
        "_id": track.track_id,
        "seq": track.seq,
        "title": track.title,
        "display_title": track.display_title,
        "artist": track.artist,
        "album": track.album,
        "genre": track.genre,
        "year": track.year,
        "duration_s": track.duration_s,
        "objects": [_object_to_document(one, fingerprints.get(one.key)) for one in track.objects],
        "cover_key": track.cover_key,
        "mfcc": track.mfcc,
        "mfcc_standardized": track.mfcc_standardized,
        "feature_version": track.feature_version,
        "scaler_version": track.scaler_version,
        "status": track.status,
        "created_at": track.created_at,
        "updated_at": track.updated_at,
        "search_words": find_words(track),
        "shuffle_key": shuffle_position(track.track_id),
    }


def to_track(document: Document) -> Track:
    """Of an active track's document."""
    standardized = document.get("mfcc_standardized")
    return Track(
        track_id=document["_id"],
        seq=document["seq"],
        title=document["title"],
        display_title=document["display_title"],
        artist=document["artist"],
        album=document["album"],
        genre=document["genre"],
        year=document["year"],
        duration_s=document["duration_s"],
        objects=tuple(to_stored_object(one) for one in document["objects"]),
        cover_key=document["cover_key"],
        mfcc=tuple(document["mfcc"]),
        mfcc_standardized=tuple(standardized) if standardized is not None else None,
        feature_version=document["feature_version"],
        scaler_version=document.get("scaler_version"),
        status=document["status"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
    )


def to_vector(document: Document) -> TrackVector:
    return TrackVector(document["_id"], document["seq"], tuple(document["mfcc"]), document.get("scaler_version"))


def to_stored_object(document: Document) -> StoredObject:
    return StoredObject(key=document["key"], etag=document["etag"], size_bytes=document["size_bytes"])


def read_fingerprints(document: Document) -> dict[str, str]:
    return {one["key"]: one["fingerprint"] for one in document.get("objects", ()) if one.get("fingerprint")}


def _object_to_document(stored: StoredObject, fingerprint: str | None) -> Document:
    return {"key": stored.key, "etag": stored.etag, "size_bytes": stored.size_bytes, "fingerprint": fingerprint}
