"""A build of the index as it was, whether or not it is in force: for who wants to compare. Fetched and checked as the one in force is;
without the songs that came after it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.errors import NotFoundError
from chalicelib.index.catalogue import Catalogue
from chalicelib.index.manifest import MANIFEST, Space, read_manifest
from chalicelib.workflows import ports
from chalicelib.workflows.current_index import CurrentIndex
from chalicelib.workflows.index_build_ports import StoredBuild
from chalicelib.workflows.publish_index import encode_current


class PastIndex(CurrentIndex):
    """One build, for ever."""

    def __init__(self, build_id: str, bucket: ports.IndexBucket, folder: Path, *, space: Space) -> None:
        """NotFoundError (`build_not_found`), ArtefactError: which file is not as it was built."""
        super().__init__(_AsIfInForce(build_id, bucket), folder, refresh_s=float("inf"), space=space)
        self._load_current()  # now, and not at a first look that would hide why: there is no other build to go on with

    def open_catalogue(self, tracks: ports.TrackStore, now_monotonic: float | None = None) -> Catalogue | None:  # noqa: ARG002  # no delta
        index = self.get(now_monotonic)
        return None if index is None else Catalogue(index, {})


class _AsIfInForce:
    """The bucket, whose `current.json` names this build. Only read."""

    def __init__(self, build_id: str, bucket: ports.IndexBucket) -> None:
        self._bucket = bucket
        with tempfile.TemporaryDirectory(prefix="timbre-manifest-") as name:
            try:
                bucket.fetch_file(build_id, MANIFEST, Path(name) / MANIFEST)
            except NotFoundError as exc:
                raise NotFoundError(f"There is no index build {build_id}, or its files are gone.", code="build_not_found") from exc
            manifest, sha256 = read_manifest(Path(name))
        self._current = encode_current(manifest, manifest_sha256=sha256, published_at=datetime.now(UTC))

    def read_current(self) -> tuple[bytes, str]:
        return self._current, ""

    def fetch_file(self, build_id: str, name: str, to: Path) -> None:
        self._bucket.fetch_file(build_id, name, to)

    def presign_get(self, build_id: str, name: str, *, expires_s: int) -> str:
        return self._bucket.presign_get(build_id, name, expires_s=expires_s)

    def list_builds(self) -> Sequence[StoredBuild]:
        return self._bucket.list_builds()

    def publish_files(self, build_id: str, folder: Path) -> None:  # noqa: ARG002
        raise PermissionError("A past build is only read.")

    def swap_current(self, content: bytes, *, expected_etag: str | None) -> None:  # noqa: ARG002
        raise PermissionError("A past build is only read.")

    def remove_build(self, build_id: str) -> None:  # noqa: ARG002
        raise PermissionError("A past build is only read.")
