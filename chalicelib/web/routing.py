"""From a route to a view and back: who may come in, what a write must prove, and the one place where whatever a view raises is
answered. Chalice is met here only.

A view gets a `Visit`, what its path names, and what its own signature asks for: `body: SomeStruct` is the request's JSON, `query:
SomeStruct` its query, both validated before the view is called. It gives an `Answer`, or the Struct that its signature says, which
becomes JSON. `openapi.py` reads the same signatures, so that what is written of the API is what is done.

The visit travels in a context variable, not in Chalice's `current_request`: that one is shared by all threads of a local server.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, get_type_hints

import msgspec
from chalice.app import Blueprint, Request, Response

from chalicelib.errors import NotSignedInError
from chalicelib.log import log, log_fields
from chalicelib.web.answers import Answer, answer_json
from chalicelib.web.auth import check_form_token, check_origin, identify
from chalicelib.web.errors import answer_error, translate_chalice_error
from chalicelib.web.long_lived import LongLived
from chalicelib.web.parsing import read_form, read_json, read_query_as, refuse_empty
from chalicelib.web.security import secure
from chalicelib.web.urls import API, is_api_path
from chalicelib.web.visit import Visit, start_visit
from chalicelib.web.wiring import Wiring
from chalicelib.workflows.permissions import Act, require

View = Callable[..., Answer | msgspec.Struct]  # (visit, **what the path names, and body or query where it asks for them)
Access = Literal["listener", "anyone", "unidentified"]  # `unidentified`: not even looked who it is, so MongoDB is not asked
_FORM_TYPE = "application/x-www-form-urlencoded"

_visit: ContextVar[Visit] = ContextVar("visit")


@dataclass(frozen=True, slots=True)
class Route:
    path: str
    method: str
    view: View
    access: Access
    is_api: bool
    status: int = 200  # when all went well
    gives: type[msgspec.Struct] | None = None  # what it answers then; None: no content, or not JSON
    also: tuple[int, ...] = ()  # other statuses of the same answer
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    errors: tuple[str, ...] = ()  # codes, beyond those that any route may answer
    act: Act | None = "listen"  # what who is signed in must be allowed to do; None: nothing
    has_effect: bool = True  # where it has none, a write needs no proof that the listener meant it

    @property
    def content_types(self) -> list[str]:
        """Those of which Chalice takes a body; empty: it does not look."""
        if not self.has_effect:
            return []
        return ["application/json" if self.is_api or self.method == "GET" else _FORM_TYPE]


class Routes:
    """The routes of one module of views."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._routes: list[Route] = []

    @property
    def listed(self) -> tuple[Route, ...]:
        return tuple(self._routes)

    def page(
        self, path: str, method: str = "GET", *, access: Access = "listener", act: Act | None = "listen", has_effect: bool = True
    ) -> Callable[[View], View]:
        def add(view: View) -> View:
            self._routes.append(Route(path=path, method=method, view=view, access=access, is_api=False, act=act, has_effect=has_effect))
            return view

        return add

    def api(
        self,
        path: str,
        method: str = "GET",
        *,
        access: Access = "listener",
        status: int = 200,
        gives: type[msgspec.Struct] | None = None,
        also: tuple[int, ...] = (),
        errors: tuple[str, ...] = (),
        act: Act | None = "listen",
    ) -> Callable[[View], View]:
        """`gives` only where the view returns an `Answer` (for a cookie, say) whose body is that Struct."""

        def add(view: View) -> View:
            hints = get_type_hints(view)
            self._routes.append(
                Route(
                    path=API + path,
                    method=method,
                    view=view,
                    access=access,
                    is_api=True,
                    status=status,
                    gives=gives or (None if hints["return"] is Answer else hints["return"]),
                    also=also,
                    body=hints.get("body"),
                    query=hints.get("query"),
                    errors=errors,
                    act=act,
                )
            )
            return view

        return add

    def make_blueprint(self) -> Blueprint:
        """A new one each time: registering a blueprint uses it up."""
        blueprint = Blueprint(self._name)
        for route in self._routes:
            blueprint.route(route.path, methods=[route.method], content_types=route.content_types)(_bind(route))
        return blueprint


def _bind(route: Route) -> Callable[..., Response]:
    def serve(**named: str) -> Response:
        return _serve(_visit.get(), route, named)

    serve.__name__ = route.view.__name__
    return serve


def _serve(visit: Visit, route: Route, named: dict[str, str]) -> Response:
    try:
        visit = visit if route.access == "unidentified" else identify(visit)
        _check_entry(visit, route)
        given = route.view(visit, **named, **_read_asked(visit, route))
        answer = given if isinstance(given, Answer) else answer_json(given, status=route.status)
    except Exception as raised:  # noqa: BLE001  # the record boundary of HTTP: every request gets its answer
        answer = answer_error(visit, raised, as_json=route.is_api or is_api_path(visit.path))
    return _finish(visit, answer)


def _check_entry(visit: Visit, route: Route) -> None:
    if route.access == "listener" and visit.user is None:
        raise NotSignedInError("Please log in first.")
    if route.access == "listener" and route.act is not None:
        require(visit.listener, route.act)
    if route.method == "GET" or not route.has_effect:
        return
    if route.is_api:
        check_origin(visit)
    else:
        check_form_token(visit, read_form(visit).get("csrf_token", ""))


def _read_asked(visit: Visit, route: Route) -> dict[str, msgspec.Struct]:
    asked: dict[str, msgspec.Struct] = {}
    if route.body is not None:
        asked["body"] = read_json(visit, route.body)
    if route.query is not None:
        if route.is_api:
            refuse_empty(visit, route.query)
        asked["query"] = read_query_as(visit, route.query)
    return asked


def _finish(visit: Visit, answer: Answer) -> Response:
    response = answer.to_response()
    response.headers.update(secure(visit, answer))
    return response


def make_middleware(wiring: Wiring) -> Callable[[Request, Callable[[Request], Response]], Response]:
    """Opens the visit before Chalice looks for the view, and puts Chalice's own errors into our shape."""
    long_lived = LongLived()

    def open_visit(request: Request, get_response: Callable[[Request], Response]) -> Response:
        visit = start_visit(request, wiring)
        token = _visit.set(visit)
        try:
            with log_fields(request_id=visit.request_id):
                return _mend(visit, get_response(request))
        except Exception:
            log.exception("answer_failed", request_id=visit.request_id, path=visit.path)
            raise
        finally:
            _visit.reset(token)
            long_lived.spare()

    return open_visit


def _mend(visit: Visit, response: Response) -> Response:
    headers: dict[str, Any] = response.headers  # Chalice's: a value is a text or a list of them
    as_json = is_api_path(visit.path)
    translated = translate_chalice_error(visit, response.body, response.status_code, headers, as_json=as_json)
    return response if translated is None else _finish(visit, translated)
