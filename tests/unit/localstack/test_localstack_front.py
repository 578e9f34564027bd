"""The short address of LocalStack's API Gateway: what goes through unchanged, and what is answered when LocalStack is away."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from localstack.localstack_front import make_server


class Recorder(BaseHTTPRequestHandler):
    """In LocalStack's place: answers what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Set-Cookie", "a=1; Path=/timbre")
        self.send_header("Set-Cookie", "b=2; Path=/timbre")
        self.send_header("X-Asked", f"{self.path} {self.headers['Host']}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def gateway() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/_aws/execute-api/abc123"
    server.shutdown()
    server.server_close()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    target = tmp_path / "api-address"
    server = make_server(0, target)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port, target
    server.shutdown()
    server.server_close()


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body)
    answer = connection.getresponse()
    read = answer.status, answer.getheaders(), answer.read()
    connection.close()
    return read


def test_a_request_goes_through_with_its_escapes_its_host_and_its_body(front: tuple[int, Path], gateway: str) -> None:
    port, target = front
    target.write_text(gateway)
    status, headers, body = ask(port, "POST", "/timbre/tracks/a%2Fb?q=x%20y&q=2", b"\x00\xffbytes")
    assert (status, body) == (201, b"\x00\xffbytes")
    assert ("X-Asked", f"/_aws/execute-api/abc123/timbre/tracks/a%2Fb?q=x%20y&q=2 127.0.0.1:{port}") in headers
    assert [value for name, value in headers if name == "Set-Cookie"] == ["a=1; Path=/timbre", "b=2; Path=/timbre"]


def test_the_root_leads_to_the_stage(front: tuple[int, Path]) -> None:
    status, headers, _ = ask(front[0], "GET", "/")
    assert status == 302
    assert dict(headers)["Location"] == "/timbre/"


def test_an_api_that_was_deployed_anew_is_found_at_the_next_request(front: tuple[int, Path], gateway: str) -> None:
    port, target = front
    target.write_text("http://127.0.0.1:9/_aws/execute-api/gone")
    status, headers, body = ask(port, "POST", "/timbre/x", b"")
    assert (status, body) == (502, b'{"message": "LocalStack does not answer"}')
    assert len(dict(headers)["X-Request-Id"]) == 36
    target.write_text(gateway)
    assert ask(port, "POST", "/timbre/x", b"")[0] == 201
