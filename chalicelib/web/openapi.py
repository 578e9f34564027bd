"""The OpenAPI 3.1 document, made from the routes themselves: the types that validate a request and write an answer are those told here.
Made once per process, and imported only by who asks for it.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from chalicelib.web.auth import SESSION_COOKIE
from chalicelib.web.error_codes import ERROR_CODES
from chalicelib.web.openapi_operations import Part, list_codes, make_operation, tag_of
from chalicelib.web.openapi_schemas import Schema, make_components
from chalicelib.web.routing import Route
from chalicelib.web.shapes import Error
from chalicelib.web.urls import API

_REQUEST_ID = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
_FIRST = "Account"  # nothing goes without logging in; the others stand as the site has them
_ABOUT = (
    "Drop songs, play them, get songs that sound alike. Log in with `POST /session` and send the token as `Authorization: Bearer …`. "
    "Lists come in parts: give `next_cursor` back as `cursor`. Every error has one shape, and a `code` that stays. "
    "Every answer carries `X-Request-Id`."
)


@cache
def build_document(routes: tuple[Route, ...]) -> Part:
    """Without `servers`: those depend on the prefix of the request."""
    described = [route for route in routes if route.is_api]
    components = make_components(
        asked=[kind for route in described for kind in (route.body, route.query) if kind is not None],
        given=[Error, *(route.gives for route in described if route.gives is not None)],
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Timbre",
            "version": API.rpartition("/v")[2],
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": _make_tags(described),
        "paths": _make_paths(described, components),
        "components": {
            "schemas": _without_queries(components, described),
            "examples": _make_error_examples(described),
            "headers": _make_headers(),
            "securitySchemes": _make_security_schemes(),
        },
    }


def _make_paths(routes: list[Route], components: dict[str, Schema]) -> dict[str, Part]:
    paths: dict[str, Part] = {}
    for route in routes:
        paths.setdefault(route.path.removeprefix(API), {})[route.method.lower()] = make_operation(route, components)
    return paths


def _make_tags(routes: list[Route]) -> list[Part]:
    abouts = {tag_of(route): " ".join((sys.modules[route.view.__module__].__doc__ or "").split()) for route in routes}
    return [{"name": name, "description": abouts[name]} for name in sorted(abouts, key=lambda name: name != _FIRST)]


def _without_queries(components: dict[str, Schema], routes: list[Route]) -> dict[str, Schema]:
    """The Structs of queries are told as parameters."""
    queries = {route.query.__name__ for route in routes if route.query is not None}
    return {name: schema for name, schema in components.items() if name not in queries}


def _make_error_examples(routes: list[Route]) -> dict[str, Part]:
    used = {code for route in routes for code in list_codes(route)}
    return {code: {"summary": told.meaning, "value": _make_error(code, told.message)} for code, told in ERROR_CODES.items() if code in used}


def _make_error(code: str, message: str) -> dict[str, dict[str, str]]:
    return {"error": {"code": code, "message": message, "request_id": _REQUEST_ID}}


def _make_headers() -> dict[str, Part]:
    return {
        "X-Request-Id": _make_header("To find the request in the logs.", _REQUEST_ID),
        "Retry-After": _make_header("Seconds to wait before the next attempt.", 5, minimum=0),
        "Location": _make_header(
            "Where to go on: a presigned link into the bucket.", "https://s3.eu-central-1.amazonaws.com/music/uploads/…"
        ),
        "WWW-Authenticate": _make_header("How to say who one is.", "Bearer"),
        "Set-Cookie": _make_header(
            "The session's cookie, for browsers; at log-out an empty one.", f"{SESSION_COOKIE}=…; HttpOnly; SameSite=Lax"
        ),
    }


def _make_header(about: str, example: Any, **more: int) -> Part:  # JSON
    kind = "integer" if isinstance(example, int) else "string"
    return {"description": about, "required": True, "schema": {"type": kind, **more}, "example": example}


def _make_security_schemes() -> dict[str, Part]:
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": "The `token` of `POST /session`."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": "What a browser keeps after logging in. Writes must come from a page of the same origin.",
        },
    }
