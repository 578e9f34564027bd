"""A song's tags are edited, it is taken down, or brought back: by the one who uploaded it, or an operator.

Taking down is moving to the trash: at once out of everything that listeners see, and for a while it can be brought back. What lay there
too long is removed for good by `tend_library`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from chalicelib.audio.tag_text import MAX_TEXT_LENGTH, clean_text
from chalicelib.errors import InvalidInputError, NotAllowedError, NotFoundError
from chalicelib.model import Tags, Track, User
from chalicelib.workflows.permissions import may
from chalicelib.workflows.ports import TrackStore, UploadStore

EARLIEST_YEAR, LATEST_YEAR = 1500, 2199  # as in files
GREATEST_TRACK_NUMBER = 9999


class TagChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; empty text takes a tag away. What is not said stays."""

    title: str | msgspec.UnsetType = msgspec.UNSET
    artist: str | msgspec.UnsetType | None = msgspec.UNSET
    album: str | msgspec.UnsetType | None = msgspec.UNSET
    album_artist: str | msgspec.UnsetType | None = msgspec.UNSET
    genre: str | msgspec.UnsetType | None = msgspec.UNSET
    year: int | msgspec.UnsetType | None = msgspec.UNSET
    track_number: int | msgspec.UnsetType | None = msgspec.UNSET


def edit_track(user: User, track_id: str, changes: TagChanges, *, tracks: TrackStore, uploads: UploadStore, now: datetime) -> Track:
    """InvalidInputError for tags that no song can have. What others change meanwhile stays as they have it."""

    def edit(track: Track) -> Tags | None:
        require_permission(user, track, uploads=uploads)
        tags = _apply(changes, track)
        return tags if tags != read_tags(track) else None

    return tracks.edit_tags(track_id, edit, now=now)


def delete_track(user: User, track_id: str, *, tracks: TrackStore, uploads: UploadStore, now: datetime) -> Track:
    """Again is the same: what is in the trash already stays there, and its time goes on."""
    permit = partial(require_permission, user, uploads=uploads)
    try:
        return tracks.move_to_trash(track_id, now=now, permit=permit)
    except NotFoundError:
        return _permitted(tracks.find_in_trash(track_id), permit)


def restore_track(user: User, track_id: str, *, tracks: TrackStore, uploads: UploadStore, trash_ttl_s: int, now: datetime) -> Track:
    """NotFoundError when it is too late. Of a song that is there it is the song."""
    permit = partial(require_permission, user, uploads=uploads)
    try:
        return tracks.restore(track_id, trashed_after=now - timedelta(seconds=trash_ttl_s), now=now, permit=permit)
    except NotFoundError:
        if (track := tracks.find(track_id)) is not None:
            return _permitted(track, permit)
        _permitted(tracks.find_in_trash(track_id), permit)
        raise


def may_change(user: User, track: Track, *, uploads: UploadStore) -> bool:
    """An operator, or the one uploader behind all of the track's objects."""
    if may(user, "change_any_song"):
        return True
    if not may(user, "upload"):
        return False
    receipts = [uploads.find_by_key(stored.key) for stored in track.objects]
    return bool(receipts) and all(receipt is not None and receipt.user_id == user.user_id for receipt in receipts)


def require_permission(user: User, track: Track, *, uploads: UploadStore) -> None:
    if not may_change(user, track, uploads=uploads):
        raise NotAllowedError("Only the person who uploaded a song, or an operator, may change or remove it.")


def read_tags(track: Track) -> Tags:
    return Tags(
        title=track.display_title,
        artist=track.artist,
        album=track.album,
        album_artist=track.album_artist,
        genre=track.genre,
        year=track.year,
        track_number=track.track_number,
    )


def _apply(changes: TagChanges, track: Track) -> Tags:
    said = {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not msgspec.UNSET}
    clean = {name: _clean(name, value) if isinstance(value, str) else value for name, value in said.items()}
    tags = msgspec.structs.replace(read_tags(track), **clean)
    if not tags.title:
        raise InvalidInputError("A song needs a title.")
    _check_range("year", tags.year, EARLIEST_YEAR, LATEST_YEAR)
    _check_range("track number", tags.track_number, 1, GREATEST_TRACK_NUMBER)
    return tags


def _clean(name: str, text: str) -> str | None:
    """As tags of files are: no control characters, no blanks around."""
    if len(text) > MAX_TEXT_LENGTH:
        raise InvalidInputError(f"The {name.replace('_', ' ')} may have at most {MAX_TEXT_LENGTH} characters, got {len(text)}.")
    return clean_text(text)


def _check_range(name: str, value: int | None, least: int, greatest: int) -> None:
    if value is not None and not least <= value <= greatest:
        raise InvalidInputError(f"The {name} must be from {least} to {greatest}, got {value}.")


def _permitted(track: Track | None, permit: Callable[[Track], None]) -> Track:
    if track is None:
        raise NotFoundError("There is no such track.", code="track_not_found")
    permit(track)
    return track
