"""From bytes, forms, queries and paths to types, once, on entry. What does not fit is an InvalidInputError with a sentence."""

from __future__ import annotations

import re
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

import msgspec

from chalicelib.errors import InvalidInputError, NotFoundError
from chalicelib.model import Opinion, PlayKind
from chalicelib.web.visit import Visit

T = TypeVar("T")
_BODY_MAX = 64 * 1024
_FIELDS_MAX = 20
_ID = re.compile(r"[0-9a-f]{24}")

Name = Annotated[str, msgspec.Meta(max_length=200)]
Secret = Annotated[str, msgspec.Meta(max_length=1000)]


Limit = Annotated[int, msgspec.Meta(ge=1, le=100)]
Cursor = Annotated[str, msgspec.Meta(max_length=2000)]


class PageQuery(msgspec.Struct, frozen=True):
    """Which part of a list: the rest follows `next_cursor`."""

    limit: Limit = 20
    cursor: Cursor | None = None


class Credentials(msgspec.Struct, frozen=True):
    username: Name
    password: Secret


class CredentialsForm(msgspec.Struct, frozen=True):
    username: Name = ""
    password: Secret = ""
    next: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class PlayRequest(msgspec.Struct, frozen=True):
    event_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
    track_id: Annotated[str, msgspec.Meta(max_length=64)]
    kind: PlayKind
    position_s: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] = 0.0


class UploadRequest(msgspec.Struct, frozen=True):
    filename: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    size_bytes: int
    content_type: Annotated[str, msgspec.Meta(max_length=100)] = "audio/mpeg"


class OpinionRequest(msgspec.Struct, frozen=True):
    opinion: Opinion


def read_json(visit: Visit, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(_read_body(visit), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidInputError(f"The request's JSON does not fit: {_say(exc)}") from exc


def read_form(visit: Visit) -> dict[str, str]:
    """The first value of each field."""
    try:
        pairs = parse_qsl(_read_body(visit).decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError as exc:
        raise InvalidInputError("The form could not be read.") from exc
    return dict(reversed(pairs))


def read_form_as(visit: Visit, kind: type[T]) -> T:
    try:
        return msgspec.convert(read_form(visit), kind, strict=False)
    except msgspec.ValidationError as exc:
        raise InvalidInputError(f"The form does not fit: {_say(exc)}") from exc


def read_query_as(visit: Visit, kind: type[T]) -> T:
    """The first value of each parameter that `kind` knows; one that is empty counts as not given, one that it does not know is ignored."""
    given = {name: str(value) for name, value in (visit.request.query_params or {}).items() if value}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as exc:
        raise InvalidInputError(f"The query does not fit: {_say(exc)}") from exc


def read_limit(visit: Visit, *, default: int = 20, greatest: int = 100) -> int:
    given = visit.query("limit")
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= greatest:
        raise InvalidInputError(f"limit must be a number from 1 to {greatest}, got {given[:20]!r}.")
    return int(given)


def read_cursor(visit: Visit) -> str | None:
    return visit.query("cursor") or None


def read_search_query(visit: Visit) -> str:
    return visit.query("q").strip()[:200]


def parse_track_id(text: str) -> str:
    return _parse_id(text, "track")


def parse_upload_id(text: str) -> str:
    return _parse_id(text, "upload")


def _parse_id(text: str, thing: str) -> str:
    if not _ID.fullmatch(text):
        raise NotFoundError(f"There is no such {thing}.", code=f"{thing}_not_found")
    return text


def _read_body(visit: Visit) -> bytes:
    body = visit.request.raw_body
    content = body if isinstance(body, bytes) else str(body or "").encode()
    if len(content) > _BODY_MAX:
        raise InvalidInputError(f"A request has at most {_BODY_MAX} bytes, got {len(content)}.", code="too_large")
    return content


def _say(exc: Exception) -> str:
    """msgspec's sentence in ours: ends with a full stop, tells places by their names."""
    return str(exc).replace(" - at `$.", " (`").removesuffix("`").replace("`$", "`") + ("`)." if " - at `$." in str(exc) else ".")
