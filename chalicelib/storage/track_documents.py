"""Tracks as documents of MongoDB and back."""

from __future__ import annotations

from chalicelib.model import FEATURE_VERSION, StoredObject, Track, TrackCard, TrackName, TrackVector
from chalicelib.storage.held_words import write_held
from chalicelib.storage.mongo import Document
from chalicelib.storage.track_facets import (
    CATALOGUE_VERSION,
    find_album_id,
    find_words,
    fold_key,
    list_facet_ids,
    plays_in,
    popularity_of,
    shuffle_position,
)

NAME_FIELDS = {"display_title": 1, "artist": 1, "duration_s": 1, "popularity": 1}
CARD_FIELDS = {**NAME_FIELDS, "album": 1, "genre": 1, "year": 1, "preview_start_s": 1, "cover_key": 1}
VECTOR_FIELDS = {"seq": 1, "mfcc": 1, "scaler_version": 1, "genre": 1, "features": 1, "feature_version": 1}
WITHOUT_FEATURES = {"features": 0}  # 816 bytes that only an index has a use for


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
        "album_artist": track.album_artist,
        "genre": track.genre,
        "year": track.year,
        "track_number": track.track_number,
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
        "preview_start_s": track.preview_start_s,
        "tags_edited_at": track.tags_edited_at,
        "trashed_at": track.trashed_at,
        "in_trash": track.status in ("trashed", "purging"),
        "shuffle_key": shuffle_position(track.track_id),
        **_derive_keys(track),
    }


def _derive_keys(track: Track) -> Document:
    """What lists are made by. Documents of another `catalogue_version` have other ones, or none."""
    words, facet_ids = find_words(track), list_facet_ids(track)
    return {
        "search_words": words,
        "catalogue_version": CATALOGUE_VERSION,
        "title_key": fold_key(track.display_title),
        "popularity": popularity_of(track),
        "facets": facet_ids,
        "held": write_held(words, facet_ids),
        "album_id": find_album_id(track),
        "album_place": track.track_number or 0,
    }


def find_changes(before: Document | None, document: Document) -> Document:
    """What of it is not stored already: a third of a song's numbers and keys need not be sent and compared again."""
    known = before or {}
    return {name: value for name, value in document.items() if name not in known or known[name] != _as_stored(value)}


def _as_stored(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def to_track(document: Document) -> Track:
    """Of the document of a track that is not removed."""
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
        preview_start_s=document.get("preview_start_s"),
        album_artist=document.get("album_artist"),
        track_number=document.get("track_number"),
        play_count=plays_in(document.get("popularity")),
        tags_edited_at=document.get("tags_edited_at"),
        trashed_at=document.get("trashed_at"),
    )


def is_counted(document: Document) -> bool:
    """Whether the library's groups and words count this track."""
    return document["status"] == "active" and document.get("catalogue_version") == CATALOGUE_VERSION


def to_vector(document: Document) -> TrackVector:
    mfcc = tuple(document["mfcc"])
    return TrackVector(
        document["_id"], document["seq"], mfcc, document.get("scaler_version"), document.get("genre"), read_features(document)
    )


def read_features(document: Document) -> bytes | None:
    """Those of another version are none: no index could set them beside others."""
    return document.get("features") if document["feature_version"] == FEATURE_VERSION else None


def to_name(document: Document) -> TrackName:
    return TrackName(
        document["_id"], document["display_title"], document["artist"], document["duration_s"], plays_in(document.get("popularity"))
    )


def to_card(document: Document) -> TrackCard:
    """From an index: what a document lacks is None there."""
    return TrackCard(
        track_id=document["_id"],
        display_title=document["display_title"],
        artist=document["artist"],
        album=document["album"],
        genre=document["genre"],
        year=document["year"],
        duration_s=document["duration_s"],
        cover_key=document["cover_key"],
        preview_start_s=document.get("preview_start_s"),
        play_count=plays_in(document.get("popularity")),
    )


def to_stored_object(document: Document) -> StoredObject:
    return StoredObject(key=document["key"], etag=document["etag"], size_bytes=document["size_bytes"])


def read_fingerprints(document: Document) -> dict[str, str]:
    return {one["key"]: one["fingerprint"] for one in document.get("objects", ()) if one.get("fingerprint")}


def _object_to_document(stored: StoredObject, fingerprint: str | None) -> Document:
    return {"key": stored.key, "etag": stored.etag, "size_bytes": stored.size_bytes, "fingerprint": fingerprint}
