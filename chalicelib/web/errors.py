"""The only place where an exception becomes a status, a page or JSON. An unknown exception is logged with its trace and answered
with its request's id and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.errors import (
    AudioError,
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    StoreUnavailableError,
    TimbreError,
    TooManyRequestsError,
)
from chalicelib.log import log
from chalicelib.web.answers import Answer, answer_json, redirect
from chalicelib.web.error_codes import ERROR_CODES
from chalicelib.web.rendering import render
from chalicelib.web.visit import Visit

_STATUS_BY_CLASS: dict[type[TimbreError], int] = {
    InvalidInputError: 400,
    AudioError: 400,
    NotSignedInError: 401,
    NotAllowedError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    TooManyRequestsError: 429,
    StoreUnavailableError: 503,
}
_STORE_RETRY_S = 5
_UNKNOWN = TimbreError("Something went wrong on our side. It has been noted.")


def status_of(error: TimbreError) -> int:
    """By its code; one that the table does not know has the status of its class."""
    if error.code in ERROR_CODES:
        return ERROR_CODES[error.code].status
    return next((_STATUS_BY_CLASS[kind] for kind in type(error).__mro__ if kind in _STATUS_BY_CLASS), 500)


def headers_of(error: TimbreError) -> dict[str, str]:
    if isinstance(error, TooManyRequestsError):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, StoreUnavailableError):
        return {"Retry-After": str(_STORE_RETRY_S)}
    return {}


def answer_error(visit: Visit, raised: Exception, *, as_json: bool) -> Answer:
    error = _tell(visit, raised)
    if as_json:
        return _answer_json_error(visit, error)
    if isinstance(error, NotSignedInError):
        back = visit.path if visit.method == "GET" and visit.path != "/" else None
        return redirect(visit.urls.page("/login", next=back))
    page = render(replace(visit, session=None) if status_of(error) == 503 else visit, "error.html", status=status_of(error), error=error)
    return replace(page, headers={**page.headers, **headers_of(error)})


def _tell(visit: Visit, raised: Exception) -> TimbreError:
    """What may be shown of it; logs what the operator must know."""
    if not isinstance(raised, TimbreError) or status_of(raised) == 500:
        log.error("request_failed", exc_info=raised, request_id=visit.request_id, path=visit.path, method=visit.method)
        return _UNKNOWN
    if isinstance(raised, StoreUnavailableError):
        log.warning("store_unavailable", exc_info=raised, request_id=visit.request_id, path=visit.path, store=raised.store)
    return raised


def _answer_json_error(visit: Visit, error: TimbreError) -> Answer:
    answer = answer_json({"error": {"code": error.code, "message": error.message, "request_id": visit.request_id}}, status=status_of(error))
    extra = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotSignedInError) else {}
    return replace(answer, headers={**answer.headers, **headers_of(error), **extra})


_CHALICE_CODES: dict[int, tuple[str, str]] = {
    400: ("invalid_input", "The request could not be understood."),
    405: ("method_not_allowed", "This address does not take this method."),
    415: ("unsupported_media_type", "The request's content type is not one that this address takes."),
}


def translate_chalice_error(visit: Visit, body: Any, status: int, headers: dict[str, str], *, as_json: bool) -> Answer | None:  # theirs
    """Chalice's own errors (wrong method, wrong content type, a crash before a view) in our shape; None for an answer of ours."""
    if not (isinstance(body, dict) and {"Code", "Message"} <= body.keys()):
        return None
    code, message = _CHALICE_CODES.get(status, (TimbreError.code, _UNKNOWN.message))
    error = InvalidInputError(message, code=code) if status in _CHALICE_CODES else TimbreError(message)
    answer = _answer_json_error(visit, error) if as_json else render(visit, "error.html", status=status, error=error)
    kept = {name: value for name, value in headers.items() if name.lower() == "allow"}
    return replace(answer, headers={**answer.headers, **kept})
