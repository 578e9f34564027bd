"""HTTP to API Gateway's proxy event and back."""

from __future__ import annotations

import base64

import pytest

from localstack.gateway_event import HttpRequest, Route, RouteTable, build_event, read_answer


def make_request(body: bytes = b"", content_type: str = "application/json", query: str = "") -> HttpRequest:
    return HttpRequest("POST", "/plays", query, {"content-type": content_type, "host": "127.0.0.1:8000"}, body, "127.0.0.1")


@pytest.mark.parametrize(
    ("path", "pattern", "parameters"),
    [
        ("/", "/", {}),
        ("/tracks/abc", "/tracks/{id}", {"id": "abc"}),
        ("/tracks/new", "/tracks/new", {}),
        ("/tracks/new/", "/tracks/new", {}),
        ("/static/a%20b.css", "/static/{name}", {"name": "a b.css"}),
        ("/tracks/a/similar", "/tracks/{track}/similar", {"track": "a"}),
    ],
)
def test_a_path_finds_its_route_and_literal_segments_win(path: str, pattern: str, parameters: dict[str, str]) -> None:
    table = RouteTable(["/", "/tracks/{id}", "/tracks/new", "/static/{name}", "/tracks/{track}/similar"])
    route = table.find(path)
    assert route is not None
    assert (route.pattern, route.parameters) == (pattern, parameters)


@pytest.mark.parametrize(
    ("path", "pattern", "rest"),
    [
        ("/nothing", "/{proxy+}", "nothing"),
        ("/tracks/a/b/c%20d", "/{proxy+}", "tracks/a/b/c d"),
        ("/", "/", None),
        ("/tracks/a", "/tracks/{id}", None),
    ],
)
def test_a_greedy_route_takes_what_no_other_takes(path: str, pattern: str, rest: str | None) -> None:
    route = RouteTable(["/{proxy+}", "/", "/tracks/{id}", "/tracks/{id}/similar"]).find(path)
    assert route is not None
    assert (route.pattern, route.parameters.get("proxy")) == (pattern, rest)


@pytest.mark.parametrize("path", ["/nothing", "/tracks", "/tracks/a/b/c", "/tracks//similar/x"])
def test_an_unknown_path_finds_nothing(path: str) -> None:
    assert RouteTable(["/", "/tracks/{id}", "/tracks/{id}/similar"]).find(path) is None


def test_the_event_has_what_chalice_and_the_links_read() -> None:
    event = build_event(make_request(b'{"a":1}', query="q=a&q=b&empty="), Route("/plays", {}), binary_types=["image/*"])
    assert event["body"] == '{"a":1}'
    assert event["isBase64Encoded"] is False
    assert event["multiValueQueryStringParameters"] == {"q": ["a", "b"], "empty": [""]}
    assert event["requestContext"]["path"] == "/plays"
    assert event["requestContext"]["resourcePath"] == "/plays"
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"


@pytest.mark.parametrize("request_", [make_request(b"\xff\xfe"), make_request(b"text", "image/png")])
def test_what_is_binary_goes_as_base64(request_: HttpRequest) -> None:
    event = build_event(request_, Route("/plays", {}), binary_types=["image/*"])
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == request_.body


def test_several_cookies_and_binary_bodies_come_back() -> None:
    answer = {
        "statusCode": 200,
        "headers": {"Content-Type": "image/png", "set-cookie": "hidden=1"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        "body": base64.b64encode(b"\x89PNG").decode(),
        "isBase64Encoded": True,
    }
    response = read_answer(answer)
    assert response.headers == (("Content-Type", "image/png"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    assert response.body == b"\x89PNG"
