"""The catalogue changed (or a schedule asks): build the index anew, once for a whole burst, and put it in force if it passes its gate.

What makes a repetition harmless: `max_seq`. A build that already covers every change is not built again. `current.json` is the truth;
what a builder that died half-way left open (receipts, the list of builds) the next message completes from it. The delta beside an index
and its opening are others' (`catalogue.py`, `current_index.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from chalicelib.errors import ArtefactError, ConflictError, LeaseHeldError, NotFoundError, StoreUnavailableError
from chalicelib.index.build import BuildPlan, BuiltIndex, build_artefact
from chalicelib.index.in_force import InForce
from chalicelib.index.manifest import MANIFEST, MAP, Manifest, check_file, read_manifest
from chalicelib.index.song_map import SongMap, decode_map
from chalicelib.index.space_fitting import PASSAGES_SAMPLED
from chalicelib.log import log
from chalicelib.metrics import metrics
from chalicelib.model import FEATURE_VERSION, IndexBuild
from chalicelib.workflows import ports
from chalicelib.workflows.build_schedule import is_build_due
from chalicelib.workflows.collect_builds import collect_builds
from chalicelib.workflows.publish_index import decode_current, publish_build, read_pinned
from chalicelib.workflows.scaler_in_force import read_in_force

LEASE = "index_build"
LEASE_BASE_S = 60.0  # how long a builder that was killed keeps the others waiting, in a small catalogue
LEASE_PER_TRACK_S = 0.001  # renewed after each step of a build: the longest, the trees, took 395 s for a million tracks
LEASE_RETRY_S = 5
UPLOADS_LOGGED = 1_000  # of one build, each by its id

Outcome = Literal["published", "unchanged", "nothing_active", "failed", "lease_held", "superseded", "put_off", "pinned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBuilding:
    """The stores of `rebuild_index`. `build_id` is new for each call and names the builder too."""

    tracks: ports.TrackStore
    passages: ports.PassageStore
    uploads: ports.UploadStore
    index_builds: ports.IndexBuildStore
    index_bucket: ports.IndexBucket
    leases: ports.LeaseStore
    build_queue: ports.BuildQueue
    clock: Callable[[], datetime]
    build_id: str
    build_delay_s: int
    builds_kept: int = 5  # to go back to


def rebuild_index(building: IndexBuilding, *, refit: bool = False, at_once: bool = False) -> Outcome:
    """One build, or the reason why there was none. `at_once` builds whatever has changed; else a large catalogue waits until there is
    enough of it (`build_schedule.py`): later messages and the schedule ask again. Where another builder is at work a later build is asked
    for: the message is done, so that waiting does not use up its deliveries. StoreUnavailableError: let it come again."""
    try:
        with _hold_lease(building):
            outcome = _rebuild(building, refit=refit, at_once=at_once or refit)
    except (LeaseHeldError, ConflictError) as exc:
        building.build_queue.request_build(delay_s=max(building.build_delay_s, LEASE_RETRY_S))
        outcome = "lease_held" if isinstance(exc, LeaseHeldError) else "superseded"
    log.info("index_rebuild_ended", outcome=outcome, build_id=building.build_id)
    metrics.count("IndexBuilds", outcome=outcome)
    return outcome


def _rebuild(building: IndexBuilding, *, refit: bool, at_once: bool) -> Outcome:
    current = _read_manifest_in_force(building.index_bucket)
    pinned = read_pinned(building.index_bucket)
    is_by_hand = refit or at_once
    if pinned is not None and not is_by_hand:
        log.info("index_pinned", build_id=pinned)
        return "pinned"
    max_seq = building.tracks.max_seq()  # before the vectors: what changes while they are read is in the next build's delta
    if current is not None and current.map is not None and not refit:  # older versions drew no map
        if current.max_seq == max_seq and pinned is None:
            _complete_bookkeeping(current, building)
            return "unchanged"
        if not at_once and not is_build_due(current, max_seq=max_seq, now=building.clock()):
            return "put_off"
    with tempfile.TemporaryDirectory(prefix="timbre-build-") as name:
        return _build_and_publish(Path(name) / "build", max_seq, building, refit=refit, current=current, is_by_hand=is_by_hand)


def _build_and_publish(
    folder: Path, max_seq: int, building: IndexBuilding, *, refit: bool, current: Manifest | None, is_by_hand: bool
) -> Outcome:
    started_at = building.clock()
    plan = BuildPlan(
        build_id=building.build_id,
        max_seq=max_seq,
        created_at=started_at,
        in_force=_read_in_force(building.index_bucket),
        refit=refit,
        map_before=_read_map(current, building.index_bucket),
        map_before_space=current.map.space if current is not None and current.map is not None else "mfcc",
        on_step=lambda _: _take_lease(building),
    )
    vectors = building.tracks.stream_vectors(feature_version=FEATURE_VERSION)
    passages = partial(building.passages.sample, feature_version=FEATURE_VERSION, limit=PASSAGES_SAMPLED)
    try:
        built = build_artefact(vectors, passages, folder, plan)
    except ArtefactError as exc:
        log.error("index_build_failed", build_id=building.build_id, reason=exc.message)
        building.index_builds.add(_describe_failure(max_seq, exc.message, started_at, building))
        return "failed"
    if built is None:
        # Removed tracks are dropped as they are read, so the old index, if any, stays right: an empty one is never published.
        return "nothing_active"
    _write_standardized(built, building.tracks)
    _take_lease(building)  # still ours? else whoever took it publishes
    outlived = current is not None and current.max_seq > max_seq  # read first, so only another database's build can be ahead
    replaces = current.build_id if current is not None and outlived else None
    published = publish_build(folder, building.index_bucket, now=building.clock(), replaces=replaces, may_unpin=is_by_hand)
    _note_published(built.manifest, building, manifest_sha256=published.manifest_sha256)
    _mark_indexed(published.max_seq, building)
    metrics.measure_seconds("IndexBuildSeconds", (building.clock() - started_at).total_seconds())
    metrics.gauge("IndexTracks", built.manifest.track_count)
    metrics.gauge("IndexRecall", built.manifest.recall_at_10)
    _collect(building)
    return "published"


def _collect(building: IndexBuilding) -> None:
    """The next build does what this one cannot."""
    try:
        collect_builds(index_builds=building.index_builds, bucket=building.index_bucket, keep=building.builds_kept, clock=building.clock)
    except StoreUnavailableError as exc:
        log.warning("builds_not_collected", reason=exc.message)


def _mark_indexed(max_seq: int, building: IndexBuilding) -> None:
    """Says of each receipt, by its id, that this build has it."""
    waiting = building.uploads.analysed_up_to(max_seq, limit=UPLOADS_LOGGED)
    upload_count = building.uploads.mark_indexed_up_to(max_seq, now=building.clock())
    for upload_id in waiting:
        log.info("upload_indexed", upload_id=upload_id, build_id=building.build_id)
    log.info("uploads_indexed", upload_count=upload_count, build_id=building.build_id)


def _write_standardized(built: BuiltIndex, tracks: ports.TrackStore) -> None:
    """The documents that lack them or have another scaler's; all of them when the scaler is new."""
    version = built.scaler.version
    written = tracks.write_standardized(
        (
            (track_id.decode(), tuple(row.tolist()))
            for track_id, row, known in zip(built.track_ids, built.standardized, built.scaler_versions, strict=True)
            if built.is_new_scaler or known != version
        ),
        scaler_version=version,
    )
    log.info("tracks_standardized", track_count=written, scaler_version=version)


