"""The whole end-to-end suite once more, on LocalStack: its S3, SQS, schedules and Lambda with layers, its API Gateway in front of what an
unmodified `chalice deploy` put there. Then what only this machine has to show.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from infrastructure.deploy import deploy_stack
from infrastructure.package import build_packages
from localstack.localstack_emulator import find_function_python
from localstack.settings import KEYS, STAGE, make_parameters
from localstack.surroundings import Addresses
from tests.e2e.listener import Dropper, Listener, wait_until
from tests.e2e.machine import ROOT, Machine
from tests.e2e.test_drop_play_recommend import *  # noqa: F403  # every test of it, whatever it holds
from tests.localstack_environment import provide_localstack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def localstack_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    provide_localstack()
    machine = Machine(tmp_path_factory.mktemp("localstack") / "home", EMULATOR="localstack")
    yield machine
    machine.stop()


@pytest.fixture(scope="module")
def running(localstack_machine: Machine) -> dict[str, Any]:
    """In the place of the machine on MiniStack."""
    return localstack_machine.start()


def make_client(running: dict[str, Any], service: str) -> Any:
    make: Any = boto3.client
    keys = {"aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"]}
    return make(service, endpoint_url=running["aws_endpoint_url"], region_name="us-east-1", **keys)


def test_every_link_of_a_page_stays_below_the_stage(running: dict[str, Any]) -> None:
    page = httpx.get(running["url"] + "/login")
    assert page.status_code == 200
    assert 'href="/timbre/static/' in page.text
    assert 'href="/static/' not in page.text
    cookies = page.headers.get_list("set-cookie")
    assert cookies
    assert all("Path=/timbre" in cookie for cookie in cookies)


def test_the_schedule_runs_the_relay(running: dict[str, Any]) -> None:
    logs = make_client(running, "logs")

    def look() -> bool:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/timbre-{STAGE}-relay-plays")["events"]
        return any(event["message"].startswith("REPORT") for event in events)

    wait_until(look, deadline_s=120, what="a run of the relay, which only the schedule invokes")


def test_deploying_the_stack_again_changes_nothing(running: dict[str, Any]) -> None:
    packages = build_packages("local", python=find_function_python(ROOT), out=ROOT / "build", report=print)
    endpoint_url, kafka = running["aws_endpoint_url"], running["kafka_bootstrap_servers"]
    parameters = make_parameters({}, Addresses(running["mongodb_uri"], kafka, endpoint_url))
    said: list[str] = []
    deploy_stack(
        stage=STAGE, packages=packages, parameters=parameters, report=said.append, clients=lambda service: make_client(running, service)
    )
    assert said == [f"stack timbre-{STAGE}: nothing to change"]


def test_plain_chalice_deploy_again_changes_nothing(running: dict[str, Any], localstack_machine: Machine) -> None:
    project = localstack_machine.home / "chalice"
    record = project / ".chalice" / "deployed" / f"{STAGE}.json"
    before = json.loads(record.read_text()), read_api(running)
    environment = {**os.environ, **KEYS, "AWS_ENDPOINT_URL": running["aws_endpoint_url"], "AWS_CONFIG_FILE": os.devnull}
    command = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())", "deploy", "--stage", STAGE]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (json.loads(record.read_text()), read_api(running)) == before
    assert httpx.get(running["url"] + "/login").status_code == 200


def read_api(running: dict[str, Any]) -> list[Any]:
    """All that can be told of the API's function, and of the REST APIs that are there, but for times and revisions."""
    function = make_client(running, "lambda").get_function_configuration(FunctionName=f"timbre-{STAGE}")
    apis = make_client(running, "apigateway").get_rest_apis()["items"]
    told = ("CodeSha256", "Environment", "Handler", "Layers", "MemorySize", "Role", "Runtime", "Timeout")
    return [{name: function.get(name) for name in told}, [api["id"] for api in apis]]


