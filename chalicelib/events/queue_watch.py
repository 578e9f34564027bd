"""How full the queues are, and what lies in a dead-letter queue. The queues of a stage are named alike (`…-uploads`,
`…-uploads-dead-letters`): from the address of one the others follow.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import StoreUnavailableError
from chalicelib.log import log
from chalicelib.workflows.records import HeldMessage, QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

NAMES = ("uploads", "builds", "uploads-dead-letters", "builds-dead-letters", "plays-dead-letters")
DEAD_LETTERS_OF_UPLOADS = "uploads-dead-letters"
_HELD_S = 60


def name_queue_url(uploads_queue_url: str, name: str) -> str:
    """Empty where the uploads queue has no address, or one that does not follow the template."""
    return uploads_queue_url.removesuffix("uploads") + name if uploads_queue_url.endswith("uploads") else ""


class SqsQueueWatch:
    """The client has short time-outs and does not retry; all queues are asked at once."""

    def __init__(self, client: SQSClient, uploads_queue_url: str, *, timeout_s: float) -> None:
        self._client = client
        self._urls = {name: name_queue_url(uploads_queue_url, name) for name in NAMES}
        self._timeout_s = timeout_s

    def depths(self) -> list[QueueDepth]:
        pool = ThreadPoolExecutor(len(NAMES), thread_name_prefix="queues")
        asked = {name: pool.submit(self._ask, name, url) for name, url in self._urls.items()}
        wait(asked.values(), timeout=self._timeout_s)
        pool.shutdown(wait=False, cancel_futures=True)
        return [future.result() if future.done() else QueueDepth(name=name) for name, future in asked.items()]

    def _ask(self, name: str, url: str) -> QueueDepth:
        if not url:
            return QueueDepth(name=name)
        try:
            answer = self._client.get_queue_attributes(
                QueueUrl=url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        except (BotoCoreError, ClientError) as exc:
            log.info("queue_depth_unknown", queue=name, reason=str(exc))
            return QueueDepth(name=name)
        numbers = {key: int(value) for key, value in answer["Attributes"].items()}
        return QueueDepth(
            name=name,
            waiting=numbers.get("ApproximateNumberOfMessages"),
            in_flight=numbers.get("ApproximateNumberOfMessagesNotVisible"),
            delayed=numbers.get("ApproximateNumberOfMessagesDelayed"),
        )


class SqsDeadLetterQueue:
    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def receive(self) -> list[HeldMessage]:
        """None where there is no such queue's address."""
        if not self._url:
            return []
        try:
            answer = self._client.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, VisibilityTimeout=_HELD_S)
        except (BotoCoreError, ClientError) as exc:
            raise StoreUnavailableError("The dead-letter queue") from exc
        return [HeldMessage(message["ReceiptHandle"], message["Body"]) for message in answer.get("Messages", ())]

    def delete(self, receipt_handle: str) -> None:
        try:
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=receipt_handle)
        except (BotoCoreError, ClientError) as exc:
            raise StoreUnavailableError("The dead-letter queue") from exc

    def let_go(self, receipt_handle: str) -> None:
        try:
            self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=0)
        except (BotoCoreError, ClientError) as exc:
            raise StoreUnavailableError("The dead-letter queue") from exc
