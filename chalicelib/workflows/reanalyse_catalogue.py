"""A new feature version: the songs of older ones are analysed anew, a few at a time, in the background.

What makes it resumable: the tracks themselves. One that has the version is done; one that is asked for has a request beside it, which
says when it is asked for again. The walk through the others only remembers where it is, so as not to look at the same ones again, and is
walked anew until it finds none to ask for: wherever a process dies, the next minute goes on.

What keeps new uploads quick: no more than `at_once` songs are in the uploads queue and in work. Each that is done asks for the next, and
every minute makes up for what was lost. Analysing one is `reanalyse_track`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.metrics import metrics
from chalicelib.model import FEATURE_VERSION, DeadLetter, Track
from chalicelib.reanalysis_model import Reanalysis, ReanalysisRequest
from chalicelib.workflows import ports

LOOKED_AT = 100  # outdated songs in one go: those given up lie among them
LOOKS = 20  # in one call
SETTLED_AT_ONCE = 100
WAITS_S = (600.0, 3_600.0, 86_400.0)  # for an answer to each request; then none is made any more. The queue may be long
LOOK_AGAIN_S = 3_600.0  # for songs that come back from the trash with old numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Reanalysing:
    """The stores and settings of re-analysis. `at_once`: 0 asks for none."""

    tracks: ports.TrackStore
    reanalyses: ports.ReanalysisStore
    upload_queue: ports.UploadQueue
    build_queue: ports.BuildQueue
    dead_letters: ports.DeadLetterStore
    clock: Callable[[], datetime]
    at_once: int
    version: int = FEATURE_VERSION


def tend_reanalysis(reanalysing: Reanalysing, *, is_time_up: Callable[[], bool]) -> None:
    """Every minute. In a catalogue that is up to date: one look at an index, and after a re-analysis one an hour."""
    if reanalysing.at_once <= 0:
        return
    try:
        progress = _open_walk(reanalysing)
        while progress is not None and not is_time_up():
            _settle_overdue(reanalysing)
            ask_for_more(reanalysing)
            progress = _close_walk(reanalysing)
    except StoreUnavailableError as exc:  # the next minute goes on; nobody waits for it
        log.warning("reanalysis_put_off", reason=exc.message)


def ask_for_more(reanalysing: Reanalysing) -> int:
    """As many songs as there is room for; how many were asked for."""
    progress = reanalysing.reanalyses.progress()
    if progress is None or progress.version != reanalysing.version or progress.finished_at is not None:
        return 0
    room = reanalysing.at_once - reanalysing.reanalyses.count_waiting(reanalysing.version, limit=reanalysing.at_once)
    place, asked = progress.place, 0
    for _ in range(LOOKS):
        if asked >= room:
            break
        listed = reanalysing.tracks.list_outdated(reanalysing.version, after=place, limit=LOOKED_AT)
        if not listed:
            break
        known = reanalysing.reanalyses.known(listed, reanalysing.version)
        chosen = [track_id for track_id in listed if track_id not in known][: room - asked]
        is_filled = len(chosen) == room - asked
        place = chosen[-1] if is_filled else listed[-1]
        count = _request(chosen, reanalysing)
        reanalysing.reanalyses.advance(progress.version, progress.walk, place=place, asked=count)
        asked += count
    return asked


def give_up(track_id: str, *, reason: str, payload: str, attempts: int, reanalysing: Reanalysing) -> None:
    """The song stays as it is, with the numbers that it has; one letter says why, and is sent again by `timbre redrive uploads`."""
    version = reanalysing.version
    if not reanalysing.reanalyses.give_up(track_id, version, reason=reason):
        return
    reanalysing.dead_letters.add(
        DeadLetter(
            letter_id=f"reanalysis-{version}-{track_id}",
            source="uploads",
            payload=payload,
            reason=f"Re-analysis of {track_id} (version {version}): {reason}",
            attempts=attempts,
            created_at=reanalysing.clock(),
        )
    )
    metrics.count("TracksNotReanalysed")
    log.error("track_not_reanalysed", track_id=track_id, reason=reason)


def _open_walk(reanalysing: Reanalysing) -> Reanalysis | None:
    """The walk under way, or a new one where there are songs to walk through."""
    now, version = reanalysing.clock(), reanalysing.version
    progress = reanalysing.reanalyses.progress()
    if progress is not None and progress.version > version:  # a newer version of us is at work
        return None
    is_ours = progress is not None and progress.version == version
    if progress is not None and is_ours and progress.finished_at is None:
        return progress
    if progress is not None and is_ours and _seconds(progress.finished_at, now) < LOOK_AGAIN_S:
        return None
    has_news = progress is not None and is_ours and progress.has_news
    if not has_news and not reanalysing.tracks.list_outdated(version, after="", limit=1):
        return None
    walk = progress.walk + 1 if progress is not None and is_ours else 1
    return _begin_walk(walk, has_news=has_news, started_at=now, reanalysing=reanalysing)


def _begin_walk(walk: int, *, has_news: bool, started_at: datetime, reanalysing: Reanalysing) -> Reanalysis:
    song_count = reanalysing.tracks.count_active()
    done = max(0, song_count - reanalysing.tracks.count_outdated(reanalysing.version))
    progress = Reanalysis(
        version=reanalysing.version, song_count=song_count, done=done, walk=walk, has_news=has_news, started_at=started_at
    )
    reanalysing.reanalyses.save_progress(progress)
    log.info("reanalysis_walk_begun", version=reanalysing.version, walk=walk, song_count=song_count, done=done)
    return progress


def _close_walk(reanalysing: Reanalysing) -> Reanalysis | None:
    """The next walk, where this one is at its end and asked for something; None where there is nothing to do for now."""
    progress = reanalysing.reanalyses.progress()
    if progress is None or progress.version != reanalysing.version or progress.finished_at is not None:
        return None
    if reanalysing.reanalyses.count_waiting(reanalysing.version, limit=1):
        return None
    if reanalysing.tracks.list_outdated(reanalysing.version, after=progress.place, limit=1):
        return progress  # among many that were given up
    if progress.asked:
        return _begin_walk(progress.walk + 1, has_news=True, started_at=progress.started_at, reanalysing=reanalysing)
    _finish(progress, reanalysing)
    return None


def _finish(progress: Reanalysis, reanalysing: Reanalysing) -> None:
    """The build first: whoever dies in between does it again, and a build too many does nothing. Its `seq` makes it one that is worth
    while, as the songs themselves drew none."""
    if progress.has_news:
        reanalysing.tracks.draw_seq()
        reanalysing.build_queue.request_build(delay_s=0)
    failed = reanalysing.reanalyses.count_failed(reanalysing.version)
    reanalysing.reanalyses.save_progress(replace(progress, has_news=False, finished_at=reanalysing.clock()))
    log.info("reanalysis_finished", version=progress.version, song_count=progress.song_count, done=progress.done, failed=failed)


def _request(track_ids: list[str], reanalysing: Reanalysing) -> int:
    """The request first: its song may be through before we are back. How many were not asked for by another meanwhile."""
    found = reanalysing.tracks.find_many(track_ids)
    count = 0
    for track in found.values():
        due_at = reanalysing.clock() + timedelta(seconds=WAITS_S[0])
        if reanalysing.reanalyses.request(track.track_id, reanalysing.version, due_at=due_at):
            _queue(track, reanalysing)
            count += 1
    return count


def _queue(track: Track, reanalysing: Reanalysing) -> None:
    try:
        reanalysing.upload_queue.queue_reanalysis(track.track_id, track.objects[0])
    except StoreUnavailableError:
        reanalysing.reanalyses.forget(track.track_id)  # the next walk finds it
        raise


def _settle_overdue(reanalysing: Reanalysing) -> None:
    """Asked for long ago and not done: lost on the way, or overtaken by what became of the song."""
    overdue = reanalysing.reanalyses.overdue(reanalysing.version, now=reanalysing.clock(), limit=SETTLED_AT_ONCE)
    tracks = reanalysing.tracks.find_many([request.track_id for request in overdue])
    for request in overdue:
        _settle(request, tracks.get(request.track_id), reanalysing)


def _settle(request: ReanalysisRequest, track: Track | None, reanalysing: Reanalysing) -> None:
    if track is None or track.feature_version >= reanalysing.version:
        reanalysing.reanalyses.forget(request.track_id)
    elif request.attempts >= len(WAITS_S):
        payload = msgspec.json.encode({"track_id": request.track_id}).decode()
        reason = f"asked for {request.attempts} times, and no answer came"
        give_up(request.track_id, reason=reason, payload=payload, attempts=request.attempts, reanalysing=reanalysing)
    else:
        due_at = reanalysing.clock() + timedelta(seconds=WAITS_S[request.attempts])
        reanalysing.reanalyses.request_again(request.track_id, reanalysing.version, due_at=due_at)
        reanalysing.upload_queue.queue_reanalysis(request.track_id, track.objects[0])


def _seconds(since: datetime | None, now: datetime) -> float:
    return float("inf") if since is None else (now - since).total_seconds()
