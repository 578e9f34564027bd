"""One example of each schema: put together from the examples that its fields carry, and from what fields of that name look like
everywhere. A test holds every example against its schema.
"""

from __future__ import annotations

from typing import Any

from chalicelib.web.openapi_schemas import Schema, find_schema

_DEEPEST = 8
_BY_NAME: dict[str, Any] = {  # JSON
    "album": "Firsts",
    "artist": "Ada Bell",
    "genre": "Folk",
    "message": "There is no such track.",
    "title": "Blue Hour",
    "username": "ada",
    "year": 1999,
}
_BY_FORMAT = {"date-time": "2026-11-22T12:00:00.123Z", "date": "2026-11-22", "uri": "https://example.org/", "uri-reference": "/timbre/"}
_BY_TYPE: dict[str, Any] = {"integer": 1, "number": 0.5, "boolean": True, "null": None}  # JSON


def make_example(schema: Schema, components: dict[str, Schema], *, name: str = "", depth: int = 0) -> Any:  # JSON
    """`name`: of the field that the schema is for."""
    schema = find_schema(schema, components)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "anyOf" in schema:
        return make_example(_choose(schema["anyOf"]), components, name=name, depth=depth)
    if schema.get("type") in ("object", "array"):
        return _make_compound(schema, components, name=name, depth=depth + 1)
    return _make_simple(schema, name)


def _choose(alternatives: list[Schema]) -> Schema:
    return next((each for each in alternatives if each.get("type") != "null"), alternatives[0])


def _make_compound(schema: Schema, components: dict[str, Schema], *, name: str, depth: int) -> Any:  # JSON
    if schema["type"] == "array":
        item = schema.get("items") or {}
        return [make_example(item, components, name=name.removesuffix("s"), depth=depth)] if item and depth < _DEEPEST else []
    fields = schema.get("properties", {})
    return {field: make_example(of_field, components, name=field, depth=depth) for field, of_field in fields.items()}


def _make_simple(schema: Schema, name: str) -> Any:  # JSON
    kind = str(schema.get("type", "string"))
    if kind != "string":
        return max(schema.get("minimum", _BY_TYPE[kind]), _BY_TYPE[kind]) if kind in ("integer", "number") else _BY_TYPE[kind]
    if "format" in schema:
        return _BY_FORMAT.get(schema["format"], "text")
    if name in _BY_NAME:
        return _BY_NAME[name]
    return "8f14e45fceea167a5a36dedd" if "pattern" in schema or name.endswith("_id") else name or "text"
