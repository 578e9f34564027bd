"""The two buckets in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from chalicelib.errors import AudioError, ConflictError, NotFoundError, StoreUnavailableError
from chalicelib.model import StoredObject
from chalicelib.way_model import StoredPart
from chalicelib.workflows.index_build_ports import StoredBuild
from tests.fakes.samples import NOW
from tests.fakes.switchable import Switchable, answering


class FakeMusicBucket(Switchable):
    store = "the music bucket"

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, bytes] = {}
        self.mimes: dict[str, str] = {}
        self.other_buckets: dict[str, dict[str, bytes]] = {}
        self.multiparts: dict[str, tuple[str, dict[int, bytes]]] = {}  # id → (key, parts by number)

    def put(self, key: str, data: bytes, mime: str = "audio/mpeg") -> StoredObject:
        """For tests: drops an object, as any S3 client would."""
        with self.lock:
            self.objects[key] = data
            self.mimes[key] = mime
            return _describe(key, data)

    @answering
    def head(self, key: str) -> StoredObject | None:
        return _describe(key, self.objects[key]) if key in self.objects else None

    @answering
    def download(self, key: str, to: Path, *, max_bytes: int) -> StoredObject | None:
        if key not in self.objects:
            return None
        data = self.objects[key]
        if len(data) > max_bytes:
            raise AudioError(f"The file has {len(data)} bytes; {max_bytes} are allowed.", code="too_long")
        to.write_bytes(data)
        return _describe(key, data)

    @answering
    def put_cover(self, key: str, data: bytes, mime: str) -> None:
        self.put(key, data, mime)

    @answering
    def put_audio(self, key: str, source: Path) -> StoredObject:
        return self.put(key, source.read_bytes())

    @answering
    def copy_from(self, bucket: str, key: str, to_key: str) -> bool:
        data = self.other_buckets.get(bucket, self.objects).get(key)
        if data is not None:
            self.put(to_key, data)
        return data is not None

    @answering
    def remove(self, key: str) -> None:
        self.objects.pop(key, None)
        self.mimes.pop(key, None)

    @answering
    def list_uploads(self, *, prefix: str = "uploads/") -> Iterator[StoredObject]:
        return iter([_describe(key, data) for key, data in sorted(self.objects.items()) if key.startswith(prefix) and key[-1] != "/"])

    @answering
    def presign_get(self, key: str, *, expires_s: int, mime: str | None = None) -> str:
        as_type = f"&response-content-type={quote(mime, safe='')}" if mime is not None else ""
        return f"http://music.invalid/{quote(key)}?X-Amz-Expires={expires_s}{as_type}"

    @answering
    def presign_post(self, key: str, *, max_bytes: int, expires_s: int) -> tuple[str, dict[str, str]]:
        return "http://music.invalid/", {"key": key, "policy": f"1..{max_bytes} for {expires_s} s", "x-amz-signature": "fake"}

    def put_part(self, multipart_id: str, number: int, data: bytes) -> None:
        """For tests: what a browser does by the presigned URL."""
        self.multiparts[multipart_id][1][number] = data

    @answering
    def begin_parts(self, key: str, *, mime: str) -> str:
        multipart_id = f"multipart-{len(self.multiparts) + 1}"
        self.multiparts[multipart_id] = (key, {})
        self.mimes[key] = mime
        return multipart_id

    @answering
    def presign_part(self, key: str, multipart_id: str, *, number: int, size_bytes: int, expires_s: int) -> str:
        return f"http://music.invalid/{quote(key)}?uploadId={multipart_id}&partNumber={number}&X-Amz-Expires={expires_s}"

    @answering
    def list_parts(self, key: str, multipart_id: str) -> list[StoredPart] | None:
        if self.multiparts.get(multipart_id, ("", {}))[0] != key:
            return None
        return [StoredPart(number, _hash(data), len(data)) for number, data in sorted(self.multiparts[multipart_id][1].items())]

    @answering
    def complete_parts(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> bool:
        if self.multiparts.get(multipart_id, ("", {}))[0] != key:
            return False
        _, stored = self.multiparts.pop(multipart_id)
        self.put(key, b"".join(stored[part.number] for part in parts), self.mimes[key])
        return True

    @answering
    def abort_parts(self, key: str, multipart_id: str) -> None:
        self.multiparts.pop(multipart_id, None)


class FakeSourceBucket(Switchable):
    """`breaks_after`: so many objects are listed before it is away."""

    store = "the source bucket"

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__()
        self.objects = objects
        self.breaks_after: int | None = None

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        listed = sorted(key for key in self.objects if key.startswith(prefix) and key > after and key[-1] != "/")
        for number, key in enumerate(listed):
            if number == self.breaks_after:
                raise StoreUnavailableError(self.store)
            yield _describe(key, self.objects[key])


class FakeIndexBucket(Switchable):
    store = "the index bucket"

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[tuple[str, str], bytes] = {}  # (build_id, name) → content
        self.changed: dict[str, datetime] = {}  # by build
        self.now = NOW
        self.current: bytes | None = None
        self.swaps = 0

    @answering
    def publish_files(self, build_id: str, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.files[build_id, path.relative_to(folder).as_posix()] = path.read_bytes()
                self.changed[build_id] = self.now

    @answering
    def fetch_file(self, build_id: str, name: str, to: Path) -> None:
        if (build_id, name) not in self.files:
            raise NotFoundError(f"The index build {build_id} has no file {name}.", code="build_not_found")
        to.parent.mkdir(parents=True, exist_ok=True)
        beside = to.with_name(f".{to.name}.part")
        beside.write_bytes(self.files[build_id, name])
        beside.replace(to)

    @answering
    def read_current(self) -> tuple[bytes, str] | None:
        return None if self.current is None else (self.current, _hash(self.current))

    @answering
    def swap_current(self, content: bytes, *, expected_etag: str | None) -> None:
        present = None if self.current is None else _hash(self.current)
        if self.current == content:
            return
        if present != expected_etag:
            raise ConflictError("Another build was published meanwhile.", code="current_changed")
        self.current = content
        self.swaps += 1

    @answering
    def list_builds(self) -> list[StoredBuild]:
        sizes: dict[str, list[int]] = {}
        for (build_id, _), content in self.files.items():
            sizes.setdefault(build_id, []).append(len(content))
        listed = [
            StoredBuild(build_id=each, file_count=len(of), size_bytes=sum(of), changed_at=self.changed.get(each, self.now))
            for each, of in sizes.items()
        ]
        return sorted(listed, key=lambda build: (build.changed_at, build.build_id), reverse=True)

    @answering
    def remove_build(self, build_id: str) -> None:
        self.files = {key: content for key, content in self.files.items() if key[0] != build_id}

    def presign_get(self, build_id: str, name: str, *, expires_s: int) -> str:
        # signed without asking anybody, so whether or not the bucket answers
        return f"http://index.invalid/indexes/{quote(build_id)}/{quote(name)}?X-Amz-Expires={expires_s}"


def _describe(key: str, data: bytes) -> StoredObject:
    return StoredObject(key=key, etag=_hash(data), size_bytes=len(data))


def _hash(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()  # S3's own etag of a single part
