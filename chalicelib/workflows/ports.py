"""What the workflows need from the world, as protocols. `storage` and `events` hold the real ones, `tests/fakes` the ones in memory;
`tests/contract` runs both through the same suite. All may raise StoreUnavailableError; times are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from chalicelib.model import (
    Analysis,
    DeadLetter,
    IndexBuild,
    Opinion,
    Page,
    Play,
    RecommendationList,
    Session,
    StoredObject,
    Tags,
    Track,
    TrackVector,
    Upload,
    User,
)


class TrackStore(Protocol):
    def find(self, track_id: str) -> Track | None:
        """The active track, or None (removed tracks are None too)."""

    def find_many(self, track_ids: Sequence[str]) -> dict[str, Track]:
        """Active tracks by id; missing and removed ones are left out."""

    def find_by_title(self, title: str) -> Track | None:
        """The active track of this lower-case title that was added first, or None."""

    def search(self, query: str, *, limit: int, cursor: str | None = None) -> Page[Track]:
        """Active tracks that hold every word of the query in title, artist or album (the last as a prefix), accents and case
        ignored, by (title, track_id); all of them for an empty query. InvalidInputError for a cursor that is none of ours."""

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
    ) -> Track:
        """In one transaction: take the key away from any other track (which dies with its last object), upsert the track,
        add or replace the object. A new `seq` is drawn only when something that is served or indexed has changed."""

    def detach_object(self, key: str, *, now: datetime) -> Track | None:
        """In one transaction: take the key from its track. The track as it now is (status `removed` after its last object, emptied of
        all but the `cover_key` that it had, so that the caller can remove the cover), or None."""

    def edit_tags(self, track_id: str, tags: Tags, *, now: datetime) -> Track:
        """NotFoundError where there is no such active track. Draws a new `seq`."""

    def stream_objects(self) -> Iterator[tuple[str, StoredObject]]:
        """(track_id, object) of all active tracks, for reconciling with the bucket."""

    def changed_since(self, seq: int, *, limit: int) -> list[TrackVector]:
        """Active tracks with a greater `seq`, oldest change first: the delta beside an index."""

    def max_seq(self) -> int:
        """The greatest `seq` drawn for any track, removed ones included; 0 when there is none."""

    def stream_vectors(self, *, feature_version: int) -> Iterator[TrackVector]:
        """All active tracks of a feature version, by track_id, in batches from the server."""

    def write_standardized(self, rows: Iterable[tuple[str, tuple[float, ...]]], *, scaler_version: int) -> int:
        """`mfcc_standardized` of many tracks, in batches; draws no `seq`. How many were written."""

    def count_active(self) -> int: ...


class UploadStore(Protocol):
    def create(self, upload: Upload) -> Upload:
        """The stored receipt: this one, or the one that was there under the same id."""

    def find(self, upload_id: str) -> Upload | None: ...

    def find_by_key(self, key: str) -> Upload | None:
        """The newest receipt of the key."""

    def begin_attempt(self, upload_id: str, *, key: str, now: datetime) -> Upload:
        """Creates a `queued` receipt where there is none; counts the attempt. A finished receipt keeps its status until the next mark."""

    def mark_analysed(self, upload_id: str, *, track_id: str, seq: int, warnings: tuple[str, ...], now: datetime) -> None:
        """A receipt that is `indexed` with the same track and seq stays so: the same event came again."""

    def mark_indexed(self, upload_ids: Sequence[str], *, now: datetime) -> None: ...

    def mark_indexed_up_to(self, max_seq: int, *, now: datetime) -> int:
        """Every `analysed` receipt whose seq a build covers becomes `indexed`. How many."""

    def mark_failed(self, upload_id: str, *, key: str, error_code: str, message: str, now: datetime) -> None:
        """Creates the receipt where there is none. An `analysed` or `indexed` receipt becomes `failed` too: it is the latest truth."""

    def list_for_user(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Upload]:
        """Newest first."""

    def count_by_status(self) -> dict[str, int]: ...

    def queued_before(self, before: datetime, *, limit: int) -> list[Upload]: ...

    def analysed_up_to(self, max_seq: int, *, limit: int) -> list[str]:
        """Ids of `analysed` receipts that a build of `max_seq` covers, by seq."""

    def list_failed(self, *, limit: int) -> list[Upload]:
        """The one that failed last first."""

    def mark_queued(self, upload_id: str, *, now: datetime) -> None:
        """A `failed` receipt waits again; any other is left alone."""


class UserStore(Protocol):
    def add(self, user: User) -> None:
        """ConflictError (code `username_taken`) when the name is there in any case."""

    def find(self, user_id: str) -> User | None: ...

    def find_by_username(self, username: str) -> User | None:
        """Without regard to case."""


class SessionStore(Protocol):
    def add(self, session: Session) -> None: ...

    def find(self, token_sha256: str, *, now: datetime) -> Session | None:
        """None once expired, whether or not it was swept."""

    def remove(self, token_sha256: str) -> None: ...


class ThrottleStore(Protocol):
    def count(self, key: str, *, window_s: int, now: datetime) -> int:
        """Counts one more event in the key's present window and returns how many it has seen."""


