"""What becomes of a track when a file is attached to it or taken away, or its tags are edited. Pure: the stores draw `seq` and write."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from chalicelib.model import Analysis, StoredObject, Tags, Track

TAG_FIELDS = ("title", "display_title", "artist", "album", "album_artist", "genre", "year", "track_number")


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file and what it brings to its track."""

    analysis: Analysis
    stored: StoredObject
    cover_key: str | None
    mfcc_standardized: tuple[float, ...] | None
    scaler_version: int | None
    now: datetime
    is_drop: bool = True  # somebody brought the file; not: it was found, or its event came again

    @property
    def fingerprint(self) -> str:
        """Over what the file says of itself; the stores keep it beside each object."""
        return hashlib.sha256(msgspec.json.encode([self.analysis.tags, self.cover_key])).hexdigest()[:16]

    def is_known(self, track: Track | None, fingerprint: str | None) -> bool:
        """Whether the track holds this file already, with nothing new to say: then its tags stay, edited by hand or brought by
        another file of the same audio as they may be."""
        return track is not None and self.stored in track.objects and fingerprint == self.fingerprint

    def leaves_tags(self, track: Track | None, fingerprints: Mapping[str, str]) -> bool:
        """Whether the file says nothing that the track has not heard: known as it is, or the audio again with the tags that were
        there when somebody edited them."""
        is_edited = track is not None and track.tags_edited_at is not None
        return self.is_known(track, fingerprints.get(self.stored.key)) or (is_edited and self.fingerprint in fingerprints.values())

    def changes_nothing(self, track: Track | None, fingerprint: str | None) -> bool:
        """The same file delivered again. Its numbers differ by rounding at most, while the feature version is the same."""
        return self.is_known(track, fingerprint) and track is not None and track.feature_version == self.analysis.feature_version

    def leaves_alone(self, track: Track, fingerprint: str | None) -> bool:
        """What is in the trash stays there when its file is only come across again."""
        if track.status == "active":
            return self.changes_nothing(track, fingerprint)
        return not self.is_drop and self.is_known(track, fingerprint)


def attach_file(track: Track | None, attachment: Attachment, *, fingerprints: Mapping[str, str], seq: int) -> Track:
    """The active track with the file's object added or replaced, and its tags and numbers: the file that came last is right.
    `track`: as it is unless removed; `fingerprints`: as kept beside the objects, by key."""
    analysis, stored = attachment.analysis, attachment.stored
    kept = track.objects if track is not None else ()
    is_replaced = any(one.key == stored.key for one in kept)
    attached = Track(
        track_id=analysis.track_id,
        seq=seq,
        title=analysis.tags.title.lower(),
        display_title=analysis.tags.title,
        artist=analysis.tags.artist,
        album=analysis.tags.album,
        album_artist=analysis.tags.album_artist,
        genre=analysis.tags.genre,
        year=analysis.tags.year,
        track_number=analysis.tags.track_number,
        duration_s=analysis.duration_s,
        objects=tuple(stored if one.key == stored.key else one for one in kept) if is_replaced else (*kept, stored),
        cover_key=attachment.cover_key,
        mfcc=analysis.mfcc,
        mfcc_standardized=attachment.mfcc_standardized,
        feature_version=analysis.feature_version,
        scaler_version=attachment.scaler_version if attachment.mfcc_standardized is not None else None,
        status="active",
        created_at=track.created_at if track is not None else attachment.now,
        updated_at=attachment.now,
        preview_start_s=analysis.preview_start_s,
        play_count=track.play_count if track is not None else 0,
    )
    if track is None or not attachment.leaves_tags(track, fingerprints):
        return attached
    kept_tags = {name: getattr(track, name) for name in TAG_FIELDS}
    return msgspec.structs.replace(attached, cover_key=track.cover_key, tags_edited_at=track.tags_edited_at, **kept_tags)


def detach_key(track: Track, key: str, *, seq: int, now: datetime) -> Track:
    """The track without the object; removed, and empty but for its id, `seq` and times, when it was the last."""
    objects = tuple(one for one in track.objects if one.key != key)
    if objects:
        return msgspec.structs.replace(track, objects=objects, seq=seq, updated_at=now)
    return make_tombstone(track.track_id, seq=seq, now=now)


def make_tombstone(track_id: str, *, seq: int, now: datetime) -> Track:
    return Track(
        track_id=track_id,
        seq=seq,
        title="",
        display_title="",
        artist=None,
        album=None,
        genre=None,
        year=None,
        duration_s=0.0,
        objects=(),
        cover_key=None,
        mfcc=(),
        mfcc_standardized=None,
        feature_version=0,
        scaler_version=None,
        status="removed",
        created_at=now,
        updated_at=now,
    )


def move_to_trash(track: Track, *, seq: int, now: datetime) -> Track:
    return msgspec.structs.replace(track, status="trashed", trashed_at=now, seq=seq, updated_at=now)


def take_from_trash(track: Track, *, seq: int, now: datetime) -> Track:
    return msgspec.structs.replace(track, status="active", trashed_at=None, seq=seq, updated_at=now)


def begin_purge(track: Track, *, seq: int, now: datetime) -> Track:
    return msgspec.structs.replace(track, status="purging", seq=seq, updated_at=now)


def replace_tags(track: Track, tags: Tags, *, seq: int, now: datetime) -> Track:
    return msgspec.structs.replace(
        track,
        title=tags.title.lower(),
        display_title=tags.title,
        artist=tags.artist,
        album=tags.album,
        album_artist=tags.album_artist,
        genre=tags.genre,
        year=tags.year,
        track_number=tags.track_number,
        seq=seq,
        updated_at=now,
        tags_edited_at=now,
    )
