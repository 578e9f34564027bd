"""`API=lambda`: functions of a real MiniStack behind the front's HTTP: what they answer, and what happens when they do not; the real API's
zip among them.
"""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import waitress
from botocore.config import Config
from chalice import Chalice

from app import app as timbre
from infrastructure.api_package import API_HANDLER, build_api_package
from infrastructure.errors import PackageError
from infrastructure.zips import Archive
from localstack.api_function import ROLE, provide_function
from localstack.emulator import describe_emulator, find_emulator_python, make_endpoint_url
from localstack.front import Front, make_front
from localstack.function_invoker import PAYLOAD_LIMIT_BYTES, FunctionInvoker
from localstack.processes import Child
from tests.conftest import _find_free_port, give_up

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
PROBE = """
import json, os, time
def handle(event, context):
    what = event["pathParameters"]["what"]
    if what == "raise":
        raise RuntimeError("broken on purpose")
    if what == "sleep":
        time.sleep(30)
    if what == "exit":
        os._exit(1)
    if what == "shape":
        return ["no", "proxy"]
    if what == "large":
        return {"statusCode": 200, "body": "x" * 6_400_000}
    if what == "slowly":
        time.sleep(1)
    body = {"pid": os.getpid(), "version": VERSION, "body": event["body"], "words": os.environ["WORDS"]}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Lambda, by MiniStack as `make run` starts it."""
    if not find_emulator_python(ROOT).exists():
        give_up("MiniStack is not installed: `make test` puts it into .timbre/emulator.")
    home, port = tmp_path_factory.mktemp("emulator"), _find_free_port()
    child = Child(describe_emulator(ROOT, home, port=port), home)
    deadline = time.monotonic() + 60
    while not child.spec.is_ready():
        if not child.is_alive() or time.monotonic() > deadline:
            give_up(f"MiniStack does not start here: {child.log.read_text(errors='replace')[-500:]}")
        time.sleep(0.05)
    config = Config(read_timeout=31, max_pool_connections=8, retries={"mode": "standard", "total_max_attempts": 1})
    make: Any = boto3.client
    known = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    yield make("lambda", endpoint_url=make_endpoint_url(port), config=config, **known)
    child.process.send_signal(signal.SIGTERM)
    child.process.wait(timeout=60)


def zip_probe(version: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("probe.py", (1980, 1, 1, 0, 0, 0)), f"VERSION = {version!r}\n{PROBE}")
    return packed.getvalue()


def describe_probe(*, words: str = "none", timeout_s: int = 20) -> dict[str, Any]:
    settings = {"Layers": [], "Environment": {"Variables": {"WORDS": words}}}
    return {"Runtime": RUNTIME, "Handler": "probe.handle", "Role": ROLE, "Timeout": timeout_s, "MemorySize": 256, **settings}


def run_until_closed(server: Any) -> None:  # waitress has no types
    """`close` takes the sockets from under the loop that waits for them: that is its end, not a fault."""
    with contextlib.suppress(OSError):
        server.run()


@contextmanager
def serve(front: Front) -> Iterator[httpx.Client]:
    server = waitress.create_server(front, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=run_until_closed, args=(server,), daemon=True).start()
    with httpx.Client(base_url=f"http://127.0.0.1:{server.effective_port}", timeout=60) as http:
        yield http
    server.close()


def make_routes() -> Chalice:
    routes = Chalice(app_name="routes")

    @routes.route("/{what}", methods=["GET", "POST"])
    def never_called(what: str) -> str:
        raise AssertionError(f"the front called the application itself for {what}")

    @routes.route("/api/{what}", methods=["GET"])
    def never_called_either(what: str) -> str:
        raise AssertionError(f"the front called the application itself for {what}")

    return routes


@pytest.fixture(scope="module")
def http(client: Any) -> Iterator[httpx.Client]:
    provide_function(client, "probe", code=zip_probe("one"), wanted=describe_probe(timeout_s=10))
    with serve(make_front(make_routes(), handler=FunctionInvoker("probe", client=client))) as http:
        yield http


def test_a_request_reaches_the_function_and_its_answer_comes_back(http: httpx.Client) -> None:
    answer = http.post("/echo", json={"x": "ü"})
    assert answer.status_code == 200
    assert answer.json()["body"] == '{"x":"ü"}'


@pytest.mark.parametrize(("path", "status"), [("/raise", 502), ("/exit", 502), ("/shape", 502), ("/large", 502), ("/sleep", 504)])
def test_a_function_that_fails_gives_a_page_with_the_id_of_the_request(http: httpx.Client, path: str, status: int) -> None:
    answer = http.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert f"Request {answer.headers['x-request-id']}" in answer.text
    assert "on purpose" not in answer.text
    assert http.get("/well").status_code == 200, "the next request is not served"


