"""LocalStack without Docker, for itself: confined to loopback, and functions run from zips and layers as on Lambda. The whole of Timbre on
it is tested in `tests/e2e/test_localstack.py`.
"""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from chalicelib.storage.music_bucket import S3MusicBucket
from infrastructure.api_release import ApiStage, read_address, release_api
from infrastructure.change_sets import apply_change_set
from infrastructure.deploy import read_outputs
from infrastructure.errors import DeployError
from infrastructure.running_api import GATEWAY_STAGE
from infrastructure.smoke_test import Listener as Caller
from infrastructure.smoke_test import wait_for
from infrastructure.upload import provide_bucket, upload_template
from localstack.localstack_emulator import OTHER_LOOPBACK, describe_localstack, find_exposed_address, list_own_addresses
from localstack.settings import KEYS
from localstack.supervisor import ChildDiedError, Supervisor
from tests.conftest import give_up
from tests.e2e.listener import wait_until
from tests.localstack_environment import provide_localstack

ROOT = Path(__file__).parents[2]
RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
ROLE = "arn:aws:iam::000000000000:role/any"
HANDLER = """
import importlib.util, os, sys, tempfile, time
import from_the_layer

def handle(event, context):
    print("heard", event)
    if "raise" in event:
        raise LookupError(event["raise"])
    time.sleep(event.get("sleep", 0))
    leaked = [name for name in ("localstack", "moto", "yaml", "chalicelib", "plux") if importlib.util.find_spec(name)]
    return {"layer": from_the_layer.NAME, "leaked": leaked, "boto3": bool(importlib.util.find_spec("boto3")), "pid": os.getpid(),
            "colour": os.environ["COLOUR"], "tmp": tempfile.gettempdir(), "left_ms": context.get_remaining_time_in_millis()}
"""

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    provide_localstack()
    home = tmp_path_factory.mktemp("localstack")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    supervisor = Supervisor(home, on_restart=print, say=print, stopping=threading.Event())
    try:
        supervisor.start(describe_localstack(ROOT, home, port=free))
    except ChildDiedError as exc:
        give_up(f"LocalStack does not start here: {exc}")
    yield free
    supervisor.stop_all()


