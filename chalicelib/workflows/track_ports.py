"""The catalogue as the workflows need it, as a protocol. See `ports.py`, which the others import it from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.library_model import Group, GroupKind, GroupSort, TrackQuery
from chalicelib.model import (
    Analysis,
    Page,
    PassageRows,
    StoredObject,
    Tags,
    Track,
    TrackCard,
    TrackName,
    TrackVector,
)
from chalicelib.reanalysis_model import Reanalysis, ReanalysisRequest


def permit_all(_track: Track) -> None:
    """What is asked for is allowed already."""


class TrackStore(Protocol):
    def find(self, track_id: str) -> Track | None:
        """The active track, or None (removed tracks are None too)."""

    def find_many(self, track_ids: Sequence[str]) -> dict[str, Track]:
        """Active tracks by id; missing and removed ones are left out."""

    def find_cards(self, track_ids: Sequence[str]) -> dict[str, TrackCard]:
        """`find_many`, where songs are shown and no more: costs a third, and hardly anything of the server's memory."""

    def find_names(self, track_ids: Sequence[str]) -> dict[str, TrackName]:
        """`find_many` of hundreds, where a list needs no more of them."""

    def features_of(self, track_ids: Sequence[str]) -> dict[str, bytes]:
        """FEATURE_COUNT float32 (little-endian) of each of these active tracks that was analysed with the present FEATURE_VERSION."""

    def find_by_object(self, key: str) -> Track | None:
        """The active track that the object in the music bucket belongs to, or None."""

    def find_by_title(self, title: str) -> Track | None:
        """The active track of this lower-case title that was added first, or None."""

    def browse(self, query: TrackQuery, *, limit: int, cursor: str | None = None) -> Page[Track]:
        """Active tracks that answer the query. With words: those that hold every one in title, artist or album, accents and case
        ignored; the very title first, then the words as typed, then the last as a beginning, then (where hardly anything was found)
        misspelled by a letter; in each the most played first. Without: in the order of `sort`. A page may hold fewer than `limit`
        and have a next one. InvalidInputError for a cursor that is none of ours."""

    def list_groups(
        self, kind: GroupKind, *, limit: int, sort: GroupSort = "name", artist: str | None = None, cursor: str | None = None
    ) -> Page[Group]:
        """Artists, albums (all, or those of an artist, by name), genres or years (the last first) that have active tracks."""

    def sample(self, count: int, *, start: float) -> list[Track]:
        """`count` active tracks from the fixed random order, beginning at `start` in [0, 1) and going round: a seek, not a scan."""

    def newest(self, count: int) -> list[Track]: ...

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
        """In one transaction: take the key away from any other track (which dies with its last object), upsert the track,
        add or replace the object. A new `seq` is drawn only when something that is served or indexed has changed.
        A track in the trash comes back, unless the file is one that it has and was not dropped (`is_drop`) but come across."""

    def detach_object(self, key: str, *, now: datetime) -> Track | None:
        """In one transaction: take the key from its track. The track as it now is (status `removed` after its last object, emptied of
        all but the `cover_key` that it had, so that the caller can remove the cover), or None."""

    def edit_tags(self, track_id: str, edit: Callable[[Track], Tags | None], *, now: datetime) -> Track:
        """`edit` says the tags by the track as it is in this transaction (it may be asked again), None where they are to stay, or
        raises. NotFoundError where there is no such active track. Draws a new `seq`. Stays until a file says something new."""

    def move_to_trash(self, track_id: str, *, now: datetime, permit: Callable[[Track], None] = ...) -> Track:
        """Out of everything that reads active tracks, at once. `permit` looks at the track as it is in this transaction, before
        anything is changed, and raises where that is not allowed. NotFoundError where there is no such active track."""

    def find_in_trash(self, track_id: str) -> Track | None:
        """A track that can be restored still."""

    def restore(self, track_id: str, *, trashed_after: datetime, now: datetime, permit: Callable[[Track], None] = ...) -> Track:
        """`permit`: as above. NotFoundError where there is no such track in the trash, or it lies there for too long."""

    def begin_purge(self, track_id: str, *, trashed_before: datetime, now: datetime) -> Track:
        """From now on it cannot be restored. NotFoundError where it is not in the trash, or came there later. Again is the same."""

    def trashed_before(self, before: datetime, *, limit: int) -> list[str]:
        """Ids of tracks to be purged, or half purged, the oldest first."""

    def stream_objects(self) -> Iterator[tuple[str, StoredObject]]:
        """(track_id, object) of all tracks, those in the trash too, for reconciling with the bucket."""

    def migrate(self, *, limit: int) -> int:
        """Brings at most so many tracks of an older version up to this one. How many; 0 when there are none left."""

    def mend_counts(self) -> int:
        """Compares what groups and search know with the tracks, and mends it. How many were wrong."""

    def changed_since(self, seq: int, *, limit: int) -> list[TrackVector]:
        """Active tracks with a greater `seq`, oldest change first: the delta beside an index."""

    def max_seq(self) -> int:
        """The greatest `seq` drawn for any track, removed ones included; 0 when there is none."""

    def stream_vectors(self, *, feature_version: int) -> Iterator[TrackVector]:
        """All active tracks whose MFCC are the same numbers as those of this feature version, by track_id, in batches from the
        server; with their features, where they are of the present one."""

    def write_standardized(self, rows: Iterable[tuple[str, tuple[float, ...]]], *, scaler_version: int) -> int:
        """`mfcc_standardized` of many tracks, in batches; draws no `seq`. How many were written."""

    def list_outdated(self, feature_version: int, *, after: str, limit: int) -> list[str]:
        """Ids of active tracks of older feature versions, in their order, from the first one after `after`."""

    def count_outdated(self, feature_version: int) -> int:
        """By an index alone; of a million songs in a third of a second. Not for requests."""

    def renew_features(
        self,
        track_id: str,
        analysis: Analysis,
        stored: StoredObject,
        *,
        mfcc_standardized: tuple[float, ...] | None,
        scaler_version: int | None,
    ) -> bool:
        """In one transaction: the numbers of a new feature version, in place of the old ones, and nothing else of the track. Draws no
        `seq`: the index in force stays right for the MFCC, which are the same, and the next build takes the features up. False where
        the track is not there, has not this object any more, or is of this version already."""

    def draw_seq(self) -> int:
        """One of no track's: the next build is not taken for one that would change nothing."""

    def count_active(self) -> int: ...