def test_a_function_that_fails_gives_json_under_the_api(http: httpx.Client) -> None:
    answer = http.get("/api/raise")
    assert answer.status_code == 502
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]


def test_what_lambda_would_not_take_is_refused_before_it_is_sent(http: httpx.Client) -> None:
    assert http.post("/echo", content=b"x" * (PAYLOAD_LIMIT_BYTES - 10_000), headers={"content-type": "text/plain"}).status_code == 200
    refused = http.post("/echo", content=b"x" * PAYLOAD_LIMIT_BYTES, headers={"content-type": "text/plain"})
    assert refused.status_code == 413
    assert "6 MB" in refused.text


def test_requests_at_the_same_time_are_served_side_by_side(http: httpx.Client) -> None:
    begin = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: http.get("/slowly"), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.json()["pid"] for answer in answers}) == 4
    assert time.monotonic() - begin < 4 * 1.0 + 2


def test_more_requests_than_the_function_may_serve_are_asked_to_come_again(client: Any) -> None:
    provide_function(client, "narrow", code=zip_probe("one"), wanted=describe_probe())
    client.put_function_concurrency(FunctionName="narrow", ReservedConcurrentExecutions=1)
    with serve(make_front(make_routes(), handler=FunctionInvoker("narrow", client=client))) as http, ThreadPoolExecutor(3) as threads:
        http.get("/well")
        answers = list(threads.map(lambda _: http.get("/slowly"), range(3)))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert refused[0].headers["retry-after"] == "2"
    assert [answer.status_code for answer in answers if answer not in refused] == [200] * (3 - len(refused))


def test_a_function_that_is_not_there_is_a_bad_gateway(client: Any) -> None:
    with serve(make_front(make_routes(), handler=FunctionInvoker("nobody", client=client))) as http:
        assert http.get("/well").status_code == 502


def test_deploying_again_changes_what_differs_and_nothing_else(client: Any) -> None:
    def invoke() -> dict[str, Any]:
        answer = FunctionInvoker("changing", client=client)({"pathParameters": {"what": "well"}, "body": None}, None)
        told: dict[str, Any] = httpx.Response(200, text=answer["body"]).json()
        return told

    def revision() -> str:
        return str(client.get_function_configuration(FunctionName="changing")["LastModified"])

    provide_function(client, "changing", code=zip_probe("one"), wanted=describe_probe(words="first"))
    first, at_first = invoke(), revision()
    provide_function(client, "changing", code=zip_probe("one"), wanted=describe_probe(words="first"))
    assert revision() == at_first
    provide_function(client, "changing", code=zip_probe("two"), wanted=describe_probe(words="second"))
    second = invoke()
    assert (first["version"], first["words"]) == ("one", "first")
    assert (second["version"], second["words"]) == ("two", "second")


@pytest.fixture(scope="module")
def api_package() -> Archive:
    try:
        return build_api_package(python=Path(sys.executable), out=ROOT / "build", report=print)
    except PackageError as exc:
        give_up(f"The API cannot be packaged here: {exc}")


def test_every_module_of_the_api_has_its_bytecode(api_package: Archive) -> None:
    with zipfile.ZipFile(api_package.path) as archive:
        names = set(archive.namelist())
    tag = sys.implementation.cache_tag
    modules = [Path(name) for name in names if name.endswith(".py")]
    missing = [str(path) for path in modules if (path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc").as_posix() not in names]
    assert len(modules) > 200
    assert missing == []


def test_the_packaged_api_serves_its_pages_without_a_database(client: Any, api_package: Archive) -> None:
    settings = {"MONGODB_URI": "mongodb://127.0.0.1:1/", "MUSIC_BUCKET": "music", "INDEX_BUCKET": "index", "SECURE_COOKIES": "false"}
    wanted = {**describe_probe(), "Handler": API_HANDLER, "Environment": {"Variables": settings}}
    provide_function(client, "api", code=api_package.path.read_bytes(), wanted=wanted)
    with serve(make_front(timbre, handler=FunctionInvoker("api", client=client))) as http:
        page = http.get("/login")
        assert page.status_code == 200
        assert 'name="password"' in page.text
        assert "timbre_form=" in page.headers["set-cookie"]
        assert http.get("/static/site.css").headers["content-type"] == "text/css; charset=utf-8"
        assert http.get("/").headers["location"] == "/login"
