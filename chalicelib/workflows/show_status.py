"""The state of the whole, in a few numbers, for the status page and `timbre status`."""

from __future__ import annotations

import msgspec

from chalicelib.model import IndexBuild
from chalicelib.workflows.ports import DeadLetterStore, IndexBuildStore, PlayStore, TrackStore, UploadStore


class SystemStatus(msgspec.Struct, frozen=True, kw_only=True):
    track_count: int
    uploads_by_status: dict[str, int]
    current_build: IndexBuild | None
    tracks_changed_since: bool
    plays_waiting: int
    dead_letter_count: int


def show_status(
    *, tracks: TrackStore, uploads: UploadStore, plays: PlayStore, index_builds: IndexBuildStore, dead_letters: DeadLetterStore
) -> SystemStatus:
    build = index_builds.current()
    return SystemStatus(
        track_count=tracks.count_active(),
        uploads_by_status=uploads.count_by_status(),
        current_build=build,
        tracks_changed_since=tracks.max_seq() > (build.max_seq if build else 0),
        plays_waiting=plays.count_unprocessed(),
        dead_letter_count=dead_letters.count(),
    )