@pytest.fixture(scope="module")
def clients(port: int) -> Callable[[str], Any]:
    make: Any = boto3.client
    keys = {"aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"]}
    return lambda service: make(service, endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", **keys)


def test_a_template_larger_than_a_request_goes_by_a_bucket(clients: Callable[[str], Any]) -> None:
    cloudformation, s3 = clients("cloudformation"), clients("s3")
    queue = {"Type": "AWS::SQS::Queue", "Metadata": {"Story": "x" * 60_000}}
    template = json.dumps({"Resources": {"Padded": queue}, "Outputs": {"Url": {"Value": {"Ref": "Padded"}}}})
    provide_bucket(s3, "templates")
    template_url = upload_template(template, bucket="templates", s3=s3)
    given: dict[str, Any] = {"stack": "padded", "change": "CREATE", "parameters": {}, "report": print}
    with pytest.raises(cloudformation.exceptions.ClientError, match="51200"):
        cloudformation.create_change_set(StackName="padded", ChangeSetName="by-body", ChangeSetType="CREATE", TemplateBody=template)
    assert apply_change_set(cloudformation, template={"TemplateURL": template_url}, **given)
    assert clients("sqs").get_queue_attributes(QueueUrl=read_outputs(cloudformation, "padded")["Url"])


@pytest.fixture(scope="module")
def function(clients: Callable[[str], Any]) -> str:
    functions = clients("lambda")
    layer = functions.publish_layer_version(
        LayerName="own", Content={"ZipFile": pack({"python/from_the_layer.py": "NAME = 'of the layer'"})}, CompatibleRuntimes=[RUNTIME]
    )
    functions.create_function(
        FunctionName="probe",
        Runtime=RUNTIME,
        Role=ROLE,
        Handler="probe.handle",
        Code={"ZipFile": pack({"probe.py": HANDLER})},
        Layers=[layer["LayerVersionArn"]],
        Timeout=15,
        Environment={"Variables": {"COLOUR": "blue"}},
    )
    state = lambda: functions.get_function_configuration(FunctionName="probe")["State"] == "Active"  # noqa: E731
    wait_until(state, deadline_s=60, what="an active function")
    return "probe"


def pack(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def invoke(clients: Callable[[str], Any], function: str, event: dict[str, Any]) -> tuple[dict[str, Any], str | None, str]:
    answer = clients("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode(), LogType="Tail")
    return json.loads(answer["Payload"].read()), answer.get("FunctionError"), base64.b64decode(answer["LogResult"]).decode()


def test_it_answers_on_loopback_and_nowhere_else(port: int) -> None:
    assert find_exposed_address(port, ["127.0.0.1"]) == "127.0.0.1"
    assert find_exposed_address(port, [OTHER_LOOPBACK, *list_own_addresses()]) is None


def test_a_function_sees_its_zip_its_layer_and_boto3_and_nothing_of_localstack(clients: Callable[[str], Any], function: str) -> None:
    answer, error, _ = invoke(clients, function, {})
    assert error is None, answer
    assert (answer["layer"], answer["colour"], answer["boto3"]) == ("of the layer", "blue", True)
    assert answer["leaked"] == []
    assert 0 < answer["left_ms"] <= 15_000


def test_an_error_comes_back_with_type_and_stack_and_its_log(clients: Callable[[str], Any], function: str) -> None:
    answer, error, log = invoke(clients, function, {"raise": "no such song"})
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("LookupError", "no such song")
    assert any("in handle" in line for line in answer["stackTrace"])
    assert "heard {'raise': 'no such song'}" in log


def test_a_function_over_its_time_is_ended_and_the_next_invocation_has_a_new_process(clients: Callable[[str], Any], function: str) -> None:
    before, _, _ = invoke(clients, function, {})
    answer, error, _ = invoke(clients, function, {"sleep": 30})
    assert error == "Unhandled"
    assert answer["errorType"] == "Sandbox.Timedout"
    after, error, _ = invoke(clients, function, {})
    assert error is None
    assert after["pid"] != before["pid"]


def send_part(bucket: S3MusicBucket, key: str, multipart_id: str, number: int, content: bytes) -> int:
    """As a browser does: straight to S3, by the permission alone. The status."""
    url = bucket.presign_part(key, multipart_id, number=number, size_bytes=len(content), expires_s=60)
    return httpx.put(url, content=content, timeout=30).status_code


def test_a_large_file_arrives_in_parts(clients: Callable[[str], Any], tmp_path: Path) -> None:
    s3 = clients("s3")
    s3.create_bucket(Bucket="music-in-parts")
    bucket = S3MusicBucket(s3, "music-in-parts")
    key, parts = "uploads/1/large.wav", (b"a" * (5 << 20), b"the rest")
    multipart_id = bucket.begin_parts(key, mime="audio/wav")
    assert [send_part(bucket, key, multipart_id, number, content) for number, content in ((2, parts[1]), (1, parts[0]))] == [200, 200]
    stored = bucket.list_parts(key, multipart_id)
    assert stored is not None
    assert [(part.number, part.size_bytes) for part in stored] == [(1, 5 << 20), (2, 8)]
    assert bucket.head(key) is None
    assert bucket.complete_parts(key, multipart_id, stored)
    head = bucket.head(key)
    assert head is not None
    assert (head.size_bytes, head.etag.endswith("-2")) == ((5 << 20) + 8, True)
    arrived = bucket.download(key, tmp_path / "large.wav", max_bytes=6 << 20)
    assert arrived == head
    assert (tmp_path / "large.wav").read_bytes() == b"".join(parts)
    assert bucket.list_parts(key, multipart_id) is None


def test_parts_that_are_called_off_are_gone(clients: Callable[[str], Any]) -> None:
    s3 = clients("s3")
    s3.create_bucket(Bucket="music-called-off")
    bucket = S3MusicBucket(s3, "music-called-off")
    key = "uploads/2/large.wav"
    multipart_id = bucket.begin_parts(key, mime="audio/wav")
    assert send_part(bucket, key, multipart_id, 1, b"a" * 1000) == 200
    for _ in range(2):
        bucket.abort_parts(key, multipart_id)
    assert bucket.list_parts(key, multipart_id) is None
    assert not bucket.complete_parts(key, multipart_id, ())
    assert bucket.head(key) is None
    assert send_part(bucket, key, multipart_id, 2, b"late") == 404


def test_logs_are_in_cloudwatch(clients: Callable[[str], Any], function: str) -> None:
    invoke(clients, function, {"mark": "7e1f"})
    logs = clients("logs")

    def look() -> bool:
        groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{function}")["logGroups"]
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"] if groups else []
        return any("7e1f" in event["message"] for event in found)

    wait_until(look, deadline_s=20, what="the log of the invocation")


APP = """
import os
from chalice import Chalice

app = Chalice("trial")
if {broken!r} and "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    raise RuntimeError("broken in Lambda only")

@app.route("/api/v1/health")
def health():
    return {{"status": "ok", "version": "{version}", "colour": os.environ["COLOUR"]}}
"""
ARTEFACTS = "trial-artefacts"


@pytest.fixture
def trial(tmp_path: Path, clients: Callable[[str], Any], port: int, monkeypatch: pytest.MonkeyPatch) -> ApiStage:
    """A project of one route, for a Chalice that finds LocalStack in its environment."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".chalice").mkdir()
    (tmp_path / "chalicelib").mkdir()
    (tmp_path / "requirements.txt").touch()
    clients("s3").create_bucket(Bucket=ARTEFACTS)
    return ApiStage("trial", tmp_path, Path(sys.executable), ARTEFACTS, clients)


def release(trial: ApiStage, port: int, text: str, *, colour: str) -> list[str]:
    """What was said."""
    said: list[str] = []
    described = {"manage_iam_role": False, "iam_role_arn": ROLE, "environment_variables": {"COLOUR": colour}}
    config = {"version": "2.0", "app_name": "timbre", "api_gateway_stage": GATEWAY_STAGE, "stages": {trial.stage: described}}
    (trial.project / ".chalice" / "config.json").write_text(json.dumps(config))
    (trial.project / "app.py").write_text(text)
    prove = lambda: wait_for(lambda: ask_health(trial, port), what="health", timeout_s=6)  # noqa: E731
    release_api(trial, described, prove, said.append)
    return said


def ask_health(trial: ApiStage, port: int) -> Any:
    return Caller(read_address(trial, endpoint_url=f"http://127.0.0.1:{port}")).ask("GET", "/health")


def test_a_version_of_the_api_that_is_broken_leaves_the_last_one_serving_and_says_why(trial: ApiStage, port: int) -> None:
    """By the real Chalice: one that breaks where it is packaged, and one that breaks in Lambda, with another route and settings."""
    release(trial, port, APP.format(broken=False, version="one"), colour="blue")
    good = {"status": "ok", "version": "one", "colour": "blue"}
    assert ask_health(trial, port) == good

    with pytest.raises(DeployError, match=r"(?s)chalice deploy failed:.*LookupError: broken everywhere"):
        release(trial, port, "raise LookupError('broken everywhere')", colour="red")
    assert ask_health(trial, port) == good

    moved = APP.format(broken=True, version="two").replace("/api/v1/health", "/api/v2/health")
    with pytest.raises(DeployError, match=r"health did not come within 6 s: GET /health answered (4|5)\d\d"):
        release(trial, port, moved, colour="red")
    assert ask_health(trial, port) == good
    assert "API: nothing to change" in release(trial, port, APP.format(broken=False, version="one"), colour="blue")