class PlayStore(Protocol):
    def record(self, play: Play) -> bool:
        """Durably, once per event_id: True when new. ConflictError when the event_id belongs to another user."""

    def mark_published(self, event_ids: Sequence[str], *, at: datetime) -> None: ...

    def due_for_relay(self, *, now: datetime, publish_grace_s: float, resend_after_s: float, limit: int) -> list[Play]:
        """Those that waited longest first: never published (recorded more than the grace ago), or published more than
        `resend_after_s` ago, and not processed."""

    def unprocessed(self, event_ids: Sequence[str]) -> set[str]:
        """Which of these events are recorded and have not taken effect."""

    def recent(self, user_id: str, *, limit: int) -> list[Play]:
        """Newest first, by (occurred_at, event_id)."""

    def history(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Play]:
        """Newest first."""

    def count_unprocessed(self) -> int: ...

    def oldest_unprocessed(self) -> datetime | None:
        """When the oldest play happened that has had no effect."""

    def newest_effects(self, *, limit: int) -> list[float]:
        """Seconds from the act to its effect, of the plays that took effect last."""


class FeedbackStore(Protocol):
    def put(self, user_id: str, track_id: str, opinion: Opinion, *, now: datetime) -> None: ...

    def remove(self, user_id: str, track_id: str) -> None: ...

    def for_user(self, user_id: str) -> dict[str, Opinion]:
        """track_id → opinion, the newest 1,000."""


class RecommendationStore(Protocol):
    def find(self, user_id: str) -> RecommendationList | None: ...

    def save_with_effect(self, recommendations: RecommendationList, event_ids: Sequence[str], *, now: datetime) -> int:
        """In one transaction: mark those of the plays `processed` that are not yet, add their number to `plays_processed`, and store
        the list unless a later one (by generated_at) is there. Returns how many plays took effect: 0 on a repetition."""


class IndexBuildStore(Protocol):
    def add(self, build: IndexBuild) -> None: ...

    def set_current(self, build_id: str) -> None: ...

    def current(self) -> IndexBuild | None: ...

    def list_newest(self, *, limit: int) -> list[IndexBuild]: ...


class LeaseStore(Protocol):
    def acquire(self, name: str, *, holder: str, ttl_s: float, now: datetime) -> None:
        """LeaseHeldError while another holder's lease has not expired; the same holder renews."""

    def release(self, name: str, *, holder: str) -> None: ...


class DeadLetterStore(Protocol):
    def add(self, letter: DeadLetter) -> None:
        """Once per letter_id; the same again raises its attempts."""

    def list_newest(self, *, source: str | None = None, limit: int) -> list[DeadLetter]: ...

    def remove(self, letter_id: str) -> None:
        """It has been made good. One that is not there is no error."""

    def count(self) -> int: ...


class MusicBucket(Protocol):
    """The music bucket. Keys are as S3 knows them (already unquoted)."""

    def head(self, key: str) -> StoredObject | None:
        """None where there is no such object."""

    def download(self, key: str, to: Path, *, max_bytes: int) -> StoredObject | None:
        """Streams into the file; None where there is no such object. AudioError `too_long` when it is larger than max_bytes."""

    def put_cover(self, key: str, data: bytes, mime: str) -> None: ...

    def put_audio(self, key: str, source: Path) -> StoredObject: ...

    def copy_from(self, bucket: str, key: str, to_key: str) -> bool:
        """Server-side, whatever its size. False where the source has no such object, or does not let us read it."""

    def remove(self, key: str) -> None: ...

    def list_uploads(self, *, prefix: str = "uploads/") -> Iterator[StoredObject]: ...

    def presign_get(self, key: str, *, expires_s: int, mime: str | None = None) -> str: ...

    def presign_post(self, key: str, *, max_bytes: int, expires_s: int) -> tuple[str, dict[str, str]]:
        """(url, form fields): size limited to 1..max_bytes, Content-Type must start with `audio/`."""


class IndexBucket(Protocol):
    """The index bucket: `indexes/<build_id>/…` and `current.json`. File names are relative to the build's folder, `/`-separated."""

    def publish_files(self, build_id: str, folder: Path) -> None:
        """Every file below the folder."""

    def fetch_file(self, build_id: str, name: str, to: Path) -> None:
        """NotFoundError where there is none. Written beside `to` and renamed into place."""

    def read_current(self) -> tuple[bytes, str] | None:
        """(content, etag) of current.json, or None."""

    def swap_current(self, content: bytes, *, expected_etag: str | None) -> None:
        """A conditional write (None: must not exist yet). ConflictError when somebody else was there first."""


class BuildQueue(Protocol):
    def request_build(self, *, delay_s: int) -> None: ...


class UploadQueue(Protocol):
    def queue_object(self, stored: StoredObject) -> None:
        """As if S3 had announced the object: an event of the same shape on the same queue."""


class Redelivery(Protocol):
    def retry_after(self, receipt_handle: str, *, delay_s: int) -> None:
        """Makes a received message visible again after the delay, instead of after the queue's visibility time-out."""

    def send_again(self, body: str, *, delay_s: int) -> None:
        """A new message of the same body, whose deliveries are counted from one."""


class PlayPublisher(Protocol):
    def publish(self, plays: Sequence[tuple[Play, str]], *, timeout_s: float) -> list[str]:
        """Sends (play, lower-case title) keyed by user; waits for acknowledgement by all replicas at most `timeout_s` in all.
        Returns the event_ids that were acknowledged; never raises for a broker that is away."""