class ReanalysisStore(Protocol):
    """Which songs are asked to be analysed anew, or given up, and how far that has come. What is brought to a version, or removed, is
    no longer in it."""

    def progress(self) -> Reanalysis | None: ...

    def save_progress(self, progress: Reanalysis) -> None: ...

    def advance(self, version: int, walk: int, *, place: str, asked: int) -> None:
        """Never back. Nothing, where another walk has begun."""

    def note_done(self, version: int) -> None: ...

    def request(self, track_id: str, version: int, *, due_at: datetime) -> bool:
        """Whether it was not there (requested or given up) for this version."""

    def request_again(self, track_id: str, version: int, *, due_at: datetime) -> None:
        """Counts one more attempt."""

    def known(self, track_ids: Sequence[str], version: int) -> set[str]:
        """Which of them are requested or given up."""

    def overdue(self, version: int, *, now: datetime, limit: int) -> list[ReanalysisRequest]:
        """The one due first, first."""

    def give_up(self, track_id: str, version: int, *, reason: str) -> bool:
        """Whether it was requested, or given up before."""

    def forget(self, track_id: str) -> None: ...

    def count_waiting(self, version: int, *, limit: int) -> int:
        """How many are requested; counts up to `limit`."""

    def count_failed(self, version: int) -> int:
        """How many are given up."""


class PassageStore(Protocol):
    """What the track store keeps of songs' passages, read."""

    def sample(self, *, feature_version: int, limit: int) -> Iterator[PassageRows]:
        """Those of at most so many songs, drawn by their ids: the same ones from build to build, as far as they are there."""
