"""Lambda's Invoke and SQS's SendMessage over HTTP, for what delivers to a function: a poller with its own boto3 clients."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.config import Config

from localstack.lambda_target import LambdaTarget


class StubCrashedError(Exception):
    """Raised by an answer: the function crashed."""


class StubDownError(Exception):
    """Raised by an answer: Lambda itself answers 503."""


class StubAws:
    """One function and one queue: `answer` decides what an invocation returns."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.buried: list[dict[str, Any]] = []
        self.succeeded: list[str] = []
        self.answer: Callable[[dict[str, Any]], Any] = lambda _event: {"batchItemFailures": []}
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, answer = stub.respond(self.path, json.loads(body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def respond(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        if not path.startswith("/2015-03-31/functions/"):
            self.buried.append(json.loads(body["MessageBody"]))
            return 200, {"Content-Type": "application/x-amz-json-1.0"}, b'{"MessageId":"1"}'
        self.events.append(body)
        try:
            answer = self.answer(body)
        except StubCrashedError:
            return 200, {"X-Amz-Function-Error": "Unhandled"}, b'{"errorMessage":"boom"}'
        except StubDownError:
            return 503, {}, b"{}"
        self.succeeded += values_of(body)
        return 200, {}, json.dumps(answer).encode()

    def values(self) -> list[str]:
        """Every value that was delivered, in order of delivery."""
        return [text for event in list(self.events) for text in values_of(event)]

    def make_target(self, *, bootstrap_servers: str) -> LambdaTarget:
        return LambdaTarget(
            function_name="recommend",
            bootstrap_servers=bootstrap_servers,
            on_failure_queue_url=self.queue_url,
            lambda_client=self._make_client("lambda"),
            sqs_client=self._make_client("sqs"),
        )

    @property
    def queue_url(self) -> str:
        return f"{self.url}/000000000000/plays-dead"

    def _make_client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def values_of(event: dict[str, Any]) -> list[str]:
    return [base64.b64decode(record["value"]).decode() for records in event["records"].values() for record in records]
