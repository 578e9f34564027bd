"""Tracks in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from chalicelib.errors import NotFoundError
from chalicelib.model import Analysis, Page, StoredObject, Tags, Track, TrackVector
from chalicelib.storage.cursors import decode_cursor, encode_cursor
from chalicelib.storage.search_words import holds_words, split_query
from chalicelib.storage.times import truncate_time
from chalicelib.storage.track_changes import Attachment, attach_file, detach_key, find_words, replace_tags, shuffle_position
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
    def find_by_title(self, title: str) -> Track | None:
        same = [track for track in self._active() if track.title == title.lower()]
        return min(same, key=lambda track: (track.created_at, track.track_id), default=None)

    @answering
    def search(self, query: str, *, limit: int, cursor: str | None = None) -> Page[Track]:
        after = decode_cursor(cursor) if cursor is not None else None
        words = split_query(query)
        found = sorted((t for t in self._active() if holds_words(find_words(t), words)), key=lambda t: (t.title, t.track_id))
        rest = [track for track in found if after is None or (track.title, track.track_id) > after]
        page = tuple(rest[:limit])
        return Page(page, encode_cursor(page[-1].title, page[-1].track_id) if len(rest) > limit else None)

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
    ) -> Track:
        now = truncate_time(now)
        attachment = Attachment(
            analysis=analysis,
            stored=stored,
            cover_key=cover_key,
            mfcc_standardized=mfcc_standardized,
            scaler_version=scaler_version,
            now=now,
        )
        for other in self._holders(stored.key):
            if other.track_id != analysis.track_id:
                self.tracks[other.track_id] = detach_key(other, stored.key, seq=self._draw_seq(), now=now)
        present = self.tracks.get(analysis.track_id)
        track = present if present is not None and present.status == "active" else None
        known = self.fingerprints.get(stored.key)
        if track is not None and attachment.changes_nothing(track, known):
            return track
        self.fingerprints[stored.key] = attachment.fingerprint
        changed = attach_file(track, attachment, fingerprint=known, seq=self._draw_seq())
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
        track = self.tracks.get(track_id)
        if track is None or track.status != "active":
            raise NotFoundError(f"There is no track {track_id}.", code="track_not_found")
        changed = replace_tags(track, tags, seq=self._draw_seq(), now=truncate_time(now))
        self.tracks[track_id] = changed
        return changed

    @answering
    def stream_objects(self) -> Iterator[tuple[str, StoredObject]]:
        return iter([(track.track_id, one) for track in self._active() for one in track.objects])

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
        return [track for track in self._active() if any(one.key == key for one in track.objects)]

    def _draw_seq(self) -> int:
        self.seq += 1
        return self.seq


def _to_vector(track: Track) -> TrackVector:
    return TrackVector(track.track_id, track.seq, track.mfcc, track.scaler_version)
