"""The front over real HTTP: a small Chalice application behind waitress."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import waitress
from chalice import Chalice, Response

from localstack.front import MAX_BODY_BYTES, Handler, make_front

pytestmark = pytest.mark.integration


def make_app() -> Chalice:
    app = Chalice(app_name="small")

    @app.route("/echo/{word}", methods=["GET", "POST"], content_types=["application/json"])
    def echo(word: str) -> dict[str, object]:
        request = app.current_request
        time.sleep(0.02)  # long enough for requests of other threads to come between
        mine = app.current_request is request
        return {
            "word": word,
            "query": (request.query_params or {}).get("q"),
            "mine": mine,
            "body": request.json_body if request.raw_body else None,
        }

    @app.route("/cookies")
    def set_cookies() -> Response:
        return Response("ok", headers={"Set-Cookie": ["a=1", "b=2"], "Content-Type": "text/plain"})

    @app.route("/crash")
    @app.route("/api/v1/crash")
    def crash() -> None:
        """See `answer`."""

    @app.route("/picture")
    def show_picture() -> Response:
        return Response(b"\x89PNG", headers={"Content-Type": "image/png"})

    return app


def answer(app: Chalice) -> Handler:
    """The application, but for a fault of Lambda's own: nothing comes back."""

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        if event["path"].endswith("/crash"):
            raise RuntimeError("the function has died")
        response: dict[str, Any] = app(event, context)
        return response

    return handle


def run_until_closed(server: Any) -> None:  # waitress has no types
    """`close` takes the sockets from under the loop that waits for them: that is its end, not a fault."""
    with contextlib.suppress(OSError):
        server.run()


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    app = make_app()
    front = make_front(app, handler=answer(app))
    server = waitress.create_server(front, host="127.0.0.1", port=0, threads=8, max_request_body_size=MAX_BODY_BYTES)
    threading.Thread(target=run_until_closed, args=(server,), daemon=True).start()
    with httpx.Client(base_url=f"http://127.0.0.1:{server.effective_port}", timeout=10) as client:
        yield client
    server.close()


def test_path_query_and_body_reach_the_view(http: httpx.Client) -> None:
    answer = http.post("/echo/a%20b", params={"q": "ü"}, json={"x": [1]}).json()
    assert answer == {"word": "a b", "query": "ü", "mine": True, "body": {"x": [1]}}


def test_requests_at_the_same_time_do_not_see_each_other(http: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: http.get(f"/echo/{number}", params={"q": str(number)}).json(), range(40)))
    assert [answer["word"] for answer in answers] == [str(number) for number in range(40)]
    assert all(answer["query"] == answer["word"] and answer["mine"] for answer in answers)


def test_each_cookie_gets_its_own_header(http: httpx.Client) -> None:
    assert http.get("/cookies").headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_binary_answers_arrive_as_bytes(http: httpx.Client) -> None:
    answer = http.get("/picture", headers={"Accept": "image/png"})
    assert answer.content == b"\x89PNG"


def test_head_answers_like_get_without_a_body(http: httpx.Client) -> None:
    answer = http.head("/cookies")
    assert answer.status_code == 200
    assert answer.headers["content-length"] == "2"
    assert answer.content == b""


def test_an_unknown_address_is_a_page_and_json_under_the_api(http: httpx.Client) -> None:
    page = http.get("/nothing/here")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    error = http.get("/api/v1/nothing").json()["error"]
    assert error["code"] == "not_found"


def test_what_the_front_itself_answers_has_a_request_id_too(http: httpx.Client) -> None:
    for path in ("/nowhere", "/crash"):
        page = http.get(path)
        assert f"Request {page.headers['x-request-id']}" in page.text
    for path in ("/api/v1/nowhere", "/api/v1/crash"):
        answer = http.get(path)
        assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
    assert (http.get("/nowhere").status_code, http.get("/crash").status_code) == (404, 502)
    assert http.get("/nowhere").headers["x-request-id"] != http.get("/nowhere").headers["x-request-id"]


def test_more_than_ten_megabytes_are_refused(http: httpx.Client) -> None:
    answer = http.post("/echo/x", content=b"x" * (MAX_BODY_BYTES + 1), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
