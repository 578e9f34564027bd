"""The index in force, as this process knows it: follows `current.json`, keeps the last good build, never serves one that fails its checks.

Several processes may share the folder: builds arrive under names of their own and are renamed into place whole. Searching is `index`'s.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from pathlib import Path

from chalicelib.errors import ArtefactError, NotFoundError, StoreUnavailableError
from chalicelib.index import manifest as artefact
from chalicelib.index.artefact import open_index
from chalicelib.index.catalogue import Catalogue
from chalicelib.index.search import LoadedIndex
from chalicelib.log import log
from chalicelib.workflows import ports
from chalicelib.workflows.current_delta import CurrentDelta
from chalicelib.workflows.publish_index import decode_current

INCOMING = ".incoming-"
ABANDONED_AFTER_S = 3600.0  # a download this old was left by a process that died
FIRST_RETRY_S = 1.0  # before what failed is tried again; doubles each time, since a build that fails its checks is a large download
LONGEST_RETRY_S = 60.0
EARLIER_TRIED = 3  # builds that a process without any index looks at when the one in force is spoilt


class CurrentIndex:
    """Thread-safe. `get` costs nothing between looks, one small read at a look, a download when a new build is in force."""

    def __init__(self, bucket: ports.IndexBucket, folder: Path, *, refresh_s: float, space: artefact.Space = "timbre") -> None:
        """`space`: which one is fetched, opened and searched; `mfcc` where a build lacks it."""
        self._bucket = bucket
        self._space = space
        self._folder = folder
        self._refresh_s = refresh_s
        self._refreshing = threading.Lock()
        self._loaded: LoadedIndex | None = None
        self._loaded_sha256: str | None = None
        self._wanted_build: str | None = None
        self._next_look = float("-inf")
        self._failures = 0
        self._delta = CurrentDelta(refresh_s=refresh_s)

    def get(self, now_monotonic: float | None = None) -> LoadedIndex | None:
        """The newest good build known; None while nothing was ever published. StoreUnavailableError where there is one but it
        cannot be had, and no earlier one is at hand. One thread refreshes, the others go on with what is loaded."""
        now = time.monotonic() if now_monotonic is None else now_monotonic
        if now >= self._next_look and self._refreshing.acquire(blocking=self._loaded is None):
            try:
                if now >= self._next_look:  # else another thread was first
                    self._refresh(now)
            finally:
                self._refreshing.release()
        if self._loaded is None and self._failures:
            raise StoreUnavailableError("The index")
        return self._loaded

    def open_catalogue(self, tracks: ports.TrackStore, now_monotonic: float | None = None) -> Catalogue | None:
        """The index in force with what changed since its build; None while nothing was ever published."""
        index = self.get(now_monotonic)
        return None if index is None else self._delta.complete(index, tracks, now_monotonic)

    def _refresh(self, now: float) -> None:
        try:
            self._load_current()
        except (ArtefactError, NotFoundError, StoreUnavailableError, OSError) as exc:
            self._failures += 1
            retry_s = min(FIRST_RETRY_S * 2.0 ** (self._failures - 1), LONGEST_RETRY_S)
            self._next_look = now + max(retry_s, self._refresh_s)
            if self._loaded is None and isinstance(exc, ArtefactError | NotFoundError):
                self._load_earlier()
            log.error("index_refresh_failed", error=str(exc), failures=self._failures, retry_s=retry_s, keeps=self._name_loaded())
        else:
            self._failures = 0
            self._next_look = now + self._refresh_s

    def _load_current(self) -> None:
        found = self._bucket.read_current()
        if found is None:
            return  # as long as nobody published; a `current.json` that was removed takes no index away
        current = decode_current(found[0])
        if current.manifest_sha256 == self._loaded_sha256:
            return
        self._wanted_build = current.build_id
        self._loaded = self._open_build(current.build_id, manifest_sha256=current.manifest_sha256)
        self._loaded_sha256 = current.manifest_sha256
        self._remove_other_builds(current.build_id)
        log.info("index_loaded", build_id=current.build_id, tracks=len(self._loaded), space=self._loaded.space)
        if self._loaded.space != self._space:
            reason = self._loaded.manifest.timbre_missing_because
            log.info("feature_space_missing", wanted=self._space, serves=self._loaded.space, reason=reason)

    def _load_earlier(self) -> None:
        """In a new process, which has no last good build of its own: the youngest in the bucket that passes its checks. The one in force is
        tried again all the same, as nothing is noted of this one's hash."""
        try:
            others = [stored for stored in self._bucket.list_builds() if stored.build_id != self._wanted_build]
            for stored in others[:EARLIER_TRIED]:
                with contextlib.suppress(ArtefactError, NotFoundError):
                    self._loaded = self._open_build(stored.build_id)
                    return
        except (StoreUnavailableError, OSError) as exc:
            log.warning("earlier_index_not_loaded", error=str(exc))

    def _open_build(self, build_id: str, *, manifest_sha256: str | None = None) -> LoadedIndex:
        """From the folder, where this or another process has left it whole; else from the bucket."""
        place = self._folder / f"{build_id}.{self._space}"  # processes that serve another space have folders of their own
        try:
            return open_index(place, space=self._space, expected_manifest_sha256=manifest_sha256)
        except (ArtefactError, OSError):
            return self._fetch_build(build_id, place, manifest_sha256)

    def _fetch_build(self, build_id: str, place: Path, manifest_sha256: str | None) -> LoadedIndex:
        self._folder.mkdir(parents=True, exist_ok=True)
        incoming = Path(tempfile.mkdtemp(prefix=INCOMING, dir=self._folder))
        try:
            self._download(build_id, incoming, manifest_sha256)
            index = open_index(incoming, space=self._space, expected_manifest_sha256=manifest_sha256)
            _move_into_place(incoming, place)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return index

    def _download(self, build_id: str, into: Path, manifest_sha256: str | None) -> None:
        """The manifest first: nothing is fetched on the word of one that is not the expected. Then only what the space needs."""
        self._bucket.fetch_file(build_id, artefact.MANIFEST, into / artefact.MANIFEST)
        manifest, _ = artefact.read_manifest(into, expected_sha256=manifest_sha256)
        for name in artefact.list_served(artefact.choose_space(manifest, self._space)):
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            self._bucket.fetch_file(build_id, name, into / name)

    def _remove_other_builds(self, build_id: str) -> None:
        """Bounds the disk. Whoever has an old build open keeps its mapped files until it lets go of them."""
        for each in self._folder.iterdir():
            is_fresh_download = each.name.startswith(INCOMING) and _age_s(each) < ABANDONED_AFTER_S
            if each.name not in {f"{build_id}.{space}" for space in artefact.SPACES} and not is_fresh_download:
                shutil.rmtree(each, ignore_errors=True)

    def _name_loaded(self) -> str | None:
        return None if self._loaded is None else self._loaded.manifest.build_id


def _move_into_place(incoming: Path, place: Path) -> None:
    """What is there under the name was found wanting, or came from another process meanwhile: this copy is known to be good."""
    replaced = incoming.with_name(f"{incoming.name}-replaced")
    with contextlib.suppress(FileNotFoundError):
        place.rename(replaced)
        shutil.rmtree(replaced, ignore_errors=True)
    try:
        incoming.rename(place)
    except OSError:
        if not place.exists():
            raise  # not a race: the disk


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:  # another process took it away meanwhile
        return 0.0
