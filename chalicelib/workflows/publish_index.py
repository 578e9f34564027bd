"""Publishes a build: all its files first, `current.json` last, by a conditional write. Owns the format of `current.json`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from chalicelib.errors import ArtefactError, ConflictError
from chalicelib.index.manifest import Manifest, check_files, read_manifest
from chalicelib.workflows import ports


class CurrentBuild(msgspec.Struct, frozen=True, kw_only=True):
    """Content of `current.json`: the build in force. The manifest's hash vouches for the hashes of all other files."""

    build_id: str
    manifest_sha256: str
    max_seq: int
    published_at: datetime
    is_pinned: bool = False  # put in force by hand (`roll_back_index`): only what is asked for by hand replaces it


def encode_current(manifest: Manifest, *, manifest_sha256: str, published_at: datetime, is_pinned: bool = False) -> bytes:
    return msgspec.json.encode(
        CurrentBuild(
            build_id=manifest.build_id,
            manifest_sha256=manifest_sha256,
            max_seq=manifest.max_seq,
            published_at=published_at,
            is_pinned=is_pinned,
        )
    )


def write_current(current: CurrentBuild, bucket: ports.IndexBucket, *, expected_etag: str) -> None:
    """ConflictError as `swap_current`."""
    bucket.swap_current(msgspec.json.encode(current), expected_etag=expected_etag)


def read_pinned(bucket: ports.IndexBucket) -> str | None:
    """The build that an operator has put in force, as long as they have not let go of it."""
    found = bucket.read_current()
    try:
        current = decode_current(found[0]) if found is not None else None
    except ArtefactError:
        return None
    return current.build_id if current is not None and current.is_pinned else None


def decode_current(content: bytes) -> CurrentBuild:
    """ArtefactError for anything but a `current.json` of ours."""
    try:
        current = msgspec.json.decode(content, type=CurrentBuild)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ArtefactError(f"current.json cannot be read: {exc}.") from exc
    if not current.build_id or "/" in current.build_id or current.build_id.startswith("."):
        raise ArtefactError(f"current.json names a build {current.build_id!r}, which is not a folder's name.")
    return current


def publish_build(
    folder: Path, bucket: ports.IndexBucket, *, now: datetime, replaces: str | None = None, may_unpin: bool = False
) -> CurrentBuild:
    """Checks the artefact in `folder` (as `build_artefact` left it), uploads its files, then names it in `current.json`.

    Idempotent by build id: the same files again, the same name again. ArtefactError where a file is not what its manifest says;
    ConflictError where a build of later changes is in force already (a builder that outlived its lease; not the build that `replaces`
    names), was swapped in meanwhile, or is pinned and this one `may_unpin` nothing.
    """
    manifest, manifest_sha256 = read_manifest(folder)
    check_files(folder, manifest)
    bucket.publish_files(manifest.build_id, folder)
    content = encode_current(manifest, manifest_sha256=manifest_sha256, published_at=now)
    bucket.swap_current(content, expected_etag=_find_etag_to_replace(bucket, manifest, replaces, may_unpin=may_unpin))
    return decode_current(content)


def _find_etag_to_replace(bucket: ports.IndexBucket, manifest: Manifest, replaces: str | None, *, may_unpin: bool) -> str | None:
    found = bucket.read_current()
    if found is None:
        return None
    content, etag = found
    try:
        current = decode_current(content)
    except ArtefactError:  # nobody can read it: replacing it is the way out
        return etag
    if current.is_pinned and not may_unpin:
        raise ConflictError(f"Build {current.build_id} was put in force by hand and is pinned.")
    if current.max_seq > manifest.max_seq and current.build_id != replaces:
        raise ConflictError(f"Build {current.build_id} holds later changes than {manifest.build_id} and is in force already.")
    return etag
