"""The state of the whole, in a few numbers, for the status page and `timbre status`. Who may see what of it is the callers' business."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from chalicelib.model import DeadLetter, IndexBuild
from chalicelib.workflows.operator_ports import LagWatch, QueueWatch
from chalicelib.workflows.ports import DeadLetterStore, IndexBuildStore, PlayStore, ReanalysisStore, TrackStore, UploadStore
from chalicelib.workflows.records import ConsumerLag, QueueDepth

EFFECTS_LOOKED_AT = 100
LETTERS_SHOWN = 5
BUILDS_SHOWN = 8


class PlayLatency(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from a play to its recommendations, of the plays that took effect last."""

    play_count: int
    median_s: float
    p95_s: float


class ReanalysisStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Songs of an older feature version, analysed anew in the background."""

    version: int
    song_count: int
    done: int
    failed: int  # keep the numbers that they had
    is_finished: bool


class SystemStatus(msgspec.Struct, frozen=True, kw_only=True):
    track_count: int
    uploads_by_status: dict[str, int]
    current_build: IndexBuild | None
    newest_builds: list[IndexBuild]
    index_age_s: float | None
    tracks_changed_since: bool
    plays_waiting: int
    oldest_play_waits_s: float | None
    play_to_recommendation: PlayLatency | None
    consumer_lag: ConsumerLag
    queues: list[QueueDepth]
    dead_letter_count: int
    newest_dead_letters: list[DeadLetter]
    reanalysis: ReanalysisStatus | None  # None: there never was one


def show_status(
    *,
    tracks: TrackStore,
    uploads: UploadStore,
    plays: PlayStore,
    index_builds: IndexBuildStore,
    dead_letters: DeadLetterStore,
    reanalyses: ReanalysisStore,
    queue_watch: QueueWatch,
    lag_watch: LagWatch,
    now: datetime,
) -> SystemStatus:
    """The broker and the queues are asked while the database is: both may take their time to find that nobody answers."""
    pool = ThreadPoolExecutor(2, thread_name_prefix="status")
    lag, depths = pool.submit(lag_watch.measure), pool.submit(queue_watch.depths)
    pool.shutdown(wait=False)
    build = index_builds.current()
    oldest = plays.oldest_unprocessed()
    return SystemStatus(
        track_count=tracks.count_active(),
        uploads_by_status=uploads.count_by_status(),
        current_build=build,
        newest_builds=index_builds.list_newest(limit=BUILDS_SHOWN),
        index_age_s=None if build is None else _seconds_since(build.created_at, now),
        tracks_changed_since=tracks.max_seq() > (build.max_seq if build else 0),
        plays_waiting=plays.count_unprocessed(),
        oldest_play_waits_s=None if oldest is None else _seconds_since(oldest, now),
        play_to_recommendation=summarize_effects(plays.newest_effects(limit=EFFECTS_LOOKED_AT)),
        consumer_lag=lag.result(),
        queues=depths.result(),
        dead_letter_count=dead_letters.count(),
        newest_dead_letters=dead_letters.list_newest(limit=LETTERS_SHOWN),
        reanalysis=read_reanalysis(reanalyses),
    )


def read_reanalysis(reanalyses: ReanalysisStore) -> ReanalysisStatus | None:
    progress = reanalyses.progress()
    if progress is None:
        return None
    return ReanalysisStatus(
        version=progress.version,
        song_count=progress.song_count,
        done=min(progress.done, progress.song_count),
        failed=reanalyses.count_failed(progress.version),
        is_finished=progress.finished_at is not None,
    )


def summarize_effects(seconds: Sequence[float]) -> PlayLatency | None:
    """By nearest rank: both are times that were measured."""
    if not seconds:
        return None
    ranked = sorted(seconds)
    return PlayLatency(play_count=len(ranked), median_s=_at_rank(ranked, 0.5), p95_s=_at_rank(ranked, 0.95))


def _at_rank(ranked: Sequence[float], share: float) -> float:
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def _seconds_since(at: datetime, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds())
