"""From a route to a view and back: who may come in, what a write must prove, and the one place where whatever a view raises is
answered. Views get a `Visit` and give an `Answer`; Chalice is met here only.

The visit travels in a context variable, not in Chalice's `current_request`: that one is shared by all threads of a local server.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from chalice.app import Blueprint, Request, Response

from chalicelib.errors import NotSignedInError
from chalicelib.log import log, log_fields
from chalicelib.web.answers import Answer
from chalicelib.web.auth import check_form_token, check_origin, identify
from chalicelib.web.errors import answer_error, translate_chalice_error
from chalicelib.web.parsing import read_form
from chalicelib.web.security import secure
from chalicelib.web.urls import API
from chalicelib.web.visit import Visit, start_visit
from chalicelib.web.wiring import Wiring

View = Callable[..., Answer]  # (visit, **what the path names)
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

    @property
    def content_type(self) -> str:
        return "application/json" if self.is_api or self.method == "GET" else _FORM_TYPE


class Routes:
    """The routes of one module of views."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._routes: list[Route] = []

    def page(self, path: str, method: str = "GET", *, access: Access = "listener") -> Callable[[View], View]:
        return self._adder(path, method, access, is_api=False)

    def api(self, path: str, method: str = "GET", *, access: Access = "listener") -> Callable[[View], View]:
        return self._adder(API + path, method, access, is_api=True)

    def _adder(self, path: str, method: str, access: Access, *, is_api: bool) -> Callable[[View], View]:
        def add(view: View) -> View:
            self._routes.append(Route(path=path, method=method, view=view, access=access, is_api=is_api))
            return view

        return add

    def make_blueprint(self) -> Blueprint:
        """A new one each time: registering a blueprint uses it up."""
        blueprint = Blueprint(self._name)
        for route in self._routes:
            blueprint.route(route.path, methods=[route.method], content_types=[route.content_type])(_bind(route))
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
        answer = route.view(visit, **named)
    except Exception as raised:  # noqa: BLE001  # the record boundary of HTTP: every request gets its answer
        answer = answer_error(visit, raised, as_json=route.is_api)
    return _finish(visit, answer)


def _check_entry(visit: Visit, route: Route) -> None:
    if route.access == "listener" and visit.user is None:
        raise NotSignedInError("Please log in first.")
    if route.method == "GET":
        return
    if route.is_api:
        check_origin(visit)
    else:
        check_form_token(visit, read_form(visit).get("csrf_token", ""))


def _finish(visit: Visit, answer: Answer) -> Response:
    response = answer.to_response()
    response.headers.update(secure(visit, answer))
    return response


def make_middleware(wiring: Wiring) -> Callable[[Request, Callable[[Request], Response]], Response]:
    """Opens the visit before Chalice looks for the view, and puts Chalice's own errors into our shape."""

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

    return open_visit


def _mend(visit: Visit, response: Response) -> Response:
    headers: dict[str, Any] = response.headers  # Chalice's: a value is a text or a list of them
    is_api = visit.path.startswith(API)
    translated = translate_chalice_error(visit, response.body, response.status_code, headers, as_json=is_api)
    return response if translated is None else _finish(visit, translated)
