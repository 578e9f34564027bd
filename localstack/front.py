"""API Gateway's part on one machine: a threaded HTTP server on loopback that hands each request as a proxy event to `app`, or to the
Lambda function that `--invoke` names. The routes are `app`'s in both cases.

python -m localstack.front --port 8000 [--invoke FUNCTION]
"""

from __future__ import annotations

import argparse
import html
import json
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from http.client import responses
from typing import Any

import waitress
from chalice import Chalice

from localstack.function_invoker import FunctionInvoker, make_lambda_client
from localstack.gateway_event import GatewayError, HttpRequest, HttpResponse, RouteTable, build_event, read_answer

THREADS = 16
INVOKING_THREADS = 8  # each can cost the emulator a process with the application in it
MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's own limit
TIMEOUT_S = 29.0
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Context:
    """What a function is told of its invocation."""

    function_name = "timbre-api"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:timbre-api"
    memory_limit_in_mb = 512
    log_group_name = ""
    log_stream_name = ""
    identity = None
    client_context = None

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id
        self._ends_at = time.monotonic() + TIMEOUT_S

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._ends_at - time.monotonic()) * 1000))


class RequestOfThread:
    """Chalice keeps the present request on the application, because a Lambda serves one at a time. Here each thread has its own."""

    _of_thread = threading.local()

    @property
    def current_request(self) -> Any:  # Chalice's Request
        return getattr(self._of_thread, "request", None)

    @current_request.setter
    def current_request(self, request: Any) -> None:
        self._of_thread.request = request

    @property
    def lambda_context(self) -> Any:
        return getattr(self._of_thread, "context", None)

    @lambda_context.setter
    def lambda_context(self, context: Any) -> None:
        self._of_thread.context = context


def make_threadsafe(app: Chalice) -> Chalice:
    app.__class__ = type("ThreadedChalice", (RequestOfThread, app.__class__), {})
    return app


class Front:
    """A WSGI application around a proxy handler."""

    def __init__(self, handler: Handler, *, routes: Mapping[str, Iterable[str]], binary_types: Iterable[str]) -> None:
        self._handler = handler
        self._methods = {pattern: set(methods) for pattern, methods in routes.items()}
        self._routes = RouteTable(routes)
        self._binary_types = tuple(binary_types)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        response = self._respond(read_request(environ))
        headers = [(name, value) for name, value in response.headers if name.lower() not in ("content-length", "connection")]
        headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {responses.get(response.status, 'Unknown')}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def _respond(self, request: HttpRequest) -> HttpResponse:
        route = self._routes.find(request.path)
        if route is None:
            return answer_fault(request, 404, "not_found", "There is nothing at this address.")
        if request.method == "HEAD" and "HEAD" not in self._methods[route.pattern]:
            request = HttpRequest("GET", request.path, request.query, request.headers, request.body, request.address)
        event = build_event(request, route, binary_types=self._binary_types)
        request_id = str(event["requestContext"]["requestId"])
        try:
            return read_answer(self._handler(event, Context(request_id)))
        except GatewayError as error:
            report("request_refused" if error.status < 500 else "request_failed", request, request_id, str(error))
            return answer_fault(request, error.status, error.code, error.message, request_id=request_id)
        except Exception as exc:  # noqa: BLE001  # a record boundary: one request fails, as a Lambda would, and says so in the log
            report("request_crashed", request, request_id, f"{type(exc).__name__}: {exc}")
            return answer_fault(request, 502, "bad_gateway", "The application did not answer.", request_id=request_id)


def report(event: str, request: HttpRequest, request_id: str, reason: str) -> None:
    print(json.dumps({"event": event, "path": request.path, "request_id": request_id, "reason": reason}), flush=True)


def read_request(environ: dict[str, Any]) -> HttpRequest:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    target = environ.get("REQUEST_URI") or environ["PATH_INFO"]
    return HttpRequest(
        method=environ["REQUEST_METHOD"],
        path=target.partition("?")[0],
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=environ["wsgi.input"].read(),
        address=environ.get("REMOTE_ADDR", "127.0.0.1"),
    )


def answer_fault(request: HttpRequest, status: int, code: str, message: str, *, request_id: str = "") -> HttpResponse:
    """What API Gateway itself would say, in the application's two shapes: JSON under /api, else a page."""
    request_id = request_id or str(uuid.uuid4())
    more = (("X-Request-Id", request_id), *((("Retry-After", "2"),) if status == 503 else ()))
    if request.path.startswith("/api/"):
        error = {"code": code, "message": message, "request_id": request_id}
        return HttpResponse(status, (("Content-Type", "application/json"), *more), json.dumps({"error": error}).encode())
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{status} · Timbre</title><meta name=color-scheme content='light dark'><link rel=icon href='data:,'>"
        "<body style='font:1rem/1.5 system-ui;max-width:32rem;margin:20vh auto;padding:0 1.25rem'>"
        f"<main><h1>{html.escape(message)}</h1><p><a href='/' style='color:inherit;padding:0.5rem 0'>To the music</a></p>"
        f"<p><small>Request {html.escape(request_id)}</small></p></main>"
    )
    return HttpResponse(status, (("Content-Type", "text/html; charset=utf-8"), *more), page.encode())


def make_front(app: Chalice, *, handler: Handler | None = None) -> Front:
    """`handler`: who answers instead of `app` itself, of which only the routes are then used."""
    make_threadsafe(app)
    routes = {pattern: tuple(by_method) for pattern, by_method in app.routes.items()}
    return Front(handler or app, routes=routes, binary_types=app.api.binary_types)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--invoke", metavar="FUNCTION")
    arguments = parser.parse_args()
    from app import app

    threads, handler = THREADS, None
    if arguments.invoke:
        threads = INVOKING_THREADS
        handler = FunctionInvoker(arguments.invoke, client=make_lambda_client(timeout_s=TIMEOUT_S, connections=threads))
    server = waitress.create_server(
        make_front(app, handler=handler),
        host="127.0.0.1",
        port=arguments.port,
        threads=threads,
        max_request_body_size=MAX_BODY_BYTES,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
