"""The two SQS queues as ports: asking for a build, announcing an object, and when a received message comes again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import ConfigError, StoreUnavailableError
from chalicelib.events.s3_events import FOUND_BY_US, OUTDATED
from chalicelib.log import log
from chalicelib.model import StoredObject

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_DELAY_S = 900  # SQS's own limit
LONGEST_VISIBILITY_S = 43_200


class SqsBuildQueue:
    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = _require_url(url, "BUILD_QUEUE_URL")

    def request_build(self, *, delay_s: int) -> None:
        """One message; those of a burst come together and are one build."""
        body = msgspec.json.encode({"reason": "catalogue_changed"}).decode()
        with _translate_faults("The build queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=min(max(delay_s, 0), LONGEST_DELAY_S))


class SqsUploadQueue:
    def __init__(self, client: SQSClient, url: str, bucket: str) -> None:
        self._client = client
        self._url = _require_url(url, "UPLOADS_QUEUE_URL")
        self._bucket = bucket

    def queue_object(self, stored: StoredObject) -> None:
        """The etag stands for the sequencer, which only S3 knows: the same object announced twice has one receipt."""
        with _translate_faults("The uploads queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=encode_notification(self._bucket, stored))

    def queue_reanalysis(self, track_id: str, stored: StoredObject) -> None:
        body = encode_notification(self._bucket, stored, event_name=OUTDATED, track_id=track_id)
        with _translate_faults("The uploads queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=body)


class SqsRedelivery:
    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def retry_after(self, receipt_handle: str, *, delay_s: int) -> None:
        with _translate_faults("The queue"):
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=min(max(delay_s, 0), LONGEST_VISIBILITY_S)
            )

    def send_again(self, body: str, *, delay_s: int) -> None:
        with _translate_faults("The queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=min(max(delay_s, 0), LONGEST_DELAY_S))


def encode_notification(bucket: str, stored: StoredObject, *, event_name: str = "ObjectCreated:Put", track_id: str | None = None) -> str:
    """What S3 would have sent: the key form-encoded, as S3 does it."""
    part = {"key": quote_plus(stored.key, safe="/"), "size": stored.size_bytes, "eTag": stored.etag, "sequencer": stored.etag}
    part |= {"trackId": track_id} if track_id is not None else {}
    record = {
        "eventVersion": "2.1",
        "eventSource": FOUND_BY_US,
        "eventName": event_name,
        "s3": {"bucket": {"name": bucket}, "object": part},
    }
    return msgspec.json.encode({"Records": [record]}).decode()


def _require_url(url: str, variable: str) -> str:
    if not url:
        raise ConfigError(f"{variable} is not set.")
    return url


@contextmanager
def _translate_faults(queue: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as exc:
        log.warning("queue_failed", queue=queue, reason=str(exc))
        raise StoreUnavailableError(queue) from exc