def _complete_bookkeeping(current: Manifest, building: IndexBuilding) -> None:
    """What a builder that died after its swap did not get to; nothing, most times."""
    noted = building.index_builds.current()
    if noted is None or noted.build_id != current.build_id:
        _note_published(current, building, manifest_sha256=None)
    _mark_indexed(current.max_seq, building)


def _note_published(manifest: Manifest, building: IndexBuilding, *, manifest_sha256: str | None) -> None:
    building.index_builds.add(
        IndexBuild(
            build_id=manifest.build_id,
            status="published",
            is_current=False,  # one call below decides which is
            track_count=manifest.track_count,
            max_seq=manifest.max_seq,
            scaler_version=manifest.scaler_version,
            feature_version=manifest.feature_version,
            recall_at_10=manifest.recall_at_10,
            build_s=manifest.build_s,
            reason=None,
            created_at=manifest.created_at,
            spaces=tuple(manifest.spaces),
            size_bytes=sum(file.size_bytes for file in manifest.files.values()),
            manifest_sha256=manifest_sha256,
        )
    )
    building.index_builds.set_current(manifest.build_id)


def _describe_failure(max_seq: int, reason: str, started_at: datetime, building: IndexBuilding) -> IndexBuild:
    return IndexBuild(
        build_id=building.build_id,
        status="failed",
        is_current=False,
        track_count=building.tracks.count_active(),
        max_seq=max_seq,
        scaler_version=0,
        feature_version=FEATURE_VERSION,
        recall_at_10=None,
        build_s=(building.clock() - started_at).total_seconds(),
        reason=reason,
        created_at=started_at,
    )


def _read_manifest_in_force(bucket: ports.IndexBucket) -> Manifest | None:
    """None where nothing is in force, or what is cannot be read: a new build is the way out."""
    found = bucket.read_current()
    if found is None:
        return None
    try:
        current = decode_current(found[0])
        with tempfile.TemporaryDirectory(prefix="timbre-manifest-") as name:
            bucket.fetch_file(current.build_id, MANIFEST, Path(name) / MANIFEST)
            manifest, _ = read_manifest(Path(name), expected_sha256=current.manifest_sha256)
    except (ArtefactError, NotFoundError) as exc:
        log.error("index_in_force_unreadable", reason=exc.message)
        return None
    return manifest


def _read_map(current: Manifest | None, bucket: ports.IndexBucket) -> SongMap | None:
    """Where songs stood, so that they stay there. None where nothing says so: then the map is drawn anew."""
    if current is None or MAP not in current.files:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="timbre-map-") as name:
            bucket.fetch_file(current.build_id, MAP, Path(name) / MAP)
            check_file(Path(name), MAP, current.files[MAP])
            return decode_map((Path(name) / MAP).read_bytes())
    except (ArtefactError, NotFoundError) as exc:
        log.error("map_in_force_unreadable", reason=exc.message)
        return None


def _read_in_force(bucket: ports.IndexBucket) -> InForce:
    try:
        return read_in_force(bucket)
    except (ArtefactError, NotFoundError) as exc:
        log.error("scaler_unreadable", reason=exc.message)
        return InForce()


@contextmanager
def _hold_lease(building: IndexBuilding) -> Iterator[None]:
    _take_lease(building)
    try:
        yield
    finally:
        try:
            building.leases.release(LEASE, holder=building.build_id)
        except StoreUnavailableError as exc:  # it expires by itself
            log.warning("lease_not_released", reason=exc.message)


def _take_lease(building: IndexBuilding) -> None:
    """Takes or renews it, for as long as a build of this catalogue can take."""
    ttl_s = LEASE_BASE_S + building.tracks.count_active() * LEASE_PER_TRACK_S
    building.leases.acquire(LEASE, holder=building.build_id, ttl_s=ttl_s, now=building.clock())
