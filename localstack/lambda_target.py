"""What the poller delivers to: a Lambda function, and the queue for what the function will not take."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localstack.kafka_event import KafkaRecord, Partition, build_event, partition_of, read_failures


class TargetUnavailableError(Exception):
    """Lambda or SQS does not answer, or not yet (throttled, starting, not deployed): nobody's attempt was used."""


class LambdaTarget:
    def __init__(
        self, *, function_name: str, bootstrap_servers: str, on_failure_queue_url: str, lambda_client: Any, sqs_client: Any
    ) -> None:
        self._function_name = function_name
        self._bootstrap_servers = bootstrap_servers
        self._on_failure_queue_url = on_failure_queue_url
        self._lambda = lambda_client
        self._sqs = sqs_client

    def warm_up(self) -> None:
        """An invocation without records, so that the first listener does not wait for the function's imports. Best effort."""
        with contextlib.suppress(TargetUnavailableError):
            self.invoke([])

    def invoke(self, batch: Sequence[KafkaRecord]) -> dict[Partition, int] | None:
        """The lowest failed offset of each partition; None when the function failed as a whole."""
        event = build_event(batch, bootstrap_servers=self._bootstrap_servers)
        try:
            response = self._lambda.invoke(FunctionName=self._function_name, Payload=json.dumps(event).encode())
            payload = response["Payload"].read()
        except (BotoCoreError, ClientError, OSError) as exc:
            raise TargetUnavailableError(f"{self._function_name}: {exc}") from exc
        if response.get("FunctionError"):
            return None
        try:
            return read_failures(json.loads(payload or b"null"), batch)
        except ValueError:
            return None

    def bury(self, record: KafkaRecord, attempts: int) -> None:
        """Sends one message to the on-failure queue, in the shape of AWS's destinations, with the whole event as `payload`."""
        if not self._on_failure_queue_url:
            return
        message = self._describe(record, attempts)
        try:
            self._sqs.send_message(QueueUrl=self._on_failure_queue_url, MessageBody=json.dumps(message))
        except (BotoCoreError, ClientError) as exc:
            raise TargetUnavailableError(f"on-failure queue: {exc}") from exc

    def _describe(self, record: KafkaRecord, attempts: int) -> dict[str, Any]:
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".000Z"
        event = build_event([record], bootstrap_servers=self._bootstrap_servers)
        span = {"firstRecordOffset": str(record.offset), "lastRecordOffset": str(record.offset)}
        return {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": self._function_name,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": attempts,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": now,
            "KafkaBatchInfo": {
                "batchSize": 1,
                "bootstrapServers": self._bootstrap_servers,
                "payloadSize": len(json.dumps(event)),
                "recordsInfo": {partition_of(record).label: span},
            },
            "payload": event,
        }
