"""The builds of the index, newest first, and what each is good for now. What is in force is what `current.json` says; the records of the
builds may be behind it for a moment."""

from __future__ import annotations

from typing import Literal

import msgspec

from chalicelib.errors import ArtefactError
from chalicelib.log import log
from chalicelib.model import IndexBuild
from chalicelib.workflows import ports
from chalicelib.workflows.publish_index import CurrentBuild, decode_current

State = Literal["in force", "pinned", "kept", "collected", "failed"]


class ListedBuild(msgspec.Struct, frozen=True, kw_only=True):
    build: IndexBuild
    state: State
    size_bytes: int | None  # of what is in the bucket now


def list_indexes(*, index_builds: ports.IndexBuildStore, bucket: ports.IndexBucket, limit: int) -> list[ListedBuild]:
    current = _read_current(bucket)
    sizes = {stored.build_id: stored.size_bytes for stored in bucket.list_builds()}
    listed = []
    for build in index_builds.list_newest(limit=limit):
        is_current = current is not None and current.build_id == build.build_id
        state = tell_state(build, is_current=is_current, is_pinned=is_current and current is not None and current.is_pinned)
        is_lost = state == "kept" and build.build_id not in sizes
        listed.append(ListedBuild(build=build, state="collected" if is_lost else state, size_bytes=sizes.get(build.build_id)))
    return listed


def _read_current(bucket: ports.IndexBucket) -> CurrentBuild | None:
    """None where it cannot be read too: then the list is what an operator needs to put a build back."""
    found = bucket.read_current()
    try:
        return decode_current(found[0]) if found is not None else None
    except ArtefactError as exc:
        log.error("current_build_unreadable", reason=exc.message)
        return None


def tell_state(build: IndexBuild, *, is_current: bool, is_pinned: bool) -> State:
    if is_current:
        return "pinned" if is_pinned else "in force"
    if build.status == "failed":
        return "failed"
    return "collected" if build.collected_at is not None else "kept"
