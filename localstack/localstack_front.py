"""A short address for LocalStack's API Gateway: `http://127.0.0.1:<port>/timbre/…` is `<LocalStack>/_aws/execute-api/<id>/timbre/…`. On AWS
the host name says which API is meant and the path begins with the stage; LocalStack's path form would put more before it, which no link
knows of. Everything else is LocalStack's: nothing is answered here but the redirection from `/`.

python -m localstack.localstack_front --port 8000 --target <file with the address>
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import signal
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from localstack.localstack_api import GATEWAY_STAGE

HOST = "127.0.0.1"
TIMEOUT_S = 60.0
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's own limit
OF_ONE_HOP = {
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "date",
    "server",
}


class Forwarder(BaseHTTPRequestHandler):
    """Reads the target anew for each request: a LocalStack that was restarted gives the API another id."""

    protocol_version = "HTTP/1.1"
    target_file: Path

    def forward(self) -> None:
        if self.path == "/" and self.command in ("GET", "HEAD"):
            self._answer(302, [("Location", f"/{GATEWAY_STAGE}/")], b"")
            return
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_BODY_BYTES:
            self.close_connection = True
            self._refuse(413, "Request Too Long")
            return
        body = self.rfile.read(size) if size else None
        try:
            self._answer(*self._ask(body))
        except (OSError, http.client.HTTPException, ValueError):
            self._refuse(502, "LocalStack does not answer")

    def _refuse(self, status: int, message: str) -> None:
        """In API Gateway's form, with an id to ask for as every answer has one."""
        headers = [("Content-Type", "application/json"), ("X-Request-Id", str(uuid.uuid4()))]
        self._answer(status, headers, json.dumps({"message": message}).encode())

    def _ask(self, body: bytes | None) -> tuple[int, list[tuple[str, str]], bytes]:
        """The path goes through as it came: escapes are the application's."""
        target = urlsplit(self.target_file.read_text("utf-8").strip())
        connection = http.client.HTTPConnection(target.hostname or HOST, target.port, timeout=TIMEOUT_S)
        with contextlib.closing(connection):
            connection.putrequest(self.command, target.path + self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in OF_ONE_HOP:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body)
            response = connection.getresponse()
            headers = [(name, value) for name, value in response.getheaders() if name.lower() not in OF_ONE_HOP]
            return response.status, headers, response.read()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(OSError):
                self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """LocalStack's log has every request."""


def make_server(port: int, target_file: Path) -> ThreadingHTTPServer:
    methods = {f"do_{method}": Forwarder.forward for method in METHODS}
    handler = type("TargetedForwarder", (Forwarder,), {"target_file": target_file, **methods})
    server = ThreadingHTTPServer((HOST, port), handler)
    server.daemon_threads = True
    return server


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--target", type=Path, required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    make_server(given.port, given.target).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
