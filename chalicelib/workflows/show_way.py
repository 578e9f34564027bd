"""The way of a song: which steps an upload or a play has taken, and how long each took, from the times that were stored on the way.

A step whose times are not both known has no number; nor has one that would be negative, since the clocks of two hosts never quite agree.
Where a step lies between two clocks it says so. What is stored, and when, is the business of the workflows that do the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from chalicelib.model import Play, Upload
from chalicelib.way_model import Arrival
from chalicelib.workflows import ports

StepState = Literal["done", "now", "waiting", "failed"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    state: StepState
    detail: str  # for people: what happens there, and what is known of it
    duration_ms: float | None = None
    clocks: tuple[str, ...] = ()  # whose times the number comes from: two, and it holds as far as they agree


class Way(msgspec.Struct, frozen=True, kw_only=True):
    kind: Literal["upload", "play"]
    subject_id: str  # the upload's or the play's
    title: str
    track_id: str | None
    began_at: datetime
    steps: tuple[Step, ...]
    is_travelling: bool
    total_ms: float | None = None  # to where it has its effect: can be recommended, or is in the recommendations
    message: str | None = None  # why it failed


def show_way(user_id: str, *, uploads: ports.UploadStore, plays: ports.PlayStore, tracks: ports.TrackStore) -> Way | None:
    """Of what moved last of this user's. None before both."""
    moved = find_last_move(user_id, uploads=uploads, last_play=next(iter(plays.recent(user_id, limit=1)), None))
    found = tracks.find_cards([moved.track_id]) if moved is not None and moved.track_id else {}
    return trace_move(moved, {track_id: track.display_title for track_id, track in found.items()})


def find_last_move(user_id: str, *, uploads: ports.UploadStore, last_play: Play | None) -> Upload | Play | None:
    """The newest upload or the newest play."""
    upload = next(iter(uploads.list_for_user(user_id, limit=1).items), None)
    is_play = last_play is not None and (upload is None or last_play.heard_of_at > _last_move(upload))
    return last_play if is_play else upload


def trace_move(moved: Upload | Play | None, titles: Mapping[str, str]) -> Way | None:
    """`titles`: of its song, where that is there."""
    if moved is None:
        return None
    title = titles.get(moved.track_id or "", "")
    return trace_play(moved, title=title) if isinstance(moved, Play) else trace_upload(moved, title=title)


def trace_upload(upload: Upload, *, title: str = "") -> Way:
    times = _UploadTimes.of(upload)
    steps = (_step_bucket(upload, times), _step_queue(times), _step_mfcc(times), _step_mongodb(times), _step_index(upload, times))
    has_failed = upload.status == "failed"
    states = _tell_states(len(steps), done=_count_done(upload, times), is_failed=has_failed)
    return Way(
        kind="upload",
        subject_id=upload.upload_id,
        title=title or upload.key.rsplit("/", 1)[-1],
        track_id=upload.track_id,
        began_at=upload.created_at,
        steps=tuple(msgspec.structs.replace(step, state=state) for step, state in zip(steps, states, strict=True)),
        is_travelling=not has_failed and upload.status != "indexed",
        total_ms=None if has_failed else _measure(times.arrival.object_created_at, times.saved_at),
        message=upload.message if has_failed else None,
    )


def trace_play(play: Play, *, title: str = "") -> Way:
    arrival = play.arrival
    received_at = arrival.received_at if arrival else None
    is_done = play.processed_at is not None
    done = 4 if is_done else 1 if play.recorded_at or play.published_at else 0
    states = _tell_states(4, done=done, is_failed=False)
    steps = (
        Step(
            name="Play",
            state="waiting",
            detail="Noted in MongoDB, on disk",
            duration_ms=_measure(play.heard_of_at, play.recorded_at),
            clocks=("API",),
        ),
        _step_kafka(play, received_at),
        _step_annoy(play),
        Step(
            name="Home",
            state="waiting",
            detail="Songs ranked, list saved",
            duration_ms=_subtract(_measure(received_at, play.processed_at), play.search.duration_ms if play.search else 0.0),
            clocks=("recommend function",),
        ),
    )
    return Way(
        kind="play",
        subject_id=play.event_id,
        title=title,
        track_id=play.track_id,
        began_at=play.heard_of_at,
        steps=tuple(msgspec.structs.replace(step, state=state) for step, state in zip(steps, states, strict=True)),
        is_travelling=not is_done,
        total_ms=_measure(play.heard_of_at, play.processed_at),
    )


