"""The index bucket in S3: the files of each build, and `current.json`, which names the build in force."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.index.manifest import MANIFEST
from chalicelib.storage.s3_errors import is_changed, is_missing, translate_errors
from chalicelib.workflows.index_build_ports import StoredBuild

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

STORE = "the index bucket"
CURRENT_KEY = "current.json"
PREFIX = "indexes/"
CHUNK_BYTES = 1 << 20


class S3IndexBucket:
    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @translate_errors(STORE)
    def publish_files(self, build_id: str, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                self._client.upload_file(str(path), self._bucket, _make_key(build_id, name))

    @translate_errors(STORE)
    def fetch_file(self, build_id: str, name: str, to: Path) -> None:
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=_make_key(build_id, name))["Body"]
        except ClientError as exc:
            if is_missing(exc):
                raise NotFoundError(f"The index build {build_id} has no file {name}.", code="build_not_found") from exc
            raise
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=to.parent, prefix=f".{to.name}.", delete=False) as file:
            beside = Path(file.name)
            try:
                for chunk in body.iter_chunks(CHUNK_BYTES):
                    file.write(chunk)
                file.close()
                beside.replace(to)  # a reader sees the old file or the whole new one
            finally:
                beside.unlink(missing_ok=True)

    @translate_errors(STORE)
    def read_current(self) -> tuple[bytes, str] | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=CURRENT_KEY)
        except ClientError as exc:
            if is_missing(exc):
                return None
            raise
        return answer["Body"].read(), answer["ETag"].strip('"')

    @translate_errors(STORE)
    def swap_current(self, content: bytes, *, expected_etag: str | None) -> None:
        try:
            self._put_current(content, expected_etag)
        except ClientError as exc:
            if not (is_changed(exc) or is_missing(exc)):
                raise
            # A write whose answer was lost is sent again by the client and then meets itself.
            present = self.read_current()
            if present is None or present[0] != content:
                raise ConflictError("Another build was published meanwhile.", code="current_changed") from exc

    def presign_get(self, build_id: str, name: str, *, expires_s: int) -> str:
        params = {"Bucket": self._bucket, "Key": _make_key(build_id, name)}
        return self._client.generate_presigned_url("get_object", Params=params, ExpiresIn=expires_s)

    @translate_errors(STORE)
    def list_builds(self) -> list[StoredBuild]:
        found: dict[str, StoredBuild] = {}
        for one in self._list(PREFIX):
            build_id = one["Key"].removeprefix(PREFIX).partition("/")[0]
            known = found.get(build_id, StoredBuild(build_id=build_id, file_count=0, size_bytes=0, changed_at=one["LastModified"]))
            found[build_id] = StoredBuild(
                build_id=build_id,
                file_count=known.file_count + 1,
                size_bytes=known.size_bytes + one["Size"],
                changed_at=max(known.changed_at, one["LastModified"]),
            )
        return sorted(found.values(), key=lambda build: (build.changed_at, build.build_id), reverse=True)

    @translate_errors(STORE)
    def remove_build(self, build_id: str) -> None:
        keys = [one["Key"] for one in self._list(_make_key(build_id, ""))]
        for key in sorted(keys, key=lambda key: not key.endswith(f"/{MANIFEST}")):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def _list(self, prefix: str) -> Iterator[ObjectTypeDef]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from page.get("Contents", ())

    def _put_current(self, content: bytes, expected_etag: str | None) -> None:
        put = partial(self._client.put_object, Bucket=self._bucket, Key=CURRENT_KEY, Body=content, ContentType="application/json")
        if expected_etag is None:
            put(IfNoneMatch="*")
        else:
            put(IfMatch=f'"{expected_etag}"')


def _make_key(build_id: str, name: str) -> str:
    return f"{PREFIX}{build_id}/{name}"
