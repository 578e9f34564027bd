"""From bytes, forms, queries and paths to types, once, on entry. What does not fit is an InvalidInputError with a sentence."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, TypeVar, get_origin
from urllib.parse import parse_qsl

import msgspec

from chalicelib.errors import InvalidInputError, NotFoundError
from chalicelib.model import Opinion, PlayKind
from chalicelib.web.visit import Visit
from chalicelib.workflows.register_user import PASSWORD_MAX, PASSWORD_MIN

T = TypeVar("T")
_BODY_MAX = 64 * 1024
_FIELDS_MAX = 20
AUDIO_TYPE = r"^audio/[A-Za-z0-9_.+-]{1,60}$"
_ID = re.compile(r"[0-9a-f]{24}")
_PLACE = re.compile(r" - at `\$\.?(.+)`$")  # in msgspec's sentences

Name = Annotated[str, msgspec.Meta(max_length=200, examples=["ada"])]
Secret = Annotated[str, msgspec.Meta(max_length=1000, examples=["correct horse battery"])]
Limit = Annotated[int, msgspec.Meta(ge=1, le=100, description="At most so many.")]
Cursor = Annotated[
    str,
    msgspec.Meta(
        max_length=8000,
        description="The `next_cursor` of the part before; without it, the first part.",
        extra_json_schema={"format": "cursor"},
    ),
]


class PageQuery(msgspec.Struct, frozen=True):
    """Which part of a list: the rest follows `next_cursor`."""

    limit: Limit = 20
    cursor: Cursor | None = None


class CountQuery(msgspec.Struct, frozen=True):
    limit: Limit = 20


class SimilarQuery(msgspec.Struct, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10


class UploadsQuery(PageQuery, frozen=True):
    key: Annotated[str, msgspec.Meta(max_length=1024, description="Of an object in the music bucket.")] = ""
    ids: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^([0-9a-f]{24}(,[0-9a-f]{24}){0,99})?\Z",
            description="At most 100 ids of uploads, separated by commas: those receipts, in one answer.",
            examples=["c9f0f895fb98ab9159f51fd0"],
        ),
    ] = ""


class Credentials(msgspec.Struct, frozen=True):
    username: Name
    password: Secret


class NewUser(msgspec.Struct, frozen=True):
    """A name of letters, digits, dots, dashes and underscores, that nobody has in any case, and a password that is not the name."""

    # told here, kept by `register_user`, which says in words what is against the rules
    username: Annotated[str, msgspec.Meta(examples=["ada"], extra_json_schema={"minLength": 3, "maxLength": 32, "format": "username"})]
    password: Annotated[
        str,
        msgspec.Meta(
            examples=["correct horse battery"],
            extra_json_schema={"minLength": PASSWORD_MIN, "maxLength": PASSWORD_MAX, "format": "password"},
        ),
    ]


class CredentialsForm(msgspec.Struct, frozen=True):
    username: Name = ""
    password: Secret = ""
    next: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class PlayRequest(msgspec.Struct, frozen=True):
    event_id: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z0-9_-]{8,64}\Z", description="Drawn by the player: what makes this count once.", examples=["b3f1c2a4-0001"]
        ),
    ]
    track_id: Annotated[
        str,
        msgspec.Meta(
            max_length=64,
            examples=["8f14e45fceea167a5a36dedd"],
            extra_json_schema={"pattern": "^[0-9a-f]{24}$", "format": "track-id"},  # another is a track that is not there
        ),
    ]
    kind: PlayKind
    position_s: Annotated[float, msgspec.Meta(ge=0, le=1_000_000, description="In the song, when it happened.", examples=[0.0])] = 0.0
    occurred_at: (
        Annotated[
            datetime,
            msgspec.Meta(
                tz=True,
                description="When it happened, if that was before now: a player may keep plays while there is no network. "
                "Never taken as in the future nor as older than 7 days.",
                examples=["2026-11-22T18:30:00Z"],
            ),
        ]
        | None
    ) = None


class UploadRequest(msgspec.Struct, frozen=True):
    filename: Annotated[str, msgspec.Meta(min_length=1, max_length=1000, examples=["Blue Hour.mp3"])]
    size_bytes: Annotated[int, msgspec.Meta(examples=[4_194_304], extra_json_schema={"minimum": 1})]  # `request_upload` tells the limits
    content_type: Annotated[str, msgspec.Meta(max_length=100, extra_json_schema={"pattern": AUDIO_TYPE})] = "audio/mpeg"
    request_key: (
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^[A-Za-z0-9_-]{8,64}\Z",
                description="Drawn by the client: the same one again is the same upload, however often it is asked for.",
                examples=["b3f1c2a4-0001"],
            ),
        ]
        | None
    ) = None
    in_parts: Annotated[bool, msgspec.Meta(description="Whether a large file is to be sent in parts.")] = False


class OpinionRequest(msgspec.Struct, frozen=True):
    opinion: Opinion


def read_json(visit: Visit, kind: type[T]) -> T:
    body = _read_body(visit)
    try:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.ValidationError:
            return msgspec.convert(_make_whole(msgspec.json.decode(body)), kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidInputError(f"The request's JSON does not fit: {_say(exc)}") from exc


def _make_whole(value: Any) -> Any:  # JSON
    """JSON has one kind of number, and writers that turn 3681 into 3681.0: where an integer is wanted it is one."""
    if isinstance(value, dict):
        return {name: _make_whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_make_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
    """The last value of each parameter that `kind` knows, of a list all of them, however many go into one by commas. One that is empty
    counts as not given, one that `kind` does not know is ignored."""
    lists, filled = _name_lists(kind), {name: list(filter(None, values)) for name, values in visit.list_query().items()}
    given = {name: ",".join(values).split(",") if name in lists else values[-1] for name, values in filled.items() if values}
    try:
        asked = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as exc:
        raise InvalidInputError(f"The query does not fit: {_say(exc)}") from exc
    for name, value in given.items():
        if getattr(asked, name, value) is None:  # msgspec reads the word null, in any case, as nothing
            raise InvalidInputError(f"{name} must be a value or left out, got {value!r}.")
    return asked


def _name_lists(kind: Any) -> set[str]:  # a Struct's type
    return {field.encode_name for field in msgspec.structs.fields(kind) if get_origin(getattr(field.type, "__origin__", None)) is tuple}


def refuse_empty(visit: Visit, kind: type[msgspec.Struct]) -> None:
    """What a program sends as a number, a word of a list and the like must be one; forms send what was not filled in as empty."""
    given = visit.list_query()
    for field in msgspec.structs.fields(kind):
        if "" not in given.get(field.encode_name, ()):
            continue
        try:
            msgspec.convert("", field.type, strict=False)
        except msgspec.ValidationError as exc:
            raise InvalidInputError(f"{field.encode_name} must be a value or left out, got ''.") from exc


def read_cursor(visit: Visit) -> str | None:
    return visit.query("cursor") or None


def parse_track_id(text: str) -> str:
    return _parse_id(text, "track")


def parse_upload_id(text: str) -> str:
    return _parse_id(text, "upload")


def parse_query_id(text: str) -> str:
    return _parse_id(text, "query")


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
    return _PLACE.sub(r" (`\1`)", str(exc)) + "."
