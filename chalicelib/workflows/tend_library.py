"""Every minute: the trash is emptied of what lay in it too long, and documents of older versions are brought up to this one.

What makes a repetition harmless: a track is claimed before its objects are touched, and then goes on being listed until the last of them
is gone. An object that is gone is removed again; whatever was uploaded again meanwhile makes the track active, and it is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.errors import NotFoundError
from chalicelib.log import log
from chalicelib.metrics import metrics
from chalicelib.workflows.ports import MusicBucket, TrackStore

PURGED_AT_ONCE = 100
MIGRATED_AT_ONCE = 500


def tend_library(
    *,
    tracks: TrackStore,
    music_bucket: MusicBucket,
    trash_ttl_s: int,
    clock: Callable[[], datetime],
    is_time_up: Callable[[], bool],
) -> None:
    """Ends when nothing is left to do, or when time is nearly up: the next minute goes on."""
    trashed_before = clock() - timedelta(seconds=trash_ttl_s)
    for track_id in tracks.trashed_before(trashed_before, limit=PURGED_AT_ONCE):
        if is_time_up():
            return
        purge_track(track_id, tracks=tracks, music_bucket=music_bucket, trashed_before=trashed_before, clock=clock)
    while not is_time_up() and (migrated := tracks.migrate(limit=MIGRATED_AT_ONCE)):
        log.info("tracks_migrated", track_count=migrated)


def purge_track(
    track_id: str, *, tracks: TrackStore, music_bucket: MusicBucket, trashed_before: datetime, clock: Callable[[], datetime]
) -> None:
    """The objects first, the track with the last of them: what is cut off half-way is begun anew by the next minute."""
    try:
        track = tracks.begin_purge(track_id, trashed_before=trashed_before, now=clock())
    except NotFoundError:  # brought back, or uploaded again, a moment ago
        return
    for stored in track.objects:
        music_bucket.remove(stored.key)
    if track.cover_key is not None and tracks.find(track_id) is None:
        music_bucket.remove(track.cover_key)
    for stored in track.objects:
        tracks.detach_object(stored.key, now=clock())
    metrics.count("TracksPurged")
    log.info("track_purged", track_id=track_id)
