"""The OpenAPI document as the page about the API shows it: operations in groups, each with a line for curl; types; error codes."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from chalicelib.web.docs_types import Field, find_reference, list_fields, make_field
from chalicelib.web.error_codes import ERROR_CODES, ErrorCode
from chalicelib.web.openapi import build_document
from chalicelib.web.openapi_operations import Part
from chalicelib.web.routing import Route


@dataclass(frozen=True, slots=True)
class AnswerTold:
    status: int
    phrase: str
    about: str
    type_name: str
    example: str  # JSON, set out for reading
    codes: tuple[str, ...]  # of an error


@dataclass(frozen=True, slots=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: str
    more: str  # what the description says after its summary
    needs_session: bool
    parameters: tuple[Field, ...]
    body_type: str
    body_fields: tuple[Field, ...]
    arguments: str  # of curl, before the address
    address: str  # of the same, under the API's
    answers: tuple[AnswerTold, ...]
    errors: tuple[AnswerTold, ...]


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    about: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class TypeTold:
    name: str
    about: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Docs:
    about: str
    groups: tuple[Group, ...]
    types: tuple[TypeTold, ...]
    errors: tuple[tuple[str, ErrorCode], ...]
    example_of_error: str


@cache
def make_docs(routes: tuple[Route, ...]) -> Docs:
    document = build_document(routes)
    operations = [
        (operation["tags"][0], _tell_operation(path, method, operation, document))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    groups = (
        Group(tag["name"], tag["description"], tuple(told for name, told in operations if name == tag["name"])) for tag in document["tags"]
    )
    schemas = document["components"]["schemas"].items()
    examples = document["components"]["examples"]
    return Docs(
        about=document["info"]["description"],
        groups=tuple(groups),
        types=tuple(TypeTold(name, schema.get("description", ""), list_fields(schema)) for name, schema in schemas),
        errors=tuple((code, told) for code, told in ERROR_CODES.items() if code in examples),
        example_of_error=_set_out(examples["track_not_found"]["value"]),
    )


def _tell_operation(path: str, method: str, operation: Part, document: Part) -> Operation:
    answers = [_tell_answer(int(status), answer) for status, answer in operation["responses"].items()]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    type_name = find_reference(body.get("schema", {}))
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        more=operation["description"].removeprefix(operation["summary"]).lstrip(".:; "),
        needs_session=bool(operation["security"]),
        parameters=tuple(_tell_parameter(each) for each in operation["parameters"]),
        body_type=type_name,
        body_fields=list_fields(document["components"]["schemas"][type_name]) if type_name else (),
        arguments=_say_curl(method.upper(), operation, body.get("example")),
        address=_make_address(path, operation["parameters"]),
        answers=tuple(answer for answer in answers if not answer.codes),
        errors=tuple(sorted((answer for answer in answers if answer.codes), key=lambda answer: answer.status)),
    )


def _tell_parameter(parameter: Part) -> Field:
    about = parameter.get("description", "")
    return make_field(parameter["name"], parameter["schema"], is_required=parameter["required"], about=about, place=parameter["in"])


def _tell_answer(status: int, answer: Part) -> AnswerTold:
    content = answer.get("content", {}).get("application/json", {})
    return AnswerTold(
        status=status,
        phrase=HTTPStatus(status).phrase,
        about="" if answer["description"] == HTTPStatus(status).phrase else answer["description"],
        type_name=find_reference(content.get("schema", {})),
        example=_set_out(content["example"]) if "example" in content else "",
        codes=tuple(content.get("examples", ())),
    )


def _make_address(path: str, parameters: list[Part]) -> str:
    """One that could be asked, with the examples of its parameters."""
    for each in parameters:
        path = path.replace(f"{{{each['name']}}}", str(each.get("example", "")))
    asked = {each["name"]: each["schema"]["examples"][0] for each in parameters if each["in"] == "query" and each["schema"].get("examples")}
    return path + (f"?{urlencode(asked, doseq=True)}" if asked else "")


def _say_curl(method: str, operation: Part, example: Any) -> str:  # JSON
    """One argument a line; the address follows them."""
    words = ["curl"]
    if "302" in operation["responses"]:
        words[0] += " --location --remote-header-name --remote-name"
    elif method != ("GET" if example is None else "POST"):
        words[0] += f" --request {method}"
    if operation["security"]:
        words.append('--header "Authorization: Bearer $TOKEN"')
    if example is not None:
        words.append(f"--json {shlex.quote(json.dumps(example, ensure_ascii=False))}")
    return " \\\n  ".join(words)


def _set_out(value: Any) -> str:  # JSON
    return json.dumps(value, indent=2, ensure_ascii=False)
