"""The music bucket in S3: dropped audio, covers, presigned URLs. Etags are without their quotes, as in S3's events."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.errors import AudioError, StoreUnavailableError
from chalicelib.model import StoredObject
from chalicelib.storage.s3_errors import is_forbidden, is_missing, is_without_parts, translate_errors
from chalicelib.way_model import StoredPart

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

STORE = "the music bucket"
CHUNK_BYTES = 1 << 20


class S3MusicBucket:
    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @translate_errors(STORE)
    def head(self, key: str) -> StoredObject | None:
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as exc:
            if is_missing(exc):
                return None
            raise
        return StoredObject(key=key, etag=_strip_quotes(answer["ETag"]), size_bytes=answer["ContentLength"])

    @translate_errors(STORE)
    def download(self, key: str, to: Path, *, max_bytes: int) -> StoredObject | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as exc:
            if is_missing(exc):
                return None
            raise
        size_bytes = answer["ContentLength"]
        if size_bytes > max_bytes:
            answer["Body"].close()
            raise AudioError(f"The file has {size_bytes} bytes; {max_bytes} are allowed.", code="too_long")
        _write_body(answer, to)
        return StoredObject(key=key, etag=_strip_quotes(answer["ETag"]), size_bytes=size_bytes)

    @translate_errors(STORE)
    def put_cover(self, key: str, data: bytes, mime: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=mime)

    @translate_errors(STORE)
    def put_audio(self, key: str, source: Path) -> StoredObject:
        """In parts when it is large."""
        mime = mimetypes.guess_type(source.name)[0] or "application/octet-stream"
        self._client.upload_file(str(source), self._bucket, key, ExtraArgs={"ContentType": mime})
        stored = self.head(key)
        if stored is None:  # removed by another between the two calls
            raise StoreUnavailableError(STORE)
        return stored

    @translate_errors(STORE)
    def copy_from(self, bucket: str, key: str, to_key: str) -> bool:
        """In parts when it is larger than S3 copies at once."""
        try:
            self._client.copy({"Bucket": bucket, "Key": key}, self._bucket, to_key)
        except ClientError as exc:
            if is_missing(exc) or is_forbidden(exc):
                return False
            raise
        return True

    @translate_errors(STORE)
    def remove(self, key: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def list_uploads(self, *, prefix: str = "uploads/") -> Iterator[StoredObject]:
        """Without the empty objects that S3 consoles make for folders."""
        with translate_errors(STORE):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                for one in page.get("Contents", ()):
                    if not one["Key"].endswith("/"):
                        yield StoredObject(key=one["Key"], etag=_strip_quotes(one["ETag"]), size_bytes=one["Size"])

    @translate_errors(STORE)
    def presign_get(self, key: str, *, expires_s: int, mime: str | None = None) -> str:
        wanted = {"Bucket": self._bucket, "Key": key}
        if mime is not None:
            wanted["ResponseContentType"] = mime
        return self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=expires_s)

    @translate_errors(STORE)
    def presign_post(self, key: str, *, max_bytes: int, expires_s: int) -> tuple[str, dict[str, str]]:
        """The form must send the fields, then `Content-Type`, then `file` last."""
        post = self._client.generate_presigned_post(
            self._bucket,
            key,
            Conditions=[["content-length-range", 1, max_bytes], ["starts-with", "$Content-Type", "audio/"]],
            ExpiresIn=expires_s,
        )
        return post["url"], dict(post["fields"])

    @translate_errors(STORE)
    def begin_parts(self, key: str, *, mime: str) -> str:
        return self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=mime)["UploadId"]

    @translate_errors(STORE)
    def presign_part(self, key: str, multipart_id: str, *, number: int, size_bytes: int, expires_s: int) -> str:
        """The length is signed along: S3 takes no other."""
        wanted = {"Bucket": self._bucket, "Key": key, "UploadId": multipart_id, "PartNumber": number, "ContentLength": size_bytes}
        return self._client.generate_presigned_url("upload_part", Params=wanted, ExpiresIn=expires_s)

    @translate_errors(STORE)
    def list_parts(self, key: str, multipart_id: str) -> list[StoredPart] | None:
        pages = self._client.get_paginator("list_parts").paginate(Bucket=self._bucket, Key=key, UploadId=multipart_id)
        try:
            listed = [part for page in pages for part in page.get("Parts", ())]
        except ClientError as exc:
            if is_without_parts(exc):
                return None
            raise
        return [StoredPart(part["PartNumber"], _strip_quotes(part["ETag"]), part["Size"]) for part in listed]

    @translate_errors(STORE)
    def complete_parts(self, key: str, multipart_id: str, parts: Sequence[StoredPart]) -> bool:
        named = [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts]
        try:
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=multipart_id,
                MultipartUpload={"Parts": named},  # type: ignore[typeddict-item]
            )
        except ClientError as exc:
            if is_without_parts(exc):
                return False
            raise
        return True

    @translate_errors(STORE)
    def abort_parts(self, key: str, multipart_id: str) -> None:
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=multipart_id)
        except ClientError as exc:
            if not is_without_parts(exc):
                raise


def _write_body(answer: GetObjectOutputTypeDef, to: Path) -> None:
    """A connection that breaks raises: the body knows its length."""
    with to.open("wb") as file:
        for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
            file.write(chunk)


def _strip_quotes(etag: str) -> str:
    return etag.strip('"')
