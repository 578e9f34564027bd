"""API Gateway's Lambda integration: a proxy event goes to a function, its answer comes back; Lambda's limits and faults become what API
Gateway answers then. Knows no HTTP server.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from localstack.gateway_event import GatewayError

PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024  # Lambda's, each way; a binary body is in it as base64
CONNECT_TIMEOUT_S = 2.0
SPARE_S = 2.0  # the function's own limit ends it first
TIMED_OUT = "Task timed out"


def make_lambda_client(*, timeout_s: float, connections: int) -> Any:  # boto3's clients have no static type
    """Not tried again: whoever asked may have had an effect already."""
    import boto3

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=timeout_s + SPARE_S,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=connections,
    )
    return boto3.client("lambda", config=config)


class FunctionInvoker:
    """A proxy handler like the application itself, but for its GatewayError. Threads may share it."""

    def __init__(self, function_name: str, *, client: Any) -> None:
        self._function_name = function_name
        self._client = client

    def __call__(self, event: dict[str, Any], _context: object) -> dict[str, Any]:
        payload = json.dumps(event).encode()
        if len(payload) > PAYLOAD_LIMIT_BYTES:
            raise GatewayError(413, "too_large", "The request is too large: with its headers, 6 MB are allowed.")
        return self._read(*self._invoke(payload))

    def _invoke(self, payload: bytes) -> tuple[str, bytes]:
        try:
            response = self._client.invoke(FunctionName=self._function_name, Payload=payload)
            return response.get("FunctionError", ""), response["Payload"].read()
        except ReadTimeoutError as exc:
            raise _took_too_long("no answer from Lambda") from exc
        except ClientError as exc:
            raise _translate(exc) from exc
        except (BotoCoreError, OSError) as exc:
            raise GatewayError(502, "bad_gateway", "The application cannot be reached.", reason=f"{type(exc).__name__}: {exc}") from exc

    def _read(self, function_error: str, payload: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(payload or b"null")
        except ValueError as exc:
            raise _failed("its answer is no JSON") from exc
        if function_error:
            reason = str(answer.get("errorMessage", "")) if isinstance(answer, dict) else str(answer)
            raise _took_too_long(reason) if TIMED_OUT in reason else _failed(f"{function_error}: {reason}")
        if len(payload) > PAYLOAD_LIMIT_BYTES:
            raise _failed(f"its answer has {len(payload)} bytes")
        if not isinstance(answer, dict) or not isinstance(answer.get("statusCode"), int):
            raise _failed("its answer is not a proxy's")
        return answer


def _failed(reason: str) -> GatewayError:
    return GatewayError(502, "bad_gateway", "The application failed to answer.", reason=reason)


def _took_too_long(reason: str) -> GatewayError:
    return GatewayError(504, "gateway_timeout", "The application took too long to answer.", reason=reason)


def _translate(error: ClientError) -> GatewayError:
    code = error.response["Error"]["Code"]
    if code == "TooManyRequestsException":
        return GatewayError(503, "busy", "Too much is going on at the moment; please try again in a few seconds.", reason=code)
    if code == "RequestTooLargeException":
        return GatewayError(413, "too_large", "The request is too large: with its headers, 6 MB are allowed.", reason=code)
    return GatewayError(502, "bad_gateway", "The application cannot be reached.", reason=str(error))
