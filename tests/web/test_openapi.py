"""The description of the API, held against the application itself: its routes, its errors, and what it says of its own examples."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib import errors
from chalicelib.web.application import list_routes
from chalicelib.web.blueprints.service_api import draw_docs
from chalicelib.web.error_codes import ERROR_CODES
from chalicelib.web.openapi_operations import list_codes
from tests.web.site import Browser, Site

ROOT = Path(__file__).parents[2]
# Raised where no request waits for the answer, or told by a receipt and not by a status.
NOT_OVER_HTTP = {
    "config_error": "a setting is missing: nothing starts",
    "artefact_error": "an index that fails its checks: the reader keeps the last good one, the builder fails its message",
    "lease_held": "two builders: the second leaves",
    "build_not_found": "for who builds, reads or rolls back an index",
    "build_failed": "for who rolls back an index",
    "current_changed": "two builders publish: the second starts again",
    "corrupt": "a receipt",
    "silent": "a receipt",
    "too_long": "a receipt",
    "truncated": "a receipt",
}
Json = Any


@pytest.fixture
def document(site: Site) -> Json:
    answer = site.visitor().get("/api/v1/openapi.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    return answer.json_body


def list_operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_description_is_valid_openapi(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_of_the_api_is_described_and_nothing_else(site: Site, document: Json) -> None:
    pages = {("/api/v1/docs", "GET")}
    routes = {(path, method) for path, methods in site.app.routes.items() for method in methods if path.startswith("/api/")} - pages
    assert {(f"/api/v1{path}", method.upper()) for path, method, _ in list_operations(document)} == routes


def test_every_operation_says_what_it_does_under_a_name_of_its_own(document: Json) -> None:
    operations = [operation for _, _, operation in list_operations(document)]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert [operation["operationId"] for operation in operations if not operation["description"]] == []
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert all(tags[tag] for operation in operations for tag in operation["tags"])


def test_every_answer_and_body_with_json_has_an_example_that_fits_its_schema(document: Json) -> None:
    misfits = [
        f"{where}: {error.message}"
        for where, content in list_contents(document)
        for example in list_examples(document, content)
        for error in make_validator(document, content["schema"]).iter_errors(example)
    ]
    assert misfits == []
    assert [where for where, content in list_contents(document) if not list_examples(document, content)] == []


def test_every_parameter_of_a_path_has_an_example_that_fits_its_schema(document: Json) -> None:
    parameters = [each for _, _, operation in list_operations(document) for each in operation["parameters"] if each["in"] == "path"]
    assert parameters
    for parameter in parameters:
        make_validator(document, parameter["schema"]).validate(parameter["example"])


def test_what_is_said_of_a_query_is_told_of_its_parameters(document: Json) -> None:
    parameters = {each["name"]: each for each in document["paths"]["/similar"]["get"]["parameters"]}
    assert parameters["to"]["description"].startswith("At most 20 ids of songs, by commas, or each in a parameter of its own")
    assert parameters["to"]["schema"]["type"] == "array"
    assert parameters["to"]["schema"]["maxItems"] == 20
    assert parameters["to"]["schema"]["default"] == []
    assert parameters["to"]["schema"]["items"]["format"] == "track-id"
    told = [each for _, _, operation in list_operations(document) for each in operation["parameters"] if each["in"] == "query"]
    assert {each["name"] for each in told if not each.get("description")} <= {"from", "to", "limit", "year"}  # they say it themselves


def list_contents(document: Json) -> list[tuple[str, Json]]:
    contents = []
    for path, method, operation in list_operations(document):
        told = {"body": operation.get("requestBody", {}), **operation["responses"]}
        contents += [
            (f"{method} {path} {name}", content) for name, part in told.items() for content in part.get("content", {}).values() if content
        ]
    return contents


def list_examples(document: Json, content: Json) -> list[Json]:
    named = [document["components"]["examples"][name]["value"] for name in content.get("examples", {})]
    return named or ([content["example"]] if "example" in content else [])


def make_validator(document: Json, schema: Json) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_every_error_has_the_one_shape_and_is_among_the_answers_of_its_status(document: Json) -> None:
    for _, _, operation in list_operations(document):
        for status, answer in operation["responses"].items():
            codes = answer.get("content", {}).get("application/json", {}).get("examples", {})
            assert all(str(ERROR_CODES[code].status) == status for code in codes)
            assert int(status) < 400 or status == "503" or codes


def test_every_code_that_a_route_names_is_known() -> None:
    named = {code for route in list_routes() if route.is_api for code in (*route.errors, *list_codes(route))}
    assert named - set(ERROR_CODES) == set()


def test_every_code_that_is_raised_anywhere_is_in_the_table() -> None:
    own = [kind for kind in find_error_classes(errors.TimbreError) if kind.__module__.startswith("chalicelib.")]  # no tool's, no test's
    raised = set(find_raised_codes()) | {kind.code for kind in own}
    assert raised - set(ERROR_CODES) - set(NOT_OVER_HTTP) == set()
    assert set(NOT_OVER_HTTP) <= raised


def find_raised_codes() -> Iterator[str]:
    """The words given as `code=` to anything whose name ends in Error, in all of the application."""
    nodes = (node for path in (ROOT / "chalicelib").rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    errors_made = (node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"))
    for keyword in (keyword for made in errors_made for keyword in made.keywords if keyword.arg == "code"):
        yield from find_words(keyword.value)


def find_words(given: ast.expr) -> list[str]:
    """Of a word, or of a choice between words."""
    choices = [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]
    return [each.value for each in choices if isinstance(each, ast.Constant)]


def find_error_classes(kind: type[errors.TimbreError]) -> list[type[errors.TimbreError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in find_error_classes(child))]


def test_links_of_the_description_keep_the_prefix_of_the_request(site: Site) -> None:
    answer = site.proxy("/timbre/api/v1/openapi.json", "/api/v1/openapi.json")
    assert json.loads(answer["body"])["servers"] == [{"url": "/timbre/api/v1"}]


def test_a_signed_in_route_says_how_to_sign_in_and_an_open_one_does_not(document: Json) -> None:
    assert document["paths"]["/recommendations"]["get"]["security"] == [{"bearer": []}, {"session": []}]
    assert document["paths"]["/session"]["post"]["security"] == []
    assert set(document["components"]["securitySchemes"]) == {"bearer", "session"}


def test_what_an_answer_always_has_is_required_and_what_a_request_may_leave_out_is_not(document: Json) -> None:
    schemas = document["components"]["schemas"]
    assert "next_cursor" in schemas["TrackList"]["required"]
    assert "position_s" not in schemas["PlayRequest"]["required"]


def test_songs_and_covers_are_told_as_redirects(document: Json) -> None:
    assert "Location" in document["paths"]["/tracks/{track_id}/audio"]["get"]["responses"]["302"]["headers"]


def test_pages_do_not_load_the_description() -> None:
    """A cold start pays for what it serves."""
    script = "import sys, app; print([name for name in sys.modules if name.startswith('chalicelib.web.openapi')])"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.strip() == "[]"


def test_a_number_without_a_fraction_is_an_integer_however_it_is_written(ann: Browser) -> None:
    wanted = {"filename": "Song.mp3", "size_bytes": 4096.0, "content_type": "audio/mpeg"}
    assert ann.send_json("POST", "/uploads", wanted).status_code == 201
    assert ann.send_json("POST", "/uploads", {**wanted, "size_bytes": 4096.5}).status_code == 400


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=ten", "limit=5.5", "cursor=none", "year=null", "year=NULL", f"q={'x' * 201}"]
)
def test_a_query_that_does_not_fit_is_refused(ann: Browser, query: str) -> None:
    answer = ann.get(f"/api/v1/tracks?{query}")
    assert (answer.status_code, answer.json_body["error"]["code"]) in ((400, "invalid_input"), (400, "invalid_cursor"))


def test_the_page_about_the_api_needs_no_session_and_shows_every_operation(site: Site, document: Json) -> None:
    page = site.visitor().get("/api/v1/docs")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    text = page.body.decode()
    anchors = set(re.findall(r'<article class="operation" id="(\w+)"', text))
    assert anchors == {operation["operationId"] for _, _, operation in list_operations(document)}
    assert text.count("<code>curl") == len(anchors)
    assert "style=" not in text  # the content security policy would not let it
    assert "<script>" not in text


def test_every_link_within_the_page_about_the_api_leads_somewhere(site: Site) -> None:
    text = site.visitor().get("/api/v1/docs").body.decode()
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) - set(ids) == set()


def test_the_page_about_the_api_takes_its_address_from_the_request(site: Site) -> None:
    page = site.visitor().get("/api/v1/docs").body.decode()
    assert "https://timbre.test/api/v1/tracks?q=blue" in page
    assert "https://other.test/api/v1/tracks?q=blue" in site.visitor().get("/api/v1/docs", Host="other.test").body.decode()
    strange = site.visitor().get("/api/v1/docs", Host='"><script>').body.decode()
    assert "<script>" not in strange


def test_the_text_about_the_api_is_drawn_once_for_all_who_read_it(site: Site, ann: Browser) -> None:
    draw_docs.cache_clear()
    for reader in (site.visitor(), ann, site.visitor()):
        assert reader.get("/api/v1/docs").status_code == 200
    assert draw_docs.cache_info().misses == 1
