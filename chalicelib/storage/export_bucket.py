"""Exports in the music bucket, under a prefix that nobody reads but by a presigned link and that its lifecycle rule empties daily. One
object for each user: another export takes its place, and an erasure knows where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from chalicelib.storage.s3_errors import translate_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STORE = "the music bucket"
PREFIX = "exports/"


class S3ExportBucket:
    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @translate_errors(STORE)
    def put(self, user_id: str, content: BinaryIO) -> None:
        self._client.put_object(Bucket=self._bucket, Key=_make_key(user_id), Body=content, ContentType="application/json")

    @translate_errors(STORE)
    def presign(self, user_id: str, *, filename: str, expires_s: int) -> str:
        wanted = {"Bucket": self._bucket, "Key": _make_key(user_id), "ResponseContentDisposition": f'attachment; filename="{filename}"'}
        return self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=expires_s)

    @translate_errors(STORE)
    def remove(self, user_id: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=_make_key(user_id))


def _make_key(user_id: str) -> str:
    return f"{PREFIX}{user_id}.json"
