"""What the API shows of each thing (DESIGN 5), and how reasons are put into words. Pages use the same shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.model import Opinion, Page, Reason, TrackCard, Upload, User
from chalicelib.reason_model import PartLikeness
from chalicelib.recommend.reason_words import say_likeness, say_nearness, say_reason
from chalicelib.web import shapes
from chalicelib.web.shapes_uploads import PartsPlan
from chalicelib.web.urls import Urls
from chalicelib.workflows.list_history import PlayedTrack
from chalicelib.workflows.request_upload import UploadPermission
from chalicelib.workflows.send_parts import count_parts
from chalicelib.workflows.show_home import Offer, OfferedTrack

Fields = dict[str, Any]  # what shapes that extend one another share: checked by tests/web/test_presenters.py

_WITH_PREVIEW_S = 45.0  # shorter songs are previewed from their beginning: a passage is 30 s long


def present_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def present_track(track: TrackCard, urls: Urls) -> shapes.Track:
    return shapes.Track(**describe_track(track, urls))


def present_details(track: TrackCard, opinion: Opinion | None, urls: Urls) -> shapes.TrackDetails:
    return shapes.TrackDetails(**describe_track(track, urls), opinion=opinion)


def describe_track(track: TrackCard, urls: Urls) -> Fields:
    return {
        "track_id": track.track_id,
        "title": track.display_title,
        "artist": track.artist,
        "album": track.album,
        "genre": track.genre,
        "year": track.year,
        "duration_s": round(track.duration_s, 3),
        "preview_start_s": choose_preview_start(track),
        "cover_url": urls.cover(track.track_id) if track.cover_key else None,
        "audio_url": urls.audio(track.track_id),
    }


def choose_preview_start(track: TrackCard) -> float:
    """As it was found in the sound; a third into a song that was analysed before that was looked for."""
    if track.preview_start_s is not None:
        return round(track.preview_start_s, 3)
    return round(track.duration_s / 3, 3) if track.duration_s >= _WITH_PREVIEW_S else 0.0


def present_neighbour(
    track: TrackCard, *, distance: float, percentile: float, urls: Urls, parts: Sequence[PartLikeness] = ()
) -> shapes.Neighbour:
    """`parts`: nearest first."""
    nearest, farthest = (parts[0], parts[-1]) if parts else (None, None)
    return shapes.Neighbour(
        **describe_track(track, urls),
        distance=round(distance, 6),
        percentile=round(percentile, 2),
        text=say_closeness(percentile),
        nearest=present_part(nearest),
        farthest=present_part(farthest),
        likeness=say_likeness(nearest, farthest, percentile=percentile),
    )


def present_offer(offer: Offer, urls: Urls) -> shapes.Recommendations:
    return shapes.Recommendations(
        basis=offer.basis,
        items=tuple(present_offered(item, urls) for item in offer.items),
        generated_at=present_time(offer.generated_at),
        index_build=offer.index_build,
        arm=offer.arm,
    )


def present_offered(item: OfferedTrack, urls: Urls) -> shapes.Recommendation:
    return present_reasoned(item.track, item.score, item.reasons, urls)


def present_reasoned(track: TrackCard, score: float, reasons: Sequence[Reason], urls: Urls) -> shapes.Recommendation:
    told = tuple(present_reason(reason) for reason in reasons)
    return shapes.Recommendation(**describe_track(track, urls), score=round(score, 6), reasons=told)


def present_reason(reason: Reason) -> shapes.Reason:
    return shapes.Reason(
        track_id=reason.track_id,
        title=reason.display_title,
        artist=reason.artist,
        distance=round(reason.distance, 6),
        percentile=round(reason.percentile, 2),
        act=reason.act,
        event_id=reason.event_id,
        nearest=present_part(reason.nearest),
        farthest=present_part(reason.farthest),
        likeness=say_nearness(reason),
        text=say_reason(reason),
    )


def present_part(part: PartLikeness | None) -> shapes.PartLikeness | None:
    return None if part is None else shapes.PartLikeness(part=part.part, closeness=part.closeness, direction=part.direction)


def say_closeness(percentile: float) -> str:
    return f"Nearer than {math.floor(percentile)} % of all pairs of songs"


def present_played(played: PlayedTrack, urls: Urls) -> shapes.PlayedTrack:
    play = played.play
    return shapes.PlayedTrack(
        event_id=play.event_id,
        track_id=play.track_id,
        kind=play.kind,
        position_s=round(play.position_s, 3),
        occurred_at=present_time(play.occurred_at),
        track=present_track(played.track, urls) if played.track else None,
    )


def present_upload(upload: Upload) -> shapes.Upload:
    return shapes.Upload(**_describe_upload(upload))


def present_permission(permission: UploadPermission) -> shapes.UploadPermission:
    parts = permission.upload.parts
    plan = PartsPlan(part_bytes=parts.part_bytes, part_count=count_parts(parts)) if parts else None
    return shapes.UploadPermission(**_describe_upload(permission.upload), url=permission.url, fields=permission.fields, parts=plan)


def _describe_upload(upload: Upload) -> Fields:
    return {
        "upload_id": upload.upload_id,
        "key": upload.key,
        "filename": upload.key.rsplit("/", 1)[-1],
        "status": upload.status,
        "track_id": upload.track_id,
        "error_code": upload.error_code,
        "message": upload.message,
        "warnings": upload.warnings,
        "is_duplicate": upload.is_duplicate,
        "attempts": upload.attempts,
        "created_at": present_time(upload.created_at),
        "updated_at": present_time(upload.updated_at),
    }


def present_user(user: User) -> shapes.User:
    return shapes.User(user_id=user.user_id, username=user.username, created_at=present_time(user.created_at))


def group_listenings(page: Page[PlayedTrack]) -> list[tuple[PlayedTrack, tuple[str, ...]]]:
    """For people: the start and the end of one listening, which follow each other, are one row, with the ids of both; the later word (they
    come newest first) stands."""
    rows: list[tuple[PlayedTrack, tuple[str, ...]]] = []
    for played in page.items:
        play = played.play
        last, event_ids = rows[-1] if rows else (None, ())
        is_beginning = last is not None and last.play.track_id == play.track_id and last.play.kind != "start" and len(event_ids) == 1
        if last is not None and is_beginning and play.kind == "start":
            rows[-1] = (last, (*event_ids, play.event_id))
        else:
            rows.append((played, (play.event_id,)))
    return rows
