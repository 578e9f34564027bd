"""Tracks in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from chalicelib.errors import NotFoundError
from chalicelib.library_model import Group, GroupKind, GroupSort, TrackQuery
from chalicelib.model import Analysis, Page, StoredObject, Tags, Track, TrackName, TrackVector
from chalicelib.storage.times import truncate_time
from chalicelib.storage.track_changes import (
    Attachment,
    attach_file,
    begin_purge,
    detach_key,
    move_to_trash,
    replace_tags,
    take_from_trash,
)
from chalicelib.storage.track_facets import shuffle_position
from tests.fakes.library import browse, list_groups
from tests.fakes.switchable import Switchable, answering


class FakeTrackStore(Switchable):
    store = "tracks"

    def __init__(self) -> None:
        super().__init__()
        self.tracks: dict[str, Track] = {}  # removed ones included
        self.fingerprints: dict[str, str] = {}  # object key → what its file said
        self.seq = 0

    @answering
    def find(self, track_id: str) -> Track | None:
        track = self.tracks.get(track_id)
        return track if track is not None and track.status == "active" else None

    @answering
    def find_many(self, track_ids: Sequence[str]) -> dict[str, Track]:
        return {track.track_id: track for track in self._active() if track.track_id in set(track_ids)}

    @answering
    def find_names(self, track_ids: Sequence[str]) -> dict[str, TrackName]:
        wanted = set(track_ids)
        return {
            track.track_id: TrackName(track.track_id, track.display_title, track.artist)
            for track in self._active()
            if track.track_id in wanted
        }

    @answering
    def find_by_object(self, key: str) -> Track | None:
        return next((track for track in self._holders(key) if track.status == "active"), None)

    @answering
    def find_by_title(self, title: str) -> Track | None:
        same = [track for track in self._active() if track.title == title.lower()]
        return min(same, key=lambda track: (track.created_at, track.track_id), default=None)

    @answering
    def browse(self, query: TrackQuery, *, limit: int, cursor: str | None = None) -> Page[Track]:
        return browse(self._active(), query, limit=limit, cursor=cursor)

    @answering
    def list_groups(
        self, kind: GroupKind, *, limit: int, sort: GroupSort = "name", artist: str | None = None, cursor: str | None = None
    ) -> Page[Group]:
        return list_groups(self._active(), kind, limit=limit, sort=sort, artist=artist, cursor=cursor)

    @answering
    def sample(self, count: int, *, start: float) -> list[Track]:
        ordered = sorted(self._active(), key=lambda track: (shuffle_position(track.track_id), track.track_id))
        after = [track for track in ordered if shuffle_position(track.track_id) >= start]
        before = [track for track in ordered if shuffle_position(track.track_id) < start]
        return [*after, *before][:count]

    @answering
    def newest(self, count: int) -> list[Track]:
        return sorted(self._active(), key=lambda track: (track.created_at, track.track_id), reverse=True)[:count]

    @answering
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
        now = truncate_time(now)
        attachment = Attachment(
            analysis=analysis,
            stored=stored,
            cover_key=cover_key,
            mfcc_standardized=mfcc_standardized,
            scaler_version=scaler_version,
            now=now,
            is_drop=is_drop,
        )
        for other in self._holders(stored.key):
            if other.track_id != analysis.track_id:
                self.tracks[other.track_id] = detach_key(other, stored.key, seq=self._draw_seq(), now=now)
        present = self.tracks.get(analysis.track_id)
        track = present if present is not None and present.status != "removed" else None
        known = {one.key: self.fingerprints[one.key] for one in (track.objects if track is not None else ())}
        if track is not None and attachment.leaves_alone(track, known.get(stored.key)):
            return track
        self.fingerprints[stored.key] = attachment.fingerprint
        changed = attach_file(track, attachment, fingerprints=known, seq=self._draw_seq())
        self.tracks[analysis.track_id] = changed
        return changed

    @answering
    def detach_object(self, key: str, *, now: datetime) -> Track | None:
        for track in self._holders(key):
            changed = detach_key(track, key, seq=self._draw_seq(), now=truncate_time(now))
            self.tracks[track.track_id] = changed
            self.fingerprints.pop(key, None)
            return msgspec.structs.replace(changed, cover_key=track.cover_key)
        return None

    @answering
    def edit_tags(self, track_id: str, tags: Tags, *, now: datetime) -> Track:
        track = self._require(track_id, "active")
        return self._put(replace_tags(track, tags, seq=self._draw_seq(), now=truncate_time(now)))

    @answering
    def move_to_trash(self, track_id: str, *, now: datetime) -> Track:
        return self._put(move_to_trash(self._require(track_id, "active"), seq=self._draw_seq(), now=truncate_time(now)))

    @answering
    def find_in_trash(self, track_id: str) -> Track | None:
        track = self.tracks.get(track_id)
        return track if track is not None and track.status == "trashed" else None

    @answering
    def restore(self, track_id: str, *, trashed_after: datetime, now: datetime) -> Track:
        track = self._require(track_id, "trashed")
        if track.trashed_at is None or track.trashed_at <= truncate_time(trashed_after):
            raise _not_found(track_id)
        return self._put(take_from_trash(track, seq=self._draw_seq(), now=truncate_time(now)))

    @answering
    def begin_purge(self, track_id: str, *, trashed_before: datetime, now: datetime) -> Track:
        track = self._require(track_id, "trashed", "purging")
        if track.trashed_at is None or track.trashed_at > truncate_time(trashed_before):
            raise _not_found(track_id)
        return self._put(begin_purge(track, seq=self._draw_seq(), now=truncate_time(now)))

    @answering
    def trashed_before(self, before: datetime, *, limit: int) -> list[str]:
        trashed = [
            (one.trashed_at, one.track_id) for one in self.tracks.values() if one.trashed_at and one.trashed_at <= truncate_time(before)
        ]
        return [track_id for _, track_id in sorted(trashed)[:limit]]

    @answering
    def stream_objects(self) -> Iterator[tuple[str, StoredObject]]:
        return iter([(track.track_id, one) for _, track in sorted(self.tracks.items()) for one in track.objects])

    @answering
    def migrate(self, *, limit: int) -> int:
        return 0

    @answering
    def mend_counts(self) -> int:
        return 0

    def count_start(self, track_id: str, *, by: int = 1) -> None:
        """One more play took effect, or one less counts: the fakes of recommendations and history say so."""
        track = self.tracks.get(track_id)
        if track is not None and track.status != "removed":
            self._put(msgspec.structs.replace(track, play_count=track.play_count + by))

    @answering
    def changed_since(self, seq: int, *, limit: int) -> list[TrackVector]:
        changed = sorted((track for track in self._active() if track.seq > seq), key=lambda track: track.seq)
        return [_to_vector(track) for track in changed[:limit]]

    @answering
    def max_seq(self) -> int:
        return self.seq

    @answering
    def stream_vectors(self, *, feature_version: int) -> Iterator[TrackVector]:
        return iter([_to_vector(track) for track in self._active() if track.feature_version == feature_version])

    @answering
    def write_standardized(self, rows: Iterable[tuple[str, tuple[float, ...]]], *, scaler_version: int) -> int:
        written = 0
        for track_id, standardized in rows:
            track = self.tracks.get(track_id)
            if track is not None and track.status == "active":
                self.tracks[track_id] = msgspec.structs.replace(track, mfcc_standardized=standardized, scaler_version=scaler_version)
                written += 1
        return written

    @answering
    def count_active(self) -> int:
        return len(self._active())

    def _active(self) -> list[Track]:
        return [track for _, track in sorted(self.tracks.items()) if track.status == "active"]

    def _holders(self, key: str) -> list[Track]:
        return [track for _, track in sorted(self.tracks.items()) if any(one.key == key for one in track.objects)]

    def _require(self, track_id: str, *statuses: str) -> Track:
        track = self.tracks.get(track_id)
        if track is None or track.status not in statuses:
            raise _not_found(track_id)
        return track

    def _put(self, track: Track) -> Track:
        self.tracks[track.track_id] = track
        return track

    def _draw_seq(self) -> int:
        self.seq += 1
        return self.seq


def _not_found(track_id: str) -> NotFoundError:
    return NotFoundError(f"There is no track {track_id}.", code="track_not_found")


def _to_vector(track: Track) -> TrackVector:
    return TrackVector(track.track_id, track.seq, track.mfcc, track.scaler_version, track.genre)
