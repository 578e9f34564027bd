"""A song is taken down by its uploader or an operator: its objects are removed, and their removal, announced by S3, takes the track
out of the catalogue and the index (`ingest_track`).
"""

from __future__ import annotations

from chalicelib.errors import NotAllowedError, NotFoundError
from chalicelib.model import Track, User
from chalicelib.workflows.ports import MusicBucket, TrackStore, UploadStore


def delete_track(user: User, track_id: str, *, tracks: TrackStore, uploads: UploadStore, bucket: MusicBucket) -> None:
    track = tracks.find(track_id)
    if track is None:
        raise NotFoundError("There is no such track.", code="track_not_found")
    if not may_delete(user, track, uploads=uploads):
        raise NotAllowedError("Only the person who uploaded a song, or an operator, may remove it.")
    for stored in track.objects:
        bucket.remove(stored.key)


def may_delete(user: User, track: Track, *, uploads: UploadStore) -> bool:
    """An operator, or the one user behind all of the track's objects."""
    if "operator" in user.roles:
        return True
    receipts = [uploads.find_by_key(stored.key) for stored in track.objects]
    return bool(receipts) and all(receipt is not None and receipt.user_id == user.user_id for receipt in receipts)
