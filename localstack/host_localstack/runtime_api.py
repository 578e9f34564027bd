"""AWS's Runtime API for one function process: what `awslambdaric` asks for its next invocation and tells the outcome. One server for each
process, so that a request of a process that died never takes an invocation from the next one.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True, slots=True)
class Invocation:
    request_id: str
    payload: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the function returned, or the error object with type, message and stack."""

    payload: bytes
    is_error: bool


def make_error(error_type: str, message: str) -> Answer:
    return Answer(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), is_error=True)


class InitError(Exception):
    """The function could not even be imported."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.payload.decode("utf-8", "replace"))
        self.answer = answer


class RuntimeApi:
    """`ready` is done once the process asks for work, or has said why it never will (InitError)."""

    def __init__(self) -> None:
        self.ready: Future[None] = Future()
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._outcome: tuple[str, Future[Answer]] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"api": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def submit(self, invocation: Invocation) -> Future[Answer]:
        """One at a time, as Lambda does."""
        outcome: Future[Answer] = Future()
        self._outcome = (invocation.request_id, outcome)
        self._waiting.put(invocation)
        return outcome

    def take(self) -> Invocation | None:
        """Blocks until there is work; None when there will be none any more."""
        with contextlib.suppress(InvalidStateError):
            self.ready.set_result(None)
        return self._waiting.get()

    def settle(self, request_id: str, answer: Answer) -> None:
        """The first word counts; of an invocation that is over, nothing does."""
        if self._outcome is not None and self._outcome[0] == request_id:
            with contextlib.suppress(InvalidStateError):
                self._outcome[1].set_result(answer)

    def fail(self, answer: Answer) -> None:
        """The process is gone or useless: whoever waits for it is told."""
        with contextlib.suppress(InvalidStateError):
            self.ready.set_exception(InitError(answer))
        if self._outcome is not None:
            self.settle(self._outcome[0], answer)

    def close(self) -> None:
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection of the process. `api` is set on a subclass for each server."""

    api: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        invocation = self.api.take()
        if invocation is None:
            self._answer(410, b"{}", {})
        else:
            self._answer(200, invocation.payload, invocation.headers)

    def do_POST(self) -> None:
        body = self._read_body()
        parts = self.path.removeprefix(PREFIX).split("/")
        if parts == ["init", "error"]:
            self.api.fail(Answer(body, is_error=True))
        elif len(parts) == 3 and parts[0] == "invocation":
            self.api.settle(parts[1], Answer(body, is_error=parts[2] == "error"))
        self._answer(202, b"{}", {})

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """The terminal is LocalStack's."""
