"""Old builds of the index go, after each new one: only the last few are kept, to go back to. So go the files of builders that died before
they had published.

Never one that is in force or pinned, nor one that somebody is about to put in force, nor files so young that a builder may still be at
them or a reader, who has just read their name in `current.json`, may be fetching them. What makes a repetition harmless: what is gone is
gone, and a removal that broke off is finished by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.errors import ArtefactError
from chalicelib.log import log
from chalicelib.workflows import ports
from chalicelib.workflows.index_build_ports import StoredBuild
from chalicelib.workflows.publish_index import decode_current

LEFT_ALONE_FOR = timedelta(hours=1)  # longer than any upload or download of a build
FEWEST_KEPT = 2  # the one in force, and the one that a reader may have been sent to before
RECORDS_READ = 1_000


def collect_builds(
    *, index_builds: ports.IndexBuildStore, bucket: ports.IndexBucket, keep: int, clock: Callable[[], datetime]
) -> list[str]:
    """The ids of those whose files went. `keep`: how many published ones stay, at least two."""
    stored = bucket.list_builds()
    now = clock()
    candidates = [build for build in stored if now - build.changed_at > LEFT_ALONE_FOR]
    if not candidates:
        return []
    whole = {build.build_id for build in stored}
    recorded = {build.build_id: build for build in index_builds.list_newest(limit=RECORDS_READ)}
    published = [build.build_id for build in recorded.values() if build.status == "published" and build.build_id in whole]
    kept = set(published[: max(FEWEST_KEPT, keep)])
    in_force = _name_in_force(bucket)
    if in_force is None:
        return []
    collected = []
    for build in candidates:
        if build.build_id not in kept | {in_force} and _may_go(build, recorded.get(build.build_id) is not None, index_builds, now):
            bucket.remove_build(build.build_id)
            collected.append(build.build_id)
            log.info("index_build_collected", build_id=build.build_id, files=build.file_count, size_bytes=build.size_bytes)
    return collected


def _may_go(build: StoredBuild, is_recorded: bool, index_builds: ports.IndexBuildStore, now: datetime) -> bool:
    """Nobody can put one in force that is not recorded. One older than all records that are read is looked at again by itself."""
    if not is_recorded and index_builds.find(build.build_id) is None:
        return True
    return index_builds.begin_collection(build.build_id, held_before=now - LEFT_ALONE_FOR, now=now)


def _name_in_force(bucket: ports.IndexBucket) -> str | None:
    """None where nobody can tell: then nothing is taken away."""
    found = bucket.read_current()
    try:
        return decode_current(found[0]).build_id if found is not None else None
    except ArtefactError as exc:
        log.error("builds_not_collected", reason=exc.message)
        return None
