"""One error shape for every error, and nothing in it that an attacker or a listener should not see."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, NoReturn

import pytest
from chalice import Chalice
from chalice.test import Client, LambdaContext

from chalicelib.errors import (
    ArtefactError,
    AudioError,
    ConfigError,
    ConflictError,
    InvalidInputError,
    LeaseHeldError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    StoreUnavailableError,
    TimbreError,
    TooManyRequestsError,
)
from chalicelib.web.routing import Routes, make_middleware
from chalicelib.web.visit import Visit
from chalicelib.web.wiring import Wiring
from localstack.gateway_event import HttpRequest, Route, build_event
from tests.web.site import HOST, Browser, FakeStores, Site

EVERY_ERROR: list[tuple[Exception, int, str]] = [
    (InvalidInputError("The limit is odd."), 400, "invalid_input"),
    (InvalidInputError("Too much.", code="too_large"), 413, "too_large"),
    (AudioError("No sound.", code="silent"), 400, "silent"),
    (NotSignedInError("Please log in first."), 401, "not_signed_in"),
    (NotAllowedError("Not yours."), 403, "not_allowed"),
    (NotFoundError("No such track.", code="track_not_found"), 404, "track_not_found"),
    (ConflictError("Taken.", code="username_taken"), 409, "username_taken"),
    (TooManyRequestsError("Slowly.", retry_after_s=7), 429, "too_many_requests"),
    (StoreUnavailableError("tracks"), 503, "store_unavailable"),
    (ConfigError("SECRET_URI is wrong."), 500, "internal_error"),
    (ArtefactError("secret.ann is cut."), 500, "internal_error"),
    (LeaseHeldError("held by secret"), 500, "internal_error"),
    (TimbreError("secret"), 500, "internal_error"),
    (ZeroDivisionError("secret"), 500, "internal_error"),
]


def raise_in_view(error: Exception, folder: Path) -> Client:
    """An application with a page and an API route that raise the error."""
    routes = Routes("failing")

    def fail(_visit: Visit) -> NoReturn:
        raise error

    routes.page("/fails", access="unidentified")(fail)
    routes.api("/fails", access="unidentified")(fail)
    app = Chalice(app_name="timbre")
    app.register_middleware(make_middleware(Wiring(stores=FakeStores(folder))), "http")
    app.register_blueprint(routes.make_blueprint())
    return Client(app, project_dir=str(folder))


def is_error_shape(body: Any) -> bool:
    return set(body) == {"error"} and set(body["error"]) == {"code", "message", "request_id"} and all(body["error"].values())


@pytest.mark.parametrize(("error", "status", "code"), EVERY_ERROR, ids=lambda value: type(value).__name__)
def test_every_error_has_its_status_and_the_one_shape(tmp_path: Path, error: Exception, status: int, code: str) -> None:
    answer = raise_in_view(error, tmp_path).http.get("/api/v1/fails")
    assert (answer.status_code, answer.json_body["error"]["code"]) == (status, code)
    assert is_error_shape(answer.json_body)
    assert answer.headers["X-Request-Id"] == answer.json_body["error"]["request_id"]
    assert b"secret" not in answer.body.lower()


@pytest.mark.parametrize(("error", "status"), [(error, status) for error, status, _ in EVERY_ERROR], ids=lambda value: type(value).__name__)
def test_every_error_has_a_page_and_a_missing_session_leads_to_the_log_in(tmp_path: Path, error: Exception, status: int) -> None:
    answer = raise_in_view(error, tmp_path).http.get("/fails")
    if status == 401:
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Ffails")
        return
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"<h1>" in answer.body
    assert b"secret" not in answer.body.lower()


def test_an_unknown_error_is_logged_with_the_requests_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = raise_in_view(ZeroDivisionError("by nought"), tmp_path).http.get("/api/v1/fails")
    logged = capsys.readouterr().err
    assert answer.json_body["error"]["request_id"] in logged
    assert "by nought" in logged


def test_those_who_should_wait_are_told_how_long(tmp_path: Path) -> None:
    throttled = raise_in_view(TooManyRequestsError("Slowly.", retry_after_s=7), tmp_path)
    assert throttled.http.get("/api/v1/fails").headers["Retry-After"] == "7"
    assert throttled.http.get("/fails").headers["Retry-After"] == "7"


def test_while_mongodb_is_away_every_page_and_call_says_try_again(site: Site, ann: Browser) -> None:
    track = site.add_track("song")
    site.stores.switch_mongodb(is_down=True)
    for path in ("/", "/search", f"/tracks/{track.track_id}", "/upload", "/history", "/status"):
        page = ann.get(path)
        assert page.status_code == 503, path
        assert int(page.headers["Retry-After"]) > 0
        assert b"please try again in a few seconds" in page.body
    for path in ("/tracks", "/recommendations", "/history", "/uploads"):
        answer = ann.get(f"/api/v1{path}")
        assert (answer.status_code, answer.json_body["error"]["code"]) == (503, "store_unavailable")
        assert is_error_shape(answer.json_body)
    assert site.visitor().get("/login").status_code == 200


def test_a_wrong_method_or_content_type_has_the_one_shape_too(ann: Browser) -> None:
    wrong_method = ann.send_json("PUT", "/plays", {})
    assert (wrong_method.status_code, wrong_method.json_body["error"]["code"]) == (405, "method_not_allowed")
    assert wrong_method.headers["Allow"] == "POST"
    wrong_type = ann.request("POST", "/api/v1/plays", body=b"x=1", Content_Type="text/plain")
    assert (wrong_type.status_code, wrong_type.json_body["error"]["code"]) == (415, "unsupported_media_type")
    assert is_error_shape(wrong_type.json_body)
    page = ann.request("POST", "/login", body=b"{}", Content_Type="application/json")
    assert page.status_code == 415
    assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"username": 1, "password": "x"}', b'{"username": "ann"}', b"\xff\xfe"])
def test_json_that_does_not_fit_is_refused_with_a_sentence(site: Site, body: bytes) -> None:
    answer = site.visitor().request("POST", "/api/v1/session", body=body, Content_Type="application/json")
    assert (answer.status_code, answer.json_body["error"]["code"]) == (400, "invalid_input")
    assert answer.json_body["error"]["message"].startswith("The request's JSON does not fit: ")


def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    answer = site.visitor().request("POST", "/api/v1/session", body=b" " * 70_000, Content_Type="application/json")
    assert (answer.status_code, answer.json_body["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["/tracks", "/recommendations", "/history", "/uploads", "/uploads/" + "a" * 24, "/tracks/" + "a" * 24])
def test_without_a_session_the_api_says_so(site: Site, path: str) -> None:
    answer = site.visitor().get(f"/api/v1{path}")
    assert (answer.status_code, answer.json_body["error"]["code"]) == (401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_route_but_the_open_ones_needs_a_session(site: Site) -> None:
    opened = {"/login", "/signup", "/static/{name}", "/{proxy+}"}
    opened |= {f"/api/v1{path}" for path in ("/users", "/session", "/health", "/openapi.json", "/docs")}
    visitor = site.visitor()
    for path, methods in site.app.routes.items():
        for method in methods:
            if path in opened:
                continue
            answer = visitor.request(method, path.replace("{track_id}", "a" * 24).replace("{upload_id}", "b" * 24), Host=HOST)
            assert answer.status_code in (303, 401, 415), f"{method} {path}"
            assert answer.status_code != 303 or answer.headers["Location"].startswith("/login")


@pytest.fixture(autouse=True)
def keep_log_quiet() -> None:
    logging.getLogger("timbre").setLevel(logging.CRITICAL)  # Chalice's own


def test_an_address_where_nothing_is_has_timbres_own_page_and_json_under_api(site: Site, ann: Browser) -> None:
    def ask(method: str, path: str, cookie: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = site.app(make_gateway_event(method, path, cookie), LambdaContext("timbre", 128))
        return answer

    page = ask("GET", "/no/such/page", f"timbre_session={ann.cookies['timbre_session']}")
    assert (page["statusCode"], page["headers"]["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing at this address." in page["body"]
    assert 'href="/history"' in page["body"]
    assert "There is nothing at this address." in ask("GET", "/no-such-page")["body"]  # nobody is signed in
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = ask(method, "/api/v1/no/such/thing")
        assert (answer["statusCode"], json.loads(answer["body"])["error"]["code"]) == (404, "not_found")
    assert json.loads(ask("GET", "/api")["body"])["error"]["request_id"]
    assert ask("POST", "/no/such/page")["statusCode"] == 404


def make_gateway_event(method: str, path: str, cookie: str) -> dict[str, Any]:
    headers = {"host": "timbre.test", "content-type": "text/plain", "cookie": cookie}
    request = HttpRequest(method, path, "", headers, b"x" if method != "GET" else b"", "192.0.2.1")
    return build_event(request, Route("/{proxy+}", {"proxy": path[1:]}), binary_types=())
