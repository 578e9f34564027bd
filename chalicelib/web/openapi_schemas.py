"""JSON schemas of the types that requests and answers are made of, as an OpenAPI 3.1 document holds them. msgspec writes them; here
they are made to say what is true of an answer too, and to be read by every validator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

Schema = dict[str, Any]  # JSON schema: as free as JSON
REFERENCE = "#/components/schemas/{name}"
_VALUES = ("examples", "default", "enum")
_PREFIX = REFERENCE.removesuffix("{name}")


def make_components(*, asked: Iterable[type[msgspec.Struct]], given: Iterable[type[msgspec.Struct]]) -> dict[str, Schema]:
    """By name, sorted. An answer always has all of its fields, so those that only answers use say so."""
    asked, given = list(asked), list(given)
    _, of_requests = msgspec.json.schema_components(asked, ref_template=REFERENCE)
    _, components = msgspec.json.schema_components([*asked, *given], ref_template=REFERENCE)
    for name, schema in components.items():
        if name not in of_requests and "properties" in schema:
            schema["required"] = list(schema["properties"])
    return {name: _polish(components[name]) for name in sorted(components)}


def make_schema(kind: Any) -> Schema:  # whatever an annotation can be
    """Of a simple type, which refers to no other."""
    polished: Schema = _polish(msgspec.json.schema(kind))
    return polished


def name_of(kind: type[msgspec.Struct]) -> str:
    schema = msgspec.json.schema(kind, ref_template=REFERENCE)
    return str(schema["$ref"]).removeprefix(_PREFIX)


def find_schema(schema: Schema, components: dict[str, Schema]) -> Schema:
    """The schema itself, or the one that it refers to."""
    return components[str(schema["$ref"]).removeprefix(_PREFIX)] if "$ref" in schema else schema


def _polish(part: Any) -> Any:
    """`\\Z`, which Python needs lest a line feed pass for an end, is `$` everywhere else; msgspec's titles repeat the names."""
    if isinstance(part, list):
        return [_polish(each) for each in part]
    if not isinstance(part, dict):
        return part
    polished = {key: msgspec.json.decode(msgspec.json.encode(value)) if key in _VALUES else _polish(value) for key, value in part.items()}
    if isinstance(polished.get("pattern"), str):
        polished["pattern"] = polished["pattern"].replace("\\Z", "$")
    if isinstance(polished.get("title"), str) and "properties" in polished:
        del polished["title"]
    return polished
