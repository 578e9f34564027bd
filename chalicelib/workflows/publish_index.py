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


def encode_current(manifest: Manifest, *, manifest_sha256: str, published_at: datetime) -> bytes:
    return msgspec.json.encode(
        CurrentBuild(build_id=manifest.build_id, manifest_sha256=manifest_sha256, max_seq=manifest.max_seq, published_at=published_at)
    )


def decode_current(content: bytes) -> CurrentBuild:
    """ArtefactError for anything but a `current.json` of ours."""
    try:
        current = msgspec.json.decode(content, type=CurrentBuild)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ArtefactError(f"current.json cannot be read: {exc}.") from exc
    if not current.build_id or "/" in current.build_id or current.build_id.startswith("."):
        raise ArtefactError(f"current.json names a build {current.build_id!r}, which is not a folder's name.")
    return current


def publish_build(folder: Path, bucket: ports.IndexBucket, *, now: datetime, replaces: str | None = None) -> CurrentBuild:
    """Checks the artefact in `folder` (as `build_artefact` left it), uploads its files, then names it in `current.json`.

    Idempotent by build id: the same files again, the same name again. ArtefactError where a file is not what its manifest says;
    ConflictError where a build of later changes is in force already (a builder that outlived its lease; not the build that `replaces`
    names), or was swapped in meanwhile.
    """
    manifest, manifest_sha256 = read_manifest(folder)
    check_files(folder, manifest)
    bucket.publish_files(manifest.build_id, folder)
    content = encode_current(manifest, manifest_sha256=manifest_sha256, published_at=now)
    bucket.swap_current(content, expected_etag=_find_etag_to_replace(bucket, manifest, replaces))
    return decode_current(content)


def _find_etag_to_replace(bucket: ports.IndexBucket, manifest: Manifest, replaces: str | None) -> str | None:
    found = bucket.read_current()
    if found is None:
        return None
    content, etag = found
    try:
        current = decode_current(content)
    except ArtefactError:  # nobody can read it: replacing it is the way out
        return etag
    if current.max_seq > manifest.max_seq and current.build_id != replaces:
        raise ConflictError(f"Build {current.build_id} holds later changes than {manifest.build_id} and is in force already.")
    return etag
