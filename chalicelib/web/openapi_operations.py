"""One route as an OpenAPI operation: what it takes, what it gives, and every error it may answer, each with an example."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, get_type_hints

from chalicelib.web.error_codes import ERROR_CODES
from chalicelib.web.openapi_examples import make_example
from chalicelib.web.openapi_schemas import REFERENCE, Schema, find_schema, make_schema, name_of
from chalicelib.web.routing import Route
from chalicelib.web.shapes import TrackId, UploadId
from chalicelib.web.urls import API

Part = dict[str, Any]  # a part of the document: JSON
_JSON = "application/json"
_NAMED = re.compile(r"\{(\w+)\}")
_KNOWN_NAMES = {"track_id": TrackId, "upload_id": UploadId}  # of paths; another type stands in the view's own signature
_HEADERS_BY_STATUS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def make_operation(route: Route, components: dict[str, Schema]) -> Part:
    text = " ".join((route.view.__doc__ or "").split())
    operation: Part = {
        "operationId": route.view.__name__,
        "tags": [tag_of(route)],
        "summary": re.split(r"(?<=\.) ", text, maxsplit=1)[0].rstrip("."),
        "description": text,
        "security": [{"bearer": []}, {"session": []}] if route.access == "listener" else [],
        "parameters": [*_make_path_parameters(route), *_make_query_parameters(route, components)],
        "responses": {**_make_answers(route, components), **_make_error_answers(route)},
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _make_content(route.body, components)}
    return operation


def tag_of(route: Route) -> str:
    """The module of views that it stands in, in words: `tracks_api` is Tracks."""
    return route.view.__module__.rpartition(".")[2].removesuffix("_api").removesuffix("_pages").replace("_", " ").capitalize()


def list_codes(route: Route) -> tuple[str, ...]:
    """Every error that the route may answer with: what it names itself, and what follows from how it is asked."""
    codes = [*route.errors, "internal_error"]
    if route.access != "unidentified":
        codes.append("store_unavailable")
    if route.access == "listener":
        codes += ["not_signed_in", "not_allowed"]
    if route.method != "GET":
        codes += ["wrong_origin", "other_listener"]
    if route.body is not None:
        codes += ["invalid_input", "not_storable", "too_large", "unsupported_media_type"]
    if route.query is not None:
        codes += ["invalid_input", "not_storable"]
        codes += ["invalid_cursor"] if "cursor" in route.query.__struct_fields__ else []
    missing = [f"{name.removesuffix('_id')}_not_found" for name in _NAMED.findall(route.path)]
    codes += [code for code in missing if code in ERROR_CODES]
    return tuple(dict.fromkeys(sorted(codes, key=lambda code: (ERROR_CODES[code].status, code))))


def _make_path_parameters(route: Route) -> list[Part]:
    hints = get_type_hints(route.view, include_extras=True)
    parameters = []
    for name in _NAMED.findall(route.path):
        kind = _KNOWN_NAMES.get(name, hints[name]) if hints[name] is str else hints[name]
        schema = make_schema(kind)
        parameters.append({**_make_parameter(name, schema, place="path", is_required=True), "example": make_example(schema, {}, name=name)})
    return parameters


def _make_query_parameters(route: Route, components: dict[str, Schema]) -> list[Part]:
    if route.query is None:
        return []
    schema = find_schema({"$ref": REFERENCE.format(name=name_of(route.query))}, components)
    required = schema.get("required", ())
    return [_make_parameter(name, of_field, place="query", is_required=name in required) for name, of_field in schema["properties"].items()]


def _make_parameter(name: str, schema: Schema, *, place: str, is_required: bool) -> Part:
    """A parameter that is not given is not there: `null` is no word of a query."""
    kinds = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    about = next((each["description"] for each in (schema, *kinds) if "description" in each), "")
    if len(kinds) == 1:
        schema = {**kinds[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
    schema = {key: value for key, value in schema.items() if key != "description" and (key, value) != ("default", None)}
    parameter = {"name": name, "in": place, "required": is_required, "schema": schema}
    return {**parameter, "description": about} if about else parameter


def _make_answers(route: Route, components: dict[str, Schema]) -> dict[str, Part]:
    answers = {}
    for status in (route.status, *route.also):
        answer: Part = {"description": HTTPStatus(status).phrase, "headers": _refer_headers("X-Request-Id", *_headers_of(route, status))}
        if route.gives is not None:
            answer["content"] = _make_content(route.gives, components)
            answer["description"] = str(
                find_schema({"$ref": REFERENCE.format(name=name_of(route.gives))}, components).get("description", "")
            )
            answer["description"] = answer["description"] or HTTPStatus(status).phrase
        answers[str(status)] = answer
    return answers


def _headers_of(route: Route, status: int) -> tuple[str, ...]:
    return ("Location",) if 300 <= status < 400 else ("Set-Cookie",) if route.path == f"{API}/session" else ()


def _make_error_answers(route: Route) -> dict[str, Part]:
    answers: dict[str, Part] = {}
    for code in list_codes(route):
        status = ERROR_CODES[code].status
        if status in (route.status, *route.also):
            continue
        names = ("X-Request-Id", *_HEADERS_BY_STATUS.get(status, ()))
        answer = answers.setdefault(
            str(status),
            {
                "description": "",
                "headers": _refer_headers(*names),
                "content": {_JSON: {"schema": {"$ref": REFERENCE.format(name="Error")}, "examples": {}}},
            },
        )
        answer["description"] = f"{answer['description']} `{code}`: {ERROR_CODES[code].meaning}".strip()
        answer["content"][_JSON]["examples"][code] = {"$ref": f"#/components/examples/{code}"}
    return answers


def _make_content(kind: Any, components: dict[str, Schema]) -> Part:  # a Struct's type
    schema = {"$ref": REFERENCE.format(name=name_of(kind))}
    return {_JSON: {"schema": schema, "example": make_example(schema, components)}}


def _refer_headers(*names: str) -> Part:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
