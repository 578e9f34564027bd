"""JSON schemas in words, for the page about the API: what type a field has, within which limits, and where that type is told."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.web.openapi_schemas import Schema

_FORMATS = {"date-time": "time", "uri": "address", "uri-reference": "link"}


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: str  # words: "list of Track", "number, or null"
    refers_to: str  # the type that the words speak of, or nothing
    is_required: bool
    about: str
    limits: str
    place: str = ""  # of a parameter: path or query


def list_fields(schema: Schema) -> tuple[Field, ...]:
    required = schema.get("required", ())
    return tuple(make_field(name, each, is_required=name in required) for name, each in schema.get("properties", {}).items())


def make_field(name: str, schema: Schema, *, is_required: bool, about: str = "", place: str = "") -> Field:
    about = about or _find_about(schema)
    return Field(name, say_kind(schema), find_reference(schema), is_required, about, say_limits(schema), place)


def say_kind(schema: Schema) -> str:
    if "$ref" in schema:
        return find_reference(schema)
    if "anyOf" in schema:
        return ", or ".join(say_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {say_kind(schema['items'])}" if schema.get("items") else "list"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {say_kind(schema['additionalProperties'])}"
    if "enum" in schema:
        return "word"
    return _FORMATS.get(schema.get("format", ""), str(schema.get("type", "anything")))


def find_reference(schema: Schema) -> str:
    """The name of the type that is spoken of, also within a list or beside null."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    inner = [*schema.get("anyOf", ()), *(schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict))]
    return next((name for name in map(find_reference, inner) if name), "")


def say_limits(schema: Schema) -> str:
    chosen: Schema = next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), {})
    return _say_limits({**chosen, **schema})


def _say_limits(schema: Schema) -> str:
    words = [" · ".join(f"`{value}`" for value in schema.get("enum", ()))]
    words.append(_say_range(schema.get("minimum"), schema.get("maximum"), ""))
    if "pattern" not in schema:
        words.append(_say_range(schema.get("minLength"), schema.get("maxLength"), " characters"))
    words.append(_say_range(schema.get("minItems"), schema.get("maxItems"), " items"))
    words.append(f"fits `{schema['pattern']}`" if "pattern" in schema else "")
    words.append(f"`{schema['default']}` if not given" if schema.get("default") not in (None, "", [], {}) and "enum" not in schema else "")
    return "; ".join(word for word in words if word)


def _say_range(least: int | None, most: int | None, unit: str) -> str:
    if least is not None and most is not None:
        return f"{least} to {most:,}{unit}"
    if most is not None:
        return f"at most {most:,}{unit}"
    return f"at least {least}{unit}" if least is not None else ""


def _find_about(schema: Schema) -> str:
    alternatives = (each.get("description", "") for each in schema.get("anyOf", ()))
    return str(schema.get("description") or next((about for about in alternatives if about), ""))
