"""Functions as processes, with a small runtime in the place of `awslambdaric`: what they see, how they end, what is logged."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localstack.host_localstack.function_process import FunctionCode, FunctionProcess, merge_layers
from localstack.host_localstack.runtime_api import InitError

RUNTIME = """
import http.client, importlib, json, os, sys

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
root = "/2018-06-01/runtime/"

def post(path, body):
    api.request("POST", root + path, json.dumps(body))
    api.getresponse().read()

name, function = sys.argv[1].rsplit(".", 1)
try:
    handle = getattr(importlib.import_module(name), function)
except Exception as exc:
    post("init/error", {"errorType": type(exc).__name__, "errorMessage": str(exc)})
    sys.exit(1)
while True:
    api.request("GET", root + "invocation/next")
    answer = api.getresponse()
    request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(answer.read())
    try:
        post(f"invocation/{request}/response", handle(event, int(answer.headers["Lambda-Runtime-Deadline-Ms"])))
    except Exception as exc:
        post(f"invocation/{request}/error", {"errorType": type(exc).__name__, "errorMessage": str(exc)})
"""
HANDLER = """
import os, subprocess, sys, tempfile, time

def handle(event, deadline):
    print("working on", event, flush=True)
    if "raise" in event:
        raise ValueError(event["raise"])
    if "exit" in event:
        os._exit(event["exit"])
    if "child" in event:
        open(event["child"], "w").write(str(subprocess.Popen(["sleep", "60"]).pid))
        time.sleep(60)
    return {"pid": os.getpid(), "environment": dict(os.environ), "path": sys.path, "tmp": tempfile.gettempdir(), "deadline": deadline}
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., FunctionProcess]]:
    started: list[FunctionProcess] = []
    code = tmp_path / "code"
    code.mkdir()
    (code / "awslambdaric.py").write_text(RUNTIME)
    (code / "handler.py").write_text(HANDLER)

    def make(*, handler: str = "handler.handle", timeout_s: float = 20) -> FunctionProcess:
        described = FunctionCode(code, tmp_path / "opt", handler, "python3.11", Path(sys.executable), timeout_s, 512)
        process = FunctionProcess(described, tmp_path / f"environment-{len(started)}", {"GREETING": "hello"})
        started.append(process)
        process.start()
        return process

    yield make
    for each in started:
        each.stop()


def invoke(process: FunctionProcess, event: object, request_id: str = "r-1") -> tuple[dict[str, object], bool, str]:
    answer, log = process.invoke(request_id, json.dumps(event).encode(), {})
    return json.loads(answer.payload), answer.is_error, log


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" if sys.platform == "linux" else True


def test_a_warm_process_answers_again_and_each_log_holds_its_own_invocation_only(start: Callable[..., FunctionProcess]) -> None:
    process = start()
    first, _, log = invoke(process, {"n": 1})
    second, _, next_log = invoke(process, {"n": 2}, "r-2")
    assert first["pid"] == second["pid"]
    assert "working on {'n': 1}" in log
    assert "{'n': 1}" not in next_log
    assert next_log.startswith("START RequestId: r-2")


def test_a_function_sees_its_own_variables_and_nothing_of_who_started_it(
    start: Callable[..., FunctionProcess], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_STARTER", "x")
    seen, _, _ = invoke(start(), {})
    environment = seen["environment"]
    assert isinstance(environment, dict)
    assert environment["GREETING"] == "hello"
    assert "SECRET_OF_THE_STARTER" not in environment
    assert str(seen["tmp"]).startswith(str(tmp_path / "environment-0"))
    assert str(Path(__file__).parents[3]) not in list(seen["path"])  # type: ignore[call-overload]  # a list, from JSON


def test_two_environments_share_no_temporary_folder(start: Callable[..., FunctionProcess]) -> None:
    one, other = start(), start()
    assert invoke(one, {})[0]["tmp"] != invoke(other, {})[0]["tmp"]


def test_an_exception_comes_back_by_type_and_message(start: Callable[..., FunctionProcess]) -> None:
    answer, is_error, _ = invoke(start(), {"raise": "no such track"})
    assert is_error
    assert (answer["errorType"], answer["errorMessage"]) == ("ValueError", "no such track")


def test_a_process_that_exits_fails_its_invocation_and_is_replaced_for_the_next(start: Callable[..., FunctionProcess]) -> None:
    process = start()
    answer, is_error, _ = invoke(process, {"exit": 3})
    assert is_error
    assert answer["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in str(answer["errorMessage"])
    assert not invoke(process, {}, "r-2")[1]


def test_a_time_out_ends_the_process_and_what_it_started(start: Callable[..., FunctionProcess], tmp_path: Path) -> None:
    process, child = start(timeout_s=1.0), tmp_path / "child"
    answer, is_error, log = invoke(process, {"child": str(child)})
    assert is_error
    assert answer["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in log
    deadline = time.monotonic() + 5
    while is_alive(int(child.read_text())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(int(child.read_text()))
    assert not invoke(process, {}, "r-2")[1]


def test_a_function_that_cannot_be_imported_says_why(start: Callable[..., FunctionProcess]) -> None:
    with pytest.raises(InitError, match="ModuleNotFoundError"):
        start(handler="nowhere.handle")


def test_a_later_layer_lies_over_an_earlier_one_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    for name, text in (("one", "1"), ("two", "2")):
        (tmp_path / name / "python").mkdir(parents=True)
        (tmp_path / name / "python" / "shared.py").write_text(text)
        (tmp_path / name / "python" / f"{name}.py").write_text(text)
    opt = merge_layers([tmp_path / "one", tmp_path / "two"], tmp_path / "opt")
    assert sorted(path.name for path in (opt / "python").iterdir()) == ["one.py", "shared.py", "two.py"]
    assert (opt / "python" / "shared.py").read_text() == "2"
    assert (tmp_path / "one" / "python" / "shared.py").read_text() == "1"
    assert merge_layers([], tmp_path / "opt") == opt, "what is merged is not merged again"
