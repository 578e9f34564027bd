"""The things Timbre speaks of, as frozen types. Knows no database, no HTTP, no AWS; everything else may import it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

from chalicelib.card_model import TrackCard as TrackCard  # noqa: PLC0414  # as below
from chalicelib.card_model import TrackName as TrackName  # noqa: PLC0414
from chalicelib.reason_model import Reason as Reason  # noqa: PLC0414  # told on: it is one of the things that Timbre speaks of
from chalicelib.way_model import Arrival, IndexSearch, Parts, PlayArrival, UploadWay

T = TypeVar("T")

MFCC_COUNT = 20
FEATURE_VERSION = 2  # raised when the numbers of `audio` change: what is older is analysed anew, by and by. 2: features and passages
MFCC_SINCE_VERSION = 1  # from this version on the `mfcc` are the same numbers: such vectors meet in one build, others never do

TrackStatus = Literal["active", "trashed", "purging", "removed"]  # trashed: can be restored; purging: its objects are being removed
UploadStatus = Literal["queued", "analysed", "indexed", "failed"]
PlayKind = Literal["start", "complete", "skip"]
Opinion = Literal["like", "dislike", "not_now"]  # `not_now` holds for a while and hides a like or dislike meanwhile
Basis = Literal["plays", "random"]
Role = Literal["listener", "uploader", "operator"]


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself, made harmless: NFC, no control characters, bounded length. `title` is never empty."""

    title: str
    artist: str | None = None
    album: str | None = None
    album_artist: str | None = None
    genre: str | None = None
    year: int | None = None
    track_number: int | None = None


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    data: bytes
    mime: Literal["image/jpeg", "image/png"]

    @property
    def extension(self) -> str:
        return "jpg" if self.mime == "image/jpeg" else "png"


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """What `audio` makes of one file."""

    track_id: str  # 24 hex digits over the audio without its tags
    tags: Tags
    cover: Cover | None
    duration_s: float  # decoded, not declared
    mfcc: tuple[float, ...]  # MFCC_COUNT means over all frames
    features: tuple[float, ...] = ()  # FEATURE_COUNT, of the whole song; none by an engine that only knows MFCC
    passages: tuple[tuple[float, ...], ...] = ()  # at most 8 of about 12 s, evenly spread: FEATURE_COUNT each
    feature_version: int = FEATURE_VERSION
    preview_start_s: float | None = None  # where a passage begins that gives an idea of the song
    warnings: tuple[str, ...] = ()


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the music bucket."""

    key: str
    etag: str
    size_bytes: int


class Track(TrackCard, frozen=True, kw_only=True):
    seq: int  # commit order of changes: drawn in the transaction that makes them
    title: str  # lower case: what titles are looked up by
    objects: tuple[StoredObject, ...]
    mfcc: tuple[float, ...]
    mfcc_standardized: tuple[float, ...] | None
    feature_version: int
    scaler_version: int | None
    status: TrackStatus
    created_at: datetime
    updated_at: datetime
    album_artist: str | None = None
    track_number: int | None = None
    tags_edited_at: datetime | None = None  # by hand
    trashed_at: datetime | None = None


class TrackVector(msgspec.Struct, frozen=True):
    """The little of a track that an index needs."""

    track_id: str
    seq: int
    mfcc: tuple[float, ...]
    scaler_version: int | None = None
    genre: str | None = None  # colours it on the map
    features: bytes | None = None  # FEATURE_COUNT float32, little-endian; None: analysed before there were any


class PassageRows(msgspec.Struct, frozen=True):
    """Some passages of one song: what a learned space is fitted on."""

    track_id: str
    artist: str | None
    rows: bytes  # k × FEATURE_COUNT float16, little-endian


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt: what became of one dropped file."""

    upload_id: str  # 24 hex digits
    key: str
    user_id: str | None  # None: dropped into the bucket by an S3 client
    status: UploadStatus
    track_id: str | None = None
    seq: int | None = None  # of the track, as it was analysed: indexed once a build covers it
    error_code: str | None = None
    message: str | None = None  # for people
    warnings: tuple[str, ...] = ()
    attempts: int = 0
    created_at: datetime
    updated_at: datetime
    is_duplicate: bool = False  # the same audio was in the library before, under another key
    parts: Parts | None = None  # of a large file
    arrival: Arrival | None = None  # of the latest attempt
    way: UploadWay | None = None  # of the attempt that made a track of it
    indexed_at: datetime | None = None  # when a build was seen to cover it


class HistoryPause(msgspec.Struct, frozen=True, kw_only=True):
    """One that has ended: what was played then stays out, however late it comes."""

    since: datetime
    until: datetime


