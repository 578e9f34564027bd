"""What the workflows need from the world, as protocols. `storage` and `events` hold the real ones, `tests/fakes` the ones in memory;
`tests/contract` runs both through the same suite. All may raise StoreUnavailableError; times are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from chalicelib.model import (
    Basis,
    DeadLetter,
    Opinion,
    Page,
    Play,
    RecommendationList,
    Session,
    StoredObject,
    Upload,
    User,
)
from chalicelib.way_model import Arrival, PlayArrival, StoredPart, UploadWay
from chalicelib.workflows import index_build_ports, listener_ports, renewal_ports, track_ports

TrackStore = track_ports.TrackStore
PassageStore = track_ports.PassageStore
IndexBuildStore = index_build_ports.IndexBuildStore
IndexBucket = index_build_ports.IndexBucket
ReanalysisStore = track_ports.ReanalysisStore


class UploadStore(Protocol):
    def create(self, upload: Upload) -> Upload:
        """The stored receipt: this one, or the one that was there under the same id."""

    def find(self, upload_id: str) -> Upload | None: ...

    def find_by_key(self, key: str) -> Upload | None:
        """The newest receipt of the key."""

    def begin_attempt(self, upload_id: str, *, key: str, now: datetime, arrival: Arrival | None = None) -> Upload:
        """Creates a `queued` receipt where there is none; counts the attempt. A finished receipt keeps its status until the next mark."""

    def mark_analysed(
        self,
        upload_id: str,
        *,
        track_id: str,
        seq: int,
        warnings: tuple[str, ...],
        now: datetime,
        way: UploadWay | None = None,
        is_duplicate: bool = False,
    ) -> None:
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

    def find_many(self, upload_ids: Sequence[str]) -> dict[str, Upload]:
        """By id; those that are not there are left out."""

    def count_outstanding(self, user_id: str, *, since: datetime, limit: int) -> int:
        """How many of the user's receipts, made after `since`, wait for a file that no function has been told of yet; counts up to
        `limit`."""


class UserStore(Protocol):
    def add(self, user: User) -> None:
        """ConflictError (code `username_taken`) when the name is there in any case."""

    def find(self, user_id: str) -> User | None: ...

    def find_by_username(self, username: str) -> User | None:
        """Without regard to case."""

    def was_erased(self, user_id: str) -> bool:
        """Whether there was such a user, who wanted to be forgotten."""


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

    def mark_published(self, event_ids: Sequence[str], *, at: datetime, recorded_at: datetime | None = None) -> None:
        """`recorded_at` is known to who has just recorded them. Such a mark may be seen a moment late, or be lost with a server: then the
        relay sends the play again."""

    def due_for_relay(self, *, now: datetime, publish_grace_s: float, resend_after_s: float, limit: int) -> list[Play]:
        """Those that waited longest first: never published (recorded more than the grace ago), or published more than
        `resend_after_s` ago, and not processed."""

    def unprocessed(self, event_ids: Sequence[str]) -> set[str]:
        """Which of these events are recorded and have not taken effect."""

    def find_many(self, event_ids: Sequence[str]) -> dict[str, Play]:
        """Recorded plays by event id; those that are not are left out."""

    def removed(self, event_ids: Sequence[str]) -> set[str]:
        """Which of these events their listeners have taken out of their history. They are never recorded again."""

    def recent(self, user_id: str, *, limit: int) -> list[Play]:
        """Newest first, by (occurred_at, event_id)."""

    def history(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Play]:
        """Newest first."""

    def played_by_listeners_of(self, track_id: str, *, leave_out: str, listeners: int, plays_each: int) -> list[frozenset[str]]:
        """What its last listeners, but for one user, played lately, this track left out: one set of track ids for each of them.
        `listeners` and `plays_each` bound what is read."""

    def count_unprocessed(self) -> int: ...

    def oldest_unprocessed(self) -> datetime | None:
        """When the oldest play happened that has had no effect."""

    def newest_effects(self, *, limit: int) -> list[float]:
        """Seconds from the act to its effect, of the plays that took effect last."""


ListenerState = listener_ports.ListenerState
ListenerStore = listener_ports.ListenerStore
ListEffect = listener_ports.ListEffect


class FeedbackStore(Protocol):
    def put(self, user_id: str, track_id: str, opinion: Opinion, *, now: datetime, until: datetime | None = None) -> None:
        """In place of what was said before. With `until` it only covers that until then."""

    def remove(self, user_id: str, track_id: str) -> None:
        """Whatever was said, covered or not."""

    def for_user(self, user_id: str, *, now: datetime | None = None) -> dict[str, Opinion]:
        """track_id → opinion, the newest 1,000. Without `now` only what holds without end."""

    def find(self, user_id: str, track_id: str, *, now: datetime | None = None) -> Opinion | None:
        """`for_user`, of one song, however many others there are."""


class RecommendationStore(renewal_ports.RenewalStore, Protocol):
    def find(self, user_id: str) -> RecommendationList | None: ...

    def find_basis(self, user_id: str) -> Basis | None:
        """What the list rests on, without reading it. None where there is no list."""

    def save_with_effect(
        self,
        recommendations: RecommendationList,
        event_ids: Sequence[str],
        *,
        now: datetime,
        arrivals: Mapping[str, PlayArrival] = ...,
        epoch: int | None = None,
    ) -> int:
        """In one transaction: mark those of the plays `processed` that are not yet, add their number to `plays_processed`, and store
        the list unless a later one (by generated_at) is there, or its `epoch` is past; a renewal that was wanted is then met. `arrivals`
        (by event_id) and the list's `search` are kept with the plays that take effect. Returns how many plays took effect: 0 on a
        repetition. Without an `epoch` it is taken to be the present one."""

    def save_each_with_effect(self, effects: Sequence[ListEffect], *, now: datetime) -> list[int]:
        """`save_with_effect` of several listeners, each there once, in one transaction: all or none of it."""


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

    def begin_parts(self, key: str, *, mime: str) -> str:
        """The object's multipart id. What is begun and neither completed nor aborted costs until the bucket's lifecycle rule ends it."""

    def presign_part(self, key: str, multipart_id: str, *, number: int, size_bytes: int, expires_s: int) -> str:
        """For a PUT of exactly so many bytes as the part of this number, from 1."""

    def list_parts(self, key: str, multipart_id: str) -> list[StoredPart] | None:
        """By number. None where there is no such multipart (any more)."""

    def complete_parts(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> bool:
        """The parts become the object. False where there is no such multipart, as when this was done before."""

    def abort_parts(self, key: str, multipart_id: str) -> None:
        """Its parts are gone. One that is not there is no error."""


class BuildQueue(Protocol):
    def request_build(self, *, delay_s: int) -> None: ...


class UploadQueue(Protocol):
    def queue_object(self, stored: StoredObject) -> None:
        """As if S3 had announced the object: an event of the same shape on the same queue."""

    def queue_reanalysis(self, track_id: str, stored: StoredObject) -> None:
        """That a track's numbers are to be made anew, from its object."""


class Redelivery(Protocol):
    def retry_after(self, receipt_handle: str, *, delay_s: int) -> None:
        """Makes a received message visible again after the delay, instead of after the queue's visibility time-out."""

    def send_again(self, body: str, *, delay_s: int) -> None:
        """A new message of the same body, whose deliveries are counted from one."""


class PlayPublisher(renewal_ports.RenewalPublisher, Protocol):
    def publish(self, plays: Sequence[tuple[Play, str]], *, timeout_s: float) -> list[str]:
        """Sends (play, lower-case title) keyed by user; waits for acknowledgement by all replicas at most `timeout_s` in all.
        Returns the event_ids that were acknowledged; never raises for a broker that is away."""
