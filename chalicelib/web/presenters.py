"""What the API shows of each thing (DESIGN 5), and how reasons are put into words. Pages use the same shapes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from chalicelib.model import Page, Reason, Track, Upload, User
from chalicelib.web.urls import Urls
from chalicelib.workflows.list_history import PlayedTrack
from chalicelib.workflows.request_upload import UploadPermission
from chalicelib.workflows.show_home import Offer, OfferedTrack

Json = dict[str, Any]  # on its way out: checked by tests/web/test_presenters.py

_REASONS = ((99.0, "Sounds very much like"), (95.0, "Sounds a lot like"), (80.0, "Sounds like"), (0.0, "Has something of"))
_CLOSENESS = ((99.0, "Very close"), (95.0, "Close"), (80.0, "Related"), (0.0, "Distant"))


def present_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def present_track(track: Track, urls: Urls) -> Json:
    return {
        "track_id": track.track_id,
        "title": track.display_title,
        "artist": track.artist,
        "album": track.album,
        "genre": track.genre,
        "year": track.year,
        "duration_s": round(track.duration_s, 3),
        "cover_url": urls.cover(track.track_id) if track.cover_key else None,
        "audio_url": urls.audio(track.track_id),
    }


def present_list(items: list[Json], next_cursor: str | None = None) -> Json:
    return {"items": items, "next_cursor": next_cursor}


def present_neighbour(track: Track, *, distance: float, percentile: float, urls: Urls) -> Json:
    return {
        **present_track(track, urls),
        "distance": round(distance, 6),
        "percentile": round(percentile, 2),
        "text": say_closeness(percentile),
    }


def present_offer(offer: Offer, urls: Urls) -> Json:
    return {
        "basis": offer.basis,
        "items": [_present_offered(item, urls) for item in offer.items],
        "generated_at": present_time(offer.generated_at),
        "index_build": offer.index_build,
    }


def _present_offered(item: OfferedTrack, urls: Urls) -> Json:
    return {
        **present_track(item.track, urls),
        "score": round(item.score, 6),
        "reasons": [_present_reason(reason) for reason in item.reasons],
    }


def _present_reason(reason: Reason) -> Json:
    return {
        "track_id": reason.track_id,
        "title": reason.display_title,
        "artist": reason.artist,
        "distance": round(reason.distance, 6),
        "percentile": round(reason.percentile, 2),
        "text": put_into_words(reason),
    }


def put_into_words(reason: Reason) -> str:
    by = f" by {reason.artist}" if reason.artist else ""
    return f"{_choose_words(_REASONS, reason.percentile)} “{reason.display_title}”{by}"


def say_closeness(percentile: float) -> str:
    return f"{_choose_words(_CLOSENESS, percentile)} · nearer than {math.floor(percentile)} % of pairs"


def _choose_words(scale: tuple[tuple[float, str], ...], percentile: float) -> str:
    return next((words for least, words in scale if percentile >= least), scale[-1][1])


def present_played(played: PlayedTrack, urls: Urls) -> Json:
    play = played.play
    return {
        "event_id": play.event_id,
        "track_id": play.track_id,
        "kind": play.kind,
        "position_s": round(play.position_s, 3),
        "occurred_at": present_time(play.occurred_at),
        "track": present_track(played.track, urls) if played.track else None,
    }


def present_upload(upload: Upload) -> Json:
    return {
        "upload_id": upload.upload_id,
        "key": upload.key,
        "filename": upload.key.rsplit("/", 1)[-1],
        "status": upload.status,
        "track_id": upload.track_id,
        "error_code": upload.error_code,
        "message": upload.message,
        "warnings": list(upload.warnings),
        "attempts": upload.attempts,
        "created_at": present_time(upload.created_at),
        "updated_at": present_time(upload.updated_at),
    }


def present_permission(permission: UploadPermission) -> Json:
    return {**present_upload(permission.upload), "url": permission.url, "fields": permission.fields}


def present_user(user: User) -> Json:
    return {"user_id": user.user_id, "username": user.username, "created_at": present_time(user.created_at)}


def group_plays(page: Page[PlayedTrack]) -> list[PlayedTrack]:
    """For people: the start and the end of one listening, which follow each other, are one row; the later word (they come newest
    first) stands."""
    rows: list[PlayedTrack] = []
    for played in page.items:
        is_beginning = bool(rows) and rows[-1].play.track_id == played.play.track_id and rows[-1].play.kind != "start"
        if not (is_beginning and played.play.kind == "start"):
            rows.append(played)
    return rows