class _UploadTimes(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the attempt that counts: the one that made the track, else the latest."""

    arrival: Arrival
    downloaded_at: datetime | None = None
    analysed_at: datetime | None = None
    saved_at: datetime | None = None

    @classmethod
    def of(cls, upload: Upload) -> _UploadTimes:
        way = upload.way
        if way is None or upload.status in ("queued", "failed"):
            return cls(arrival=upload.arrival or Arrival())
        return cls(arrival=way.arrival, downloaded_at=way.downloaded_at, analysed_at=way.analysed_at, saved_at=way.saved_at)


def _step_bucket(upload: Upload, times: _UploadTimes) -> Step:
    return Step(
        name="Bucket",
        state="waiting",
        detail="Sent to S3",
        duration_ms=_measure(upload.created_at, times.arrival.object_created_at),
        clocks=("API", "S3"),
    )


def _step_queue(times: _UploadTimes) -> Step:
    """From the announcement to the function; on SQS's own clock, where SQS has told both."""
    arrival = times.arrival
    waited_ms = _measure(arrival.queued_at, arrival.first_received_at)
    detail = "Announced by SQS" if waited_ms is None else f"Announced by SQS, picked up after {_say(waited_ms)}"
    began_at = arrival.object_created_at or arrival.queued_at
    clocks = ("S3" if arrival.object_created_at else "SQS", "extract function")
    return Step(name="Queue", state="waiting", detail=detail, duration_ms=_measure(began_at, arrival.received_at), clocks=clocks)


def _step_mfcc(times: _UploadTimes) -> Step:
    read_ms = _measure(times.arrival.received_at, times.downloaded_at)
    detail = "Listened to: tags and MFCC" if read_ms is None else f"Read in {_say(read_ms)}, then tags and MFCC"
    duration_ms = _measure(times.arrival.received_at, times.analysed_at)
    return Step(name="MFCC", state="waiting", detail=detail, duration_ms=duration_ms, clocks=("extract function",))


def _step_mongodb(times: _UploadTimes) -> Step:
    return Step(
        name="MongoDB",
        state="waiting",
        detail="Saved: it can be found and recommended",
        duration_ms=_measure(times.analysed_at, times.saved_at),
        clocks=("extract function",),
    )


def _step_index(upload: Upload, times: _UploadTimes) -> Step:
    is_between = times.saved_at is not None and upload.indexed_at is None
    detail = "Recommended already; the next build takes it in" if is_between else "Built into the index"
    duration_ms = _measure(times.saved_at, upload.indexed_at)
    return Step(name="Index", state="waiting", detail=detail, duration_ms=duration_ms, clocks=("extract function", "build function"))


def _step_kafka(play: Play, received_at: datetime | None) -> Step:
    """From the disk to the function that Kafka hands it to; while it is on its way, the acknowledgement by all replicas is known."""
    acknowledged_ms = _measure(play.recorded_at, play.published_at)
    detail = (
        "Handed over by the topic plays" if acknowledged_ms is None else f"Acknowledged after {_say(acknowledged_ms)}, then handed over"
    )
    duration_ms = _measure(play.recorded_at, received_at)
    return Step(name="Kafka", state="waiting", detail=detail, duration_ms=duration_ms, clocks=("API", "recommend function"))


def _step_annoy(play: Play) -> Step:
    search = play.search
    detail = "The index is asked for songs nearby"
    if search is not None:
        detail = f"{search.candidates} songs nearby found"
    elif play.processed_at is not None:
        detail = "The index was not asked"
    duration_ms = search.duration_ms if search else None
    return Step(name="Annoy", state="waiting", detail=detail, duration_ms=duration_ms, clocks=("recommend function",))


def _count_done(upload: Upload, times: _UploadTimes) -> int:
    """By the status, which older receipts have without times. That the object is in the bucket is only known by who was told."""
    if upload.status in ("analysed", "indexed"):
        return 5 if upload.status == "indexed" else 4
    return 2 if times.arrival.received_at is not None else 0


def _tell_states(count: int, *, done: int, is_failed: bool) -> list[StepState]:
    current: StepState = "failed" if is_failed else "now"
    return ["done" if place < done else current if place == done else "waiting" for place in range(count)]


def _measure(start: datetime | None, end: datetime | None) -> float | None:
    """Milliseconds; None where one is not known, or where the clocks say that it ended before it began."""
    if start is None or end is None or end < start:
        return None
    return round((end - start).total_seconds() * 1000, 1)


def _subtract(whole_ms: float | None, part_ms: float) -> float | None:
    return None if whole_ms is None or whole_ms < part_ms else round(whole_ms - part_ms, 1)


def _say(duration_ms: float) -> str:
    return f"{duration_ms:.0f} ms" if duration_ms < 10_000 else f"{duration_ms / 1000:.0f} s"


def _last_move(upload: Upload) -> datetime:
    """By which it is compared with a play: the coming of a build, a minute later, is no news of the listener's."""
    if upload.way is not None:
        return upload.way.saved_at
    received_at = upload.arrival.received_at if upload.arrival else None
    return received_at or upload.created_at
