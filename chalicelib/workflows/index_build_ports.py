"""What builds of the index are kept by: the record of each, and the bucket that holds their files. Protocols, under the rules of
`ports.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from chalicelib.model import IndexBuild


class StoredBuild(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one build that are in the bucket, be it whole or not."""

    build_id: str
    file_count: int
    size_bytes: int
    changed_at: datetime  # of the youngest file


class IndexBuildStore(Protocol):
    def add(self, build: IndexBuild) -> None:
        """Again is the same: what is known of it beyond its making (in force, pinned, held, collected) stays."""

    def find(self, build_id: str) -> IndexBuild | None: ...

    def set_current(self, build_id: str, *, is_pinned: bool = False) -> None:
        """This one, and no other. NotFoundError (`build_not_found`) where it is not recorded."""

    def current(self) -> IndexBuild | None: ...

    def list_newest(self, *, limit: int) -> list[IndexBuild]: ...

    def hold(self, build_id: str, *, now: datetime) -> bool:
        """Somebody is about to put it in force: it is not collected for a while. False where its collection has begun, or it is not
        recorded. Of this and `begin_collection` one comes first and the other is told."""

    def begin_collection(self, build_id: str, *, held_before: datetime, now: datetime) -> bool:
        """False where it was held since `held_before`, or is in force. Again is True: what was begun may be finished."""


class IndexBucket(Protocol):
    """The index bucket: `indexes/<build_id>/…` and `current.json`. File names are relative to the build's folder, `/`-separated."""

    def publish_files(self, build_id: str, folder: Path) -> None:
        """Every file below the folder."""

    def fetch_file(self, build_id: str, name: str, to: Path) -> None:
        """NotFoundError where there is none. Written beside `to` and renamed into place."""

    def read_current(self) -> tuple[bytes, str] | None:
        """(content, etag) of current.json, or None."""

    def swap_current(self, content: bytes, *, expected_etag: str | None) -> None:
        """A conditional write (None: must not exist yet). ConflictError when somebody else was there first."""

    def presign_get(self, build_id: str, name: str, *, expires_s: int) -> str: ...

    def list_builds(self) -> Sequence[StoredBuild]:
        """All that have a file, the one that changed last first."""

    def remove_build(self, build_id: str) -> None:
        """All its files, the manifest before the others: what is left of a removal that broke off is no build. Again is no error."""
