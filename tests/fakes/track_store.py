"""Tracks in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from chalicelib.errors import NotFoundError
from chalicelib.library_model import Group, GroupKind, GroupSort, TrackQuery
from chalicelib.model import FEATURE_VERSION, Analysis, Page, PassageRows, StoredObject, Tags, Track, TrackCard, TrackName, TrackVector
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
from chalicelib.storage.track_features import list_comparable, pack_features, pack_passages
from chalicelib.workflows.track_ports import permit_all
from tests.fakes.library import browse, list_groups
from tests.fakes.switchable import Switchable, answering


@dataclass
class FakeRequest:
    version: int
    due_at: datetime
    attempts: int = 1
    reason: str | None = None  # given up


class FakeTrackStore(Switchable):
    store = "tracks"

    def __init__(self) -> None:
        super().__init__()
        self.tracks: dict[str, Track] = {}  # removed ones included
        self.fingerprints: dict[str, str] = {}  # object key → what its file said
        self.seq = 0
        self.features: dict[str, bytes] = {}
        self.passages: dict[str, bytes] = {}
        self.requests: dict[str, FakeRequest] = {}  # of re-analysis

    @answering
    def find(self, track_id: str) -> Track | None:
        track = self.tracks.get(track_id)
        return track if track is not None and track.status == "active" else None

    @answering
    def find_many(self, track_ids: Sequence[str]) -> dict[str, Track]:
        return {track.track_id: track for track in self._active() if track.track_id in set(track_ids)}

    @answering
    def find_cards(self, track_ids: Sequence[str]) -> dict[str, TrackCard]:
        wanted = set(track_ids)
        shown = TrackCard.__struct_fields__
        return {
            track.track_id: TrackCard(**{name: getattr(track, name) for name in shown})
            for track in self._active()
            if track.track_id in wanted
        }

    @answering
    def find_names(self, track_ids: Sequence[str]) -> dict[str, TrackName]:
        wanted = set(track_ids)
        return {
            track.track_id: TrackName(track.track_id, track.display_title, track.artist, track.duration_s, track.play_count)
            for track in self._active()
            if track.track_id in wanted
        }

    @answering
    def features_of(self, track_ids: Sequence[str]) -> dict[str, bytes]:
        vectors = {track.track_id: self._to_vector(track) for track in self._active() if track.track_id in set(track_ids)}
        return {track_id: vector.features for track_id, vector in vectors.items() if vector.features is not None}

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
        self._keep_numbers(analysis)
        if track is not None and track.feature_version < changed.feature_version:
            self.requests.pop(analysis.track_id, None)
        return changed

    @answering
    def detach_object(self, key: str, *, now: datetime) -> Track | None:
        for track in self._holders(key):
            changed = detach_key(track, key, seq=self._draw_seq(), now=truncate_time(now))
            self.tracks[track.track_id] = changed
            self.fingerprints.pop(key, None)
            if changed.status == "removed":
                self.features.pop(track.track_id, None)
                self.passages.pop(track.track_id, None)
                self.requests.pop(track.track_id, None)
            return msgspec.structs.replace(changed, cover_key=track.cover_key)
        return None

    @answering
    def edit_tags(self, track_id: str, edit: Callable[[Track], Tags | None], *, now: datetime) -> Track:
        track = self._require(track_id, "active")
        tags = edit(track)
        if tags is None:
            return track
        return self._put(replace_tags(track, tags, seq=self._draw_seq(), now=truncate_time(now)))

    @answering
    def move_to_trash(self, track_id: str, *, now: datetime, permit: Callable[[Track], None] = permit_all) -> Track:
        permit(self._require(track_id, "active"))
        return self._put(move_to_trash(self._require(track_id, "active"), seq=self._draw_seq(), now=truncate_time(now)))

    @answering
    def find_in_trash(self, track_id: str) -> Track | None:
        track = self.tracks.get(track_id)
        return track if track is not None and track.status == "trashed" else None

    @answering
    def restore(self, track_id: str, *, trashed_after: datetime, now: datetime, permit: Callable[[Track], None] = permit_all) -> Track:
        track = self._require(track_id, "trashed")
        if track.trashed_at is None or track.trashed_at <= truncate_time(trashed_after):
            raise _not_found()
        permit(track)
        return self._put(take_from_trash(track, seq=self._draw_seq(), now=truncate_time(now)))

    @answering
    def begin_purge(self, track_id: str, *, trashed_before: datetime, now: datetime) -> Track:
        track = self._require(track_id, "trashed", "purging")
        if track.trashed_at is None or track.trashed_at > truncate_time(trashed_before):
            raise _not_found()
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
        return [self._to_vector(track) for track in changed[:limit]]

    @answering
    def max_seq(self) -> int:
        return self.seq

    @answering
    def stream_vectors(self, *, feature_version: int) -> Iterator[TrackVector]:
        comparable = list_comparable(feature_version)
        return iter([self._to_vector(track) for track in self._active() if track.feature_version in comparable])

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
    def list_outdated(self, feature_version: int, *, after: str, limit: int) -> list[str]:
        outdated = [one.track_id for one in self._active() if one.feature_version < feature_version and one.track_id > after]
        return outdated[:limit]

    @answering
    def count_outdated(self, feature_version: int) -> int:
        return sum(track.feature_version < feature_version for track in self._active())

    @answering
    def renew_features(
        self,
        track_id: str,
        analysis: Analysis,
        stored: StoredObject,
        *,
        mfcc_standardized: tuple[float, ...] | None,
        scaler_version: int | None,
    ) -> bool:
        track = self.tracks.get(track_id)
        is_wanted = track is not None and track.status == "active" and track.feature_version < analysis.feature_version
        if track is None or not is_wanted or not any((one.key, one.etag) == (stored.key, stored.etag) for one in track.objects):
            return False
        self.tracks[track_id] = msgspec.structs.replace(
            track,
            mfcc=analysis.mfcc,
            mfcc_standardized=mfcc_standardized,
            scaler_version=scaler_version if mfcc_standardized is not None else None,
            feature_version=analysis.feature_version,
            preview_start_s=analysis.preview_start_s,
        )
        self._keep_numbers(msgspec.structs.replace(analysis, track_id=track_id))
        self.requests.pop(track_id, None)
        return True

    @answering
    def draw_seq(self) -> int:
        return self._draw_seq()

    @answering
    def count_active(self) -> int:
        return len(self._active())

    def _keep_numbers(self, analysis: Analysis) -> None:
        for kept, packed in ((self.features, pack_features(analysis.features)), (self.passages, pack_passages(analysis.passages))):
            if packed is None:
                kept.pop(analysis.track_id, None)
            else:
                kept[analysis.track_id] = packed

    def _to_vector(self, track: Track) -> TrackVector:
        features = self.features.get(track.track_id) if track.feature_version == FEATURE_VERSION else None
        return TrackVector(track.track_id, track.seq, track.mfcc, track.scaler_version, track.genre, features)

    def _active(self) -> list[Track]:
        return [track for _, track in sorted(self.tracks.items()) if track.status == "active"]

    def _holders(self, key: str) -> list[Track]:
        return [track for _, track in sorted(self.tracks.items()) if any(one.key == key for one in track.objects)]

    def _require(self, track_id: str, *statuses: str) -> Track:
        track = self.tracks.get(track_id)
        if track is None or track.status not in statuses:
            raise _not_found()
        return track

    def _put(self, track: Track) -> Track:
        self.tracks[track.track_id] = track
        return track

    def _draw_seq(self) -> int:
        self.seq += 1
        return self.seq


def _not_found() -> NotFoundError:
    return NotFoundError("There is no such track.", code="track_not_found")


class FakePassageStore(Switchable):
    """What a fake track store keeps of passages."""

    store = "passages"

    def __init__(self, tracks: FakeTrackStore) -> None:
        super().__init__()
        self._tracks = tracks

    @answering
    def sample(self, *, feature_version: int, limit: int) -> Iterator[PassageRows]:
        kept = [self._tracks.tracks[track_id] for track_id in self._tracks.passages]
        drawn = sorted(
            (track for track in kept if track.feature_version == feature_version), key=lambda one: shuffle_position(one.track_id)
        )
        return iter([PassageRows(one.track_id, one.artist, self._tracks.passages[one.track_id]) for one in drawn[:limit]])
