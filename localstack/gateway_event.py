"""Turns an HTTP request into API Gateway's proxy event, and the proxy answer into an HTTP response. Knows routes, and no application."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

STAGE = "local"


class GatewayError(Exception):
    """API Gateway answers itself, because the application cannot. `reason` is for the log."""

    def __init__(self, status: int, code: str, message: str, *, reason: str = "") -> None:
        super().__init__(reason or message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    path: str  # as it came: percent-encoded
    query: str
    headers: Mapping[str, str]
    body: bytes
    address: str


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Route:
    pattern: str  # /tracks/{id}
    parameters: Mapping[str, str]


class RouteTable:
    """Literal segments win over variables, and these over a greedy `{name+}` at the end, from left to right, as in API Gateway; the slash
    at the end does not count."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = sorted((split_path(pattern), pattern) for pattern in patterns)
        self._patterns.sort(key=lambda entry: [(is_greedy(part), is_variable(part)) for part in entry[0]])

    def find(self, path: str) -> Route | None:
        parts = split_path(path)
        for pattern_parts, pattern in self._patterns:
            if is_greedy(pattern_parts[-1]) and len(parts) >= len(pattern_parts) and parts[: len(pattern_parts) - 1] == pattern_parts[:-1]:
                rest = "/".join(parts[len(pattern_parts) - 1 :])
                return Route(pattern, {pattern_parts[-1][1:-2]: unquote(rest)})
            if len(parts) == len(pattern_parts) and all(
                is_variable(p) or p == unquote(part) for p, part in zip(pattern_parts, parts, strict=True)
            ):
                named = zip(pattern_parts, parts, strict=True)
                return Route(pattern, {name[1:-1]: unquote(part) for name, part in named if is_variable(name)})
        return None


def split_path(path: str) -> list[str]:
    return path.strip("/").split("/")


def is_variable(part: str) -> bool:
    return part.startswith("{") and part.endswith("}")


def is_greedy(part: str) -> bool:
    return part.startswith("{") and part.endswith("+}")


def build_event(request: HttpRequest, route: Route, *, binary_types: Iterable[str]) -> dict[str, Any]:
    """API Gateway's Lambda proxy event (REST, payload 1.0). Bodies of binary types, and those that are no text, go as base64."""
    query = parse_qs(request.query, keep_blank_values=True)
    body, is_base64 = _encode_body(request, binary_types)
    return {
        "resource": route.pattern,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": {name: [value] for name, value in request.headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(route.parameters) or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "stage": STAGE,
            "resourcePath": route.pattern,
            "httpMethod": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "domainName": request.headers.get("host", "127.0.0.1"),
            "requestTimeEpoch": int(time.time() * 1000),
            "identity": {"sourceIp": request.address, "userAgent": request.headers.get("user-agent", "")},
        },
        "body": body,
        "isBase64Encoded": is_base64,
    }


def _encode_body(request: HttpRequest, binary_types: Iterable[str]) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    family = content_type.partition("/")[0] + "/*"
    if not {content_type, family, "*/*"} & set(binary_types):
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass  # no text: as base64, below
    return base64.b64encode(request.body).decode("ascii"), True


def read_answer(answer: Mapping[str, Any]) -> HttpResponse:
    """A proxy answer. A header in `multiValueHeaders` (Set-Cookie) hides its single form, as in API Gateway."""
    several: Mapping[str, list[Any]] = answer.get("multiValueHeaders") or {}
    hidden = {name.lower() for name in several}
    headers = [(name, str(value)) for name, value in (answer.get("headers") or {}).items() if name.lower() not in hidden]
    headers += [(name, str(value)) for name, values in several.items() for value in values]
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body if isinstance(body, bytes) else str(body).encode()
    return HttpResponse(int(answer["statusCode"]), tuple(headers), content)
