"""An operator puts an earlier build back in force, at once and in every warm function: they all follow `current.json`. It is pinned there:
builds that only the catalogue's changes ask for do not replace it, until the operator lets go of it or builds by hand. What changed since
that build is its delta, as with any other.

What makes a repetition harmless: the same build, pinned again. All its files are fetched and checked before it is named, and it is held
against collection while that lasts.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from chalicelib.errors import ArtefactError, ConflictError, InvalidInputError, NotFoundError
from chalicelib.index.manifest import MANIFEST, Manifest, check_file, read_manifest
from chalicelib.log import log
from chalicelib.workflows import ports
from chalicelib.workflows.publish_index import CurrentBuild, decode_current, encode_current, write_current

TRIES = 5  # at current.json, which a build may swap meanwhile


def roll_back_index(build_id: str, *, index_builds: ports.IndexBuildStore, bucket: ports.IndexBucket, now: datetime) -> CurrentBuild:
    """NotFoundError (`build_not_found`) for one that is not there or no longer; ArtefactError where a file is missing or is not what was
    built; InvalidInputError (`build_failed`) for one that did not pass its gate. What is in force then stays."""
    build = index_builds.find(build_id)
    if build is None:
        raise NotFoundError(f"There is no index build {build_id}: `timbre indexes` lists them.", code="build_not_found")
    if build.status != "published":
        raise InvalidInputError(f"The build {build_id} did not pass its checks: {build.reason}", code="build_failed")
    if not index_builds.hold(build_id, now=now):
        raise NotFoundError(f"The files of the build {build_id} have been collected.", code="build_not_found")
    manifest, sha256 = _check_whole(build_id, bucket, expected_sha256=build.manifest_sha256)
    pinned = _swap(encode_current(manifest, manifest_sha256=sha256, published_at=now, is_pinned=True), bucket)
    index_builds.set_current(build_id, is_pinned=True)
    log.info("index_rolled_back", build_id=build_id, max_seq=manifest.max_seq)
    return pinned


def release_index(
    *, index_builds: ports.IndexBuildStore, bucket: ports.IndexBucket, build_queue: ports.BuildQueue, now: datetime
) -> CurrentBuild:
    """The pinned build stays in force until the next, which is asked for. NotFoundError (`build_not_found`) where none is pinned."""
    for _ in range(TRIES):
        found = bucket.read_current()
        current = decode_current(found[0]) if found is not None else None
        if found is None or current is None or not current.is_pinned:
            raise NotFoundError("No index build is pinned.", code="build_not_found")
        released = replace(current, is_pinned=False, published_at=now)
        try:
            write_current(released, bucket, expected_etag=found[1])
        except ConflictError:
            continue
        index_builds.set_current(current.build_id)
        build_queue.request_build(delay_s=0)
        log.info("index_released", build_id=current.build_id)
        return released
    raise ConflictError("Others keep putting builds in force: try again.", code="current_changed")


def _check_whole(build_id: str, bucket: ports.IndexBucket, *, expected_sha256: str | None) -> tuple[Manifest, str]:
    """One file at a time: the disk holds no more of a large build than its largest."""
    with tempfile.TemporaryDirectory(prefix="timbre-rollback-") as name:
        folder = Path(name)
        _fetch(build_id, MANIFEST, bucket, folder)
        manifest, sha256 = read_manifest(folder, expected_sha256=expected_sha256)
        if manifest.build_id != build_id:
            raise ArtefactError(f"The manifest of the build {build_id} is of another, {manifest.build_id}.")
        for file, facts in manifest.files.items():
            _fetch(build_id, file, bucket, folder)
            check_file(folder, file, facts)
            (folder / file).unlink()
    return manifest, sha256


def _fetch(build_id: str, name: str, bucket: ports.IndexBucket, folder: Path) -> None:
    try:
        bucket.fetch_file(build_id, name, folder / name)
    except NotFoundError as exc:
        raise ArtefactError(f"The build {build_id} has lost its file {name}: it cannot be put in force.") from exc


def _swap(content: bytes, bucket: ports.IndexBucket) -> CurrentBuild:
    for _ in range(TRIES):
        found = bucket.read_current()
        try:
            bucket.swap_current(content, expected_etag=found[1] if found is not None else None)
        except ConflictError:
            continue
        return decode_current(content)
    raise ConflictError("Others keep putting builds in force: try again.", code="current_changed")
