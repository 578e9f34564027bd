"""What the poller delivers to: a Lambda function, and the queue for what the function will not take."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localstack.backlog import Discard
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

    def bury(self, discard: Discard) -> None:
        """Tells the on-failure queue of one message, in AWS's words: where it lies and why it was given up, not what it says."""
        if not self._on_failure_queue_url:
            return
        message = describe_discard(discard, function_arn=self._function_arn(), bootstrap_servers=self._bootstrap_servers)
        try:
            self._sqs.send_message(QueueUrl=self._on_failure_queue_url, MessageBody=json.dumps(message))
        except (BotoCoreError, ClientError) as exc:
            raise TargetUnavailableError(f"on-failure queue: {exc}") from exc

    def _function_arn(self) -> str:
        """The mapping names the function; its account is that of the queue."""
        account = self._on_failure_queue_url.split("/")[-2]
        return f"arn:aws:lambda:{self._lambda.meta.region_name}:{account}:function:{self._function_name}"


def describe_discard(discard: Discard, *, function_arn: str, bootstrap_servers: str) -> dict[str, Any]:
    """AWS's invocation record for SQS and SNS destinations. The whole event as `payload` is for S3 and Kafka destinations only."""
    record = discard.record
    time = format_time(datetime.fromtimestamp(record.timestamp / 1000, UTC))
    span = {"firstRecordOffset": str(record.offset), "lastRecordOffset": str(record.offset)}
    was_invoked = discard.condition == "RetryAttemptsExhausted"
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": function_arn,
            "condition": discard.condition,
            "approximateInvokeCount": discard.attempts,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"} if was_invoked else None,
        "version": "1.0",
        "timestamp": format_time(datetime.now(UTC)),
        "KafkaBatchInfo": {
            "batchSize": 1,
            "bootstrapServers": bootstrap_servers,
            "payloadSize": len(json.dumps(build_event([record], bootstrap_servers=bootstrap_servers))),
            "recordsInfo": {partition_of(record).label: {**span, "firstRecordTimestamp": time, "lastRecordTimestamp": time}},
        },
    }


def format_time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
