"""Somebody's bucket in S3, listed by key from where a backfill has come to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.model import StoredObject
from chalicelib.storage.s3_errors import translate_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3SourceBucket:
    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        """Without the empty objects that S3 consoles make for folders."""
        with translate_errors(f"The bucket {self._bucket}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, StartAfter=after)
            for page in pages:
                for one in page.get("Contents", ()):
                    if not one["Key"].endswith("/"):
                        yield StoredObject(key=one["Key"], etag=one["ETag"].strip('"'), size_bytes=one["Size"])