def copy_project(to: Path) -> None:
    for name in ("app.py", "chalicelib", ".chalice", "requirements.txt"):
        left_out = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
        shutil.copytree(ROOT / name, to / name, ignore=left_out) if (ROOT / name).is_dir() else shutil.copy(ROOT / name, to)


@pytest.fixture
def trial_environment(running: dict[str, Any]) -> dict[str, str]:
    """Of `make deploy` and `make destroy` of a stage beside the running one, with a database and a topic of its own."""
    return {
        **os.environ,
        **KEYS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_ENDPOINT_URL": running["aws_endpoint_url"],
        "MONGODB_URI": running["mongodb_uri"],
        "KAFKA_BOOTSTRAP_SERVERS": running["kafka_bootstrap_servers"],
        "MONGODB_DATABASE": "trial",
        "PLAYS_TOPIC": "plays-of-trial",
        "INDEX_BUILD_DELAY_S": "1",
        "EXPECT_RECOMMENDATIONS": "1",
        "MUSIC_TOO": "yes",
    }


@pytest.fixture
def trial_poller(trial_environment: dict[str, str], tmp_path: Path) -> Iterator[None]:
    """Waits for the stack of the stage that is yet to be deployed."""
    command = [sys.executable, "-m", "localstack.poll_stage", "--stage", "trial"]
    with (tmp_path / "poller.log").open("wb") as log:
        poller = subprocess.Popen(command, cwd=ROOT, env=trial_environment, stdout=log, stderr=subprocess.STDOUT)
    yield
    poller.terminate()
    try:
        poller.wait(timeout=20)
    except subprocess.TimeoutExpired:
        poller.kill()


@pytest.mark.usefixtures("trial_poller")
def test_make_deploy_twice_changes_nothing_and_make_destroy_leaves_nothing(
    running: dict[str, Any], tmp_path: Path, trial_environment: dict[str, str]
) -> None:
    """Smoke-tested down to a recommendation that rests on the play; the tracked tree is left alone."""
    project = tmp_path / "project"
    project.mkdir()
    copy_project(project)

    def run(act: str) -> str:
        command = [sys.executable, "-m", f"infrastructure.{act}_stage", "--stage", "trial", "--project", str(project)]
        done = subprocess.run(command, cwd=ROOT, env=trial_environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\nthe poller: {(tmp_path / 'poller.log').read_text()[-3000:]}"
        return done.stdout

    said = run("deploy")
    assert "played one; recommended: 1, by plays" in said
    assert "api: " in said
    address = said.split()[-1]
    assert httpx.get(f"{address}/login").status_code == 200
    again = run("deploy")
    assert "stack timbre-trial: nothing to change" in again
    assert "API: nothing to change" in again
    assert ", by plays" in again
    run("destroy")
    assert httpx.get(f"{address}/login").status_code != 200
    stacks = make_client(running, "cloudformation").describe_stacks()["Stacks"]
    assert "timbre-trial" not in {stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"}
    assert not [b["Name"] for b in make_client(running, "s3").list_buckets()["Buckets"] if "trial" in b["Name"]]


def test_a_killed_localstack_is_brought_up_again_empty(running: dict[str, Any], localstack_machine: Machine, pieces: list[Path]) -> None:
    """Stack and API are there anew, and a song dropped then is analysed; what was in it before is gone, and nobody is shown it."""
    before = Listener(running)
    killed = localstack_machine.kill_part("emulator")
    localstack_machine.wait_for_part("emulator", instead_of=killed)
    url = running["url"] + "/api/v1/health"

    def serves() -> bool:
        try:
            return httpx.get(url, timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    wait_until(serves, deadline_s=180, what="an API that answers again")
    key = Dropper(running).drop(pieces[0], "uploads/after/the kill.mp3")
    receipt = before.wait_for_receipt(key)
    assert receipt["status"] == "indexed"
    assert [item["track_id"] for item in before.get("/tracks")["items"]] == [receipt["track_id"]]
