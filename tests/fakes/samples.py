"""Small valid values for tests: what is not named is filled in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.library_model import TrackQuery
from chalicelib.model import (
    FEATURE_VERSION,
    MFCC_COUNT,
    Analysis,
    DeadLetter,
    IndexBuild,
    Listening,
    Play,
    Reason,
    RecommendationList,
    RecommendedTrack,
    Session,
    StoredObject,
    Tags,
    Track,
    Upload,
    User,
)
from chalicelib.workflows.ports import TrackStore

NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def make_track_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def make_tags(title: str, **others: object) -> Tags:
    return Tags(title=title, **others)  # type: ignore[arg-type]  # the test says which


def retag(title: str, **others: object) -> Callable[[Track], Tags]:
    """An edit: these tags, whatever there was before."""
    return lambda _track: make_tags(title, **others)


def make_analysis(
    name: str,
    *,
    tags: Tags | None = None,
    mfcc: tuple[float, ...] | None = None,
    feature_version: int = FEATURE_VERSION,
    features: tuple[float, ...] = (),
    passages: tuple[tuple[float, ...], ...] = (),
) -> Analysis:
    """The analysis of a song whose audio is known by `name`."""
    return Analysis(
        track_id=make_track_id(name),
        tags=tags if tags is not None else make_tags(name),
        cover=None,
        duration_s=30.5,
        mfcc=mfcc if mfcc is not None else tuple(float(i) for i in range(MFCC_COUNT)),
        features=features,
        passages=passages,
        feature_version=feature_version,
    )


def make_object(key: str, *, etag: str = "e1", size_bytes: int = 1000) -> StoredObject:
    return StoredObject(key=key, etag=etag, size_bytes=size_bytes)


def make_play(event_id: str, *, user_id: str = "ann", track_id: str = "t1", occurred_at: datetime = NOW) -> Play:
    return Play(event_id=event_id, user_id=user_id, track_id=track_id, kind="start", position_s=0.0, occurred_at=occurred_at)


def make_listening(*track_ids: str, user_id: str = "ann", changed_at: datetime = NOW, **changes: Any) -> Listening:
    return Listening(**{"user_id": user_id, "queue": track_ids, "changed_at": changed_at, "device_id": "device-1", **changes})


def make_upload(upload_id: str, *, key: str | None = None, user_id: str | None = "ann", created_at: datetime = NOW) -> Upload:
    key = key if key is not None else f"uploads/{upload_id}/song.mp3"
    return Upload(upload_id=upload_id, key=key, user_id=user_id, status="queued", created_at=created_at, updated_at=created_at)


def make_user(user_id: str, username: str) -> User:
    return User(user_id=user_id, username=username, password_hash="argon2 …", created_at=NOW)


def make_session(token_sha256: str, *, user_id: str = "ann", ttl_s: float = 60) -> Session:
    return Session(token_sha256=token_sha256, user_id=user_id, csrf_token="csrf", created_at=NOW, expires_at=at(ttl_s))


def make_list(user_id: str = "ann", *, generated_at: datetime = NOW, play_event_ids: tuple[str, ...] = ()) -> RecommendationList:
    return RecommendationList(
        user_id=user_id, items=(), basis="plays", play_event_ids=play_event_ids, index_build="b1", generated_at=generated_at
    )


def make_recommended(track_id: str, *because: str) -> RecommendedTrack:
    """With a reason for each played song that it is recommended because of."""
    reasons = tuple(Reason(track_id=each, display_title=each, artist=None, distance=0.3, percentile=98.0) for each in because)
    return RecommendedTrack(track_id=track_id, score=1.0, reasons=reasons)


def make_build(build_id: str, *, created_at: datetime = NOW, is_current: bool = False) -> IndexBuild:
    return IndexBuild(
        build_id=build_id,
        status="published",
        is_current=is_current,
        track_count=3,
        max_seq=7,
        scaler_version=1,
        feature_version=FEATURE_VERSION,
        recall_at_10=0.99,
        build_s=1.5,
        reason=None,
        created_at=created_at,
    )


def make_letter(letter_id: str, *, source: str = "plays", payload: str = "{", attempts: int = 1, created_at: datetime = NOW) -> DeadLetter:
    return DeadLetter(letter_id=letter_id, source=source, payload=payload, reason="not JSON", attempts=attempts, created_at=created_at)


def attach_track(
    tracks: TrackStore,
    analysis: Analysis,
    stored: StoredObject | None = None,
    *,
    cover_key: str | None = None,
    seconds: float = 0.0,
    scaler_version: int | None = None,
) -> Track:
    return tracks.attach_object(
        analysis,
        stored if stored is not None else make_object(f"uploads/{analysis.track_id}.mp3"),
        cover_key=cover_key,
        mfcc_standardized=(0.5,) * 20 if scaler_version is not None else None,
        scaler_version=scaler_version,
        now=at(seconds),
    )


def attach_titles(tracks: TrackStore, *titles: str) -> None:
    for number, title in enumerate(titles):
        attach_track(tracks, make_analysis(f"{number} {title}", tags=make_tags(title)), seconds=number)


def search_titles(tracks: TrackStore, query: str) -> list[str]:
    return [track.display_title for track in tracks.browse(TrackQuery(text=query), limit=20).items]
