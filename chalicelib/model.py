"""The things Timbre speaks of, as frozen types. Knows no database, no HTTP, no AWS; everything else may import it."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")

MFCC_COUNT = 20
FEATURE_VERSION = 1  # raised when the numbers of `audio` change; vectors of two versions never meet in one build

TrackStatus = Literal["active", "removed"]
UploadStatus = Literal["queued", "analysed", "indexed", "failed"]
PlayKind = Literal["start", "complete", "skip"]
Opinion = Literal["like", "dislike"]
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
    feature_version: int = FEATURE_VERSION
    warnings: tuple[str, ...] = ()


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the music bucket."""

    key: str
    etag: str
    size_bytes: int


class Track(msgspec.Struct, frozen=True, kw_only=True):
    track_id: str
    seq: int  # commit order of changes: drawn in the transaction that makes them
    title: str  # lower case: what titles are looked up by
    display_title: str
    artist: str | None
    album: str | None
    genre: str | None
    year: int | None
    duration_s: float
    objects: tuple[StoredObject, ...]
    cover_key: str | None
    mfcc: tuple[float, ...]
    mfcc_standardized: tuple[float, ...] | None
    feature_version: int
    scaler_version: int | None
    status: TrackStatus
    created_at: datetime
    updated_at: datetime


class TrackVector(msgspec.Struct, frozen=True):
    """The little of a track that an index needs."""

    track_id: str
    seq: int
    mfcc: tuple[float, ...]
    scaler_version: int | None = None


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


class User(msgspec.Struct, frozen=True, kw_only=True):
    user_id: str
    username: str  # as typed; unique without regard to case
    password_hash: str
    roles: tuple[Role, ...] = ("listener", "uploader")
    created_at: datetime


class Session(msgspec.Struct, frozen=True, kw_only=True):
    token_sha256: str
    user_id: str
    csrf_token: str
    created_at: datetime
    expires_at: datetime


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """One act of listening. `event_id`, given by the player, is what makes everything about it happen once."""

    event_id: str
    user_id: str
    track_id: str
    kind: PlayKind
    position_s: float
    occurred_at: datetime
    published_at: datetime | None = None
    processed_at: datetime | None = None
    request_id: str | None = None  # of the HTTP request that brought it: goes along to Kafka, the logs and the recommendations


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a song is recommended: the played song that it is near to."""

    track_id: str
    display_title: str
    artist: str | None
    distance: float  # angular, 0 (alike) to 2 (opposite), in the index's space
    percentile: float  # 0-100: how many of the catalogue's pairs are farther apart


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


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    letter_id: str  # derived from the source's own identity: the same failure twice is one letter
    source: str  # plays | uploads | builds | ...
    payload: str
    reason: str
    attempts: int
    created_at: datetime


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