class User(msgspec.Struct, frozen=True, kw_only=True):
    user_id: str
    username: str  # as typed; unique without regard to case
    password_hash: str
    roles: tuple[Role, ...] = ("listener", "uploader")
    created_at: datetime
    history_paused_at: datetime | None = None  # since then nothing that is played is kept
    taste_reset_at: datetime | None = None  # plays before then say nothing about taste
    history_pauses: tuple[HistoryPause, ...] = ()  # the latest that ended

    def pauses_history_at(self, at: datetime) -> bool:
        """As far as it is known: of many pauses the latest are kept."""
        if self.history_paused_at is not None and at >= self.history_paused_at:
            return True
        return any(pause.since <= at < pause.until for pause in self.history_pauses)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    token_sha256: str
    user_id: str
    csrf_token: str
    created_at: datetime
    expires_at: datetime
    device: str = ""  # in words; empty: opened before devices were told apart
    last_seen_at: datetime | None = None  # to some minutes

    @property
    def session_id(self) -> str:
        """What it is called in public: says nothing of the token."""
        return hashlib.sha256(f"public:{self.token_sha256}".encode()).hexdigest()[:24]


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """One act of listening. `event_id`, given by the player, is what makes everything about it happen once."""

    event_id: str
    user_id: str
    track_id: str
    kind: PlayKind
    position_s: float
    occurred_at: datetime
    arrived_at: datetime | None = None  # when we heard of it: later than it happened where a player kept it without a network
    published_at: datetime | None = None
    processed_at: datetime | None = None
    request_id: str | None = None  # of the HTTP request that brought it: goes along to Kafka, the logs and the recommendations
    recorded_at: datetime | None = None  # when MongoDB had it on disk
    arrival: PlayArrival | None = None  # of the delivery that took effect
    search: IndexSearch | None = None  # what its recommendations took
    experiment: str | None = None  # with `arm`: of the list that had offered the song; None: none had
    arm: str | None = None

    @property
    def heard_of_at(self) -> datetime:
        """From here on it is our time that passes."""
        return self.arrived_at or self.occurred_at


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listener stopped, and what comes next: the same on every device. The last change wins."""

    user_id: str
    queue: tuple[str, ...]  # track ids, in the order of playing; empty: nothing to go on with
    place: int = 0  # of the song in the queue
    position_s: float = 0.0
    changed_at: datetime
    device_id: str  # drawn by the browser: so that it knows its own change again

    @property
    def track_id(self) -> str | None:
        return self.queue[self.place] if self.place < len(self.queue) else None


class RecommendedTrack(msgspec.Struct, frozen=True, kw_only=True):
    track_id: str
    score: float
    reasons: tuple[Reason, ...]


class RecommendationList(msgspec.Struct, frozen=True, kw_only=True):
    user_id: str
    items: tuple[RecommendedTrack, ...]
    basis: Basis
    play_event_ids: tuple[str, ...]  # the plays it rests on, newest first
    index_build: str | None
    generated_at: datetime
    request_ids: tuple[str, ...] = ()  # of the requests whose plays brought this list about
    plays_processed: int = 0  # how many plays have taken effect for this user, each once: kept by the store
    search: IndexSearch | None = None  # None: the index was not asked
    experiment: str | None = None  # with `arm`: by which of the ways that are compared it was made
    arm: str | None = None


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    letter_id: str  # derived from the source's own identity: the same failure twice is one letter
    source: str  # plays | uploads | builds | ...
    payload: str
    reason: str
    attempts: int
    created_at: datetime
    request_id: str | None = None  # of the request that brought what could not be processed


class IndexBuild(msgspec.Struct, frozen=True, kw_only=True):
    """One build of the index, published or not."""

    build_id: str
    status: Literal["published", "failed"]
    is_current: bool
    track_count: int
    max_seq: int
    scaler_version: int
    feature_version: int
    recall_at_10: float | None
    build_s: float
    reason: str | None  # of a failed build
    created_at: datetime
    spaces: tuple[str, ...] = ()  # none: recorded before there were several
    size_bytes: int | None = None  # of all its files
    manifest_sha256: str | None = None  # which vouches for all other files
    is_pinned: bool = False  # put in force by hand: builds that nobody asks for do not replace it
    held_at: datetime | None = None  # when somebody was about to put it in force
    collected_at: datetime | None = None  # since then its files are gone, or going


class Backfill(msgspec.Struct, frozen=True, kw_only=True):
    """How far an existing bucket has been fed into the uploads queue. Everything up to and including `last_key` is done."""

    source: str  # s3://bucket/prefix
    last_key: str = ""
    is_finished: bool = False
    queued: int = 0
    skipped: int = 0  # not audio by their names
    failed: int = 0  # gone, or not readable by us
    started_at: datetime
    updated_at: datetime


class Page(msgspec.Struct, Generic[T], frozen=True):
    items: tuple[T, ...]
    next_cursor: str | None = None
