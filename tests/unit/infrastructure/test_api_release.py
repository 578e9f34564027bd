"""A version of the API that cannot be deployed, or does not prove good: what served before serves again, and what failed is told.

Lambda, API Gateway and S3 are moto's; Chalice is a stand-in that makes the same calls, since the real one takes half a minute. The real one
is in `tests/integration/test_localstack.py`.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.api_release import ApiStage, read_address, read_release, release_api
from infrastructure.chalice_command import run_chalice
from infrastructure.errors import DeployError, TakeBackError
from infrastructure.running_api import GATEWAY_STAGE

FUNCTION = "timbre-trial"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
Described = dict[str, Any]


def prove_nothing() -> None: ...


def fail_the_proof() -> None:
    raise DeployError("GET /health answered 500")


def pack(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), text)
    return packed.getvalue()


@dataclass
class StandIn:
    """Function, REST API and record, as Chalice makes and changes them; it may fail when it has changed the function and nothing else."""

    clients: Callable[[str], Any]
    role: str
    fails: bool = False
    runs: list[str] = field(default_factory=list)
    codes: dict[str, bytes] = field(default_factory=dict)  # hash → code

    def __call__(self, command: str, stage: str, project: Path, python: Path, report: Callable[[str], None]) -> None:
        self.runs.append(command)
        described = json.loads((project / ".chalice" / "config.json").read_text())["stages"][stage]
        self.change_function((project / "app.py").read_text(), described)
        if self.fails:
            raise DeployError("chalice deploy failed:\nBadRequestException: no such integration")
        self.change_gateway(project / ".chalice" / "deployed" / f"{stage}.json")

    def change_function(self, text: str, described: Described) -> None:
        functions, code = self.clients("lambda"), pack(text)
        settings: dict[str, Any] = {
            "Environment": {"Variables": described["environment_variables"]},
            "Timeout": 29,
            "Layers": described["layers"],
        }
        try:
            functions.update_function_code(FunctionName=FUNCTION, ZipFile=code)
            functions.update_function_configuration(FunctionName=FUNCTION, **settings)
        except functions.exceptions.ResourceNotFoundException:
            made = {"Runtime": "python3.12", "Role": self.role, "Handler": "app.app", "Code": {"ZipFile": code}}
            functions.create_function(FunctionName=FUNCTION, **made, **settings)
        self.codes[functions.get_function_configuration(FunctionName=FUNCTION)["CodeSha256"]] = code

    def fetch(self, address: str) -> bytes:
        """The code in force: moto's addresses lead nowhere."""
        assert FUNCTION in address
        return self.codes[self.clients("lambda").get_function_configuration(FunctionName=FUNCTION)["CodeSha256"]]

    def change_gateway(self, record: Path) -> None:
        gateway = self.clients("apigateway")
        known = json.loads(record.read_text())["resources"][0]["rest_api_id"] if record.is_file() else None
        api = known or gateway.create_rest_api(name="timbre")["id"]
        if known is None:
            root = gateway.get_resources(restApiId=api)["items"][0]["id"]
            gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
            gateway.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
        gateway.create_deployment(restApiId=api, stageName=GATEWAY_STAGE)
        record.parent.mkdir(parents=True, exist_ok=True)
        url = f"https://{api}.execute-api.eu-central-1.amazonaws.com/{GATEWAY_STAGE}/"
        record.write_text(json.dumps({"resources": [{"resource_type": "rest_api", "rest_api_id": api, "rest_api_url": url}]}))


@dataclass
class World:
    api: ApiStage
    chalice: StandIn
    layers: list[str]
    said: list[str] = field(default_factory=list)

    def release(self, text: str, *, layer: int = 0, prove: Callable[[], None] = prove_nothing, **variables: str) -> None:
        project = self.api.project
        (project / "app.py").write_text(text)
        described = {"environment_variables": variables, "layers": [self.layers[layer]]}
        (project / ".chalice" / "config.json").write_text(json.dumps({"version": "2.0", "stages": {"trial": described}}))
        release_api(self.api, described, prove, self.said.append)

    def look(self) -> dict[str, Any]:
        """All that an answer depends on."""
        told = self.api.clients("lambda").get_function_configuration(FunctionName=FUNCTION)
        gateway = self.api.clients("apigateway")
        (rest_api,) = gateway.get_rest_apis()["items"]
        deployment = gateway.get_stage(restApiId=rest_api["id"], stageName=GATEWAY_STAGE)["deploymentId"]
        layers = [layer["Arn"] for layer in told["Layers"]]
        kept = {name: told.get(name) for name in ("CodeSha256", "Environment", "Timeout", "Role", "Handler", "Runtime")}
        return {**kept, "layers": layers, "deployment": deployment}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    made: list[Any] = []

    @cache
    def client(service: str) -> Any:
        make: Any = boto3.client
        made.append(make(service))
        return made[-1]

    with mock_aws():
        yield client
        for each in made:
            each.close()


@pytest.fixture
def world(clients: Callable[[str], Any], tmp_path: Path) -> World:
    role = clients("iam").create_role(RoleName="api", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    clients("s3").create_bucket(Bucket="artefacts", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    publish = clients("lambda").publish_layer_version
    layers = [publish(LayerName="search", Content={"ZipFile": pack(text)})["LayerVersionArn"] for text in ("one", "two")]
    (tmp_path / ".chalice").mkdir()
    (tmp_path / "chalicelib").mkdir()
    (tmp_path / "requirements.txt").touch()
    chalice = StandIn(clients, role)
    python = Path(sys.executable)
    api = ApiStage("trial", tmp_path, python, "artefacts", clients, chalice=chalice, fetch=chalice.fetch)
    return World(api, chalice, layers)


def test_the_first_release_is_recorded_after_it_proved_good(world: World) -> None:
    world.release("ONE", COLOUR="blue")
    release = read_release(world.api)
    assert release is not None
    assert release.code_sha256 == world.look()["CodeSha256"]
    assert world.said == []


def test_releasing_the_same_again_asks_chalice_for_nothing_and_proves_it_anew(world: World) -> None:
    proofs: list[int] = []
    world.release("ONE", prove=lambda: proofs.append(1))
    world.release("ONE", prove=lambda: proofs.append(2))
    assert world.chalice.runs == ["deploy"]
    assert proofs == [1, 2]
    assert world.said == ["API: nothing to change"]


def test_a_version_that_proves_bad_is_taken_back_with_code_settings_layers_and_gateway(world: World) -> None:
    world.release("ONE", COLOUR="blue")
    before, recorded = world.look(), read_release(world.api)
    with pytest.raises(DeployError, match="GET /health answered 500"):
        world.release("TWO", layer=1, prove=fail_the_proof, COLOUR="red", NEW="too")
    assert world.look() == before
    assert read_release(world.api) == recorded
    assert "putting the last version of the API back" in world.said


def test_a_deployment_that_fails_half_way_is_taken_back(world: World) -> None:
    """Chalice had changed the function already."""
    world.release("ONE", COLOUR="blue")
    before = world.look()
    world.chalice.fails = True
    with pytest.raises(DeployError, match="no such integration"):
        world.release("TWO", COLOUR="red")
    assert world.look() == before


def test_a_mended_version_is_released_after_one_was_taken_back(world: World) -> None:
    world.release("ONE")
    with pytest.raises(DeployError):
        world.release("TWO", prove=fail_the_proof)
    world.release("THREE")
    release = read_release(world.api)
    assert release is not None
    assert release.code_sha256 == world.look()["CodeSha256"]
    assert world.chalice.runs == ["deploy"] * 3


def test_the_old_sources_after_a_version_was_taken_back_are_no_change(world: World) -> None:
    world.release("ONE")
    with pytest.raises(DeployError):
        world.release("TWO", prove=fail_the_proof)
    world.release("ONE")
    assert world.said[-1] == "API: nothing to change"


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), ValueError("no JSON")])
def test_whatever_ends_the_proof_the_last_version_is_put_back(world: World, fault: BaseException) -> None:
    def end() -> None:
        raise fault

    world.release("ONE")
    before = world.look()
    with pytest.raises(type(fault)):
        world.release("TWO", prove=end)
    assert world.look() == before


def test_a_first_version_that_proves_bad_has_nothing_to_go_back_to_and_is_not_recorded(world: World) -> None:
    with pytest.raises(DeployError, match="answered 500"):
        world.release("ONE", prove=fail_the_proof)
    assert read_release(world.api) is None
    assert world.said == []


def test_what_somebody_deployed_in_between_is_noticed(world: World) -> None:
    world.release("ONE")
    world.chalice.change_function("SOMETHING ELSE", {"environment_variables": {}, "layers": []})
    world.release("ONE")
    assert world.chalice.runs == ["deploy", "deploy"]


def test_another_checkout_goes_on_with_the_same_rest_api(world: World) -> None:
    world.release("ONE")
    address = read_address(world.api, endpoint_url="")
    world.api.deployed_file.unlink()
    world.release("TWO")
    assert read_address(world.api, endpoint_url="") == address


def test_when_the_last_version_cannot_be_put_back_both_reasons_are_told(world: World) -> None:
    def lose_the_function() -> None:
        world.api.clients("lambda").delete_function(FunctionName=FUNCTION)
        fail_the_proof()

    world.release("ONE")
    with pytest.raises(TakeBackError, match=r"(?s)answered 500.*could not be put back"):
        world.release("TWO", prove=lose_the_function)


def test_a_bucket_that_may_not_be_read_is_no_missing_release(world: World, clients: Callable[[str], Any]) -> None:
    clients("s3").put_object(Bucket="artefacts", Key=world.api.release_key, Body=b"x", StorageClass="GLACIER")
    with pytest.raises(ClientError, match="InvalidObjectState"):
        read_release(world.api)


def write_python(folder: Path, text: str) -> Path:
    """In the place of the Python that runs Chalice."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_chalices_words_are_passed_on_as_they_come(tmp_path: Path) -> None:
    said: list[str] = []
    run_chalice("deploy", "trial", tmp_path, write_python(tmp_path, 'echo "$3 $4 $5"; echo done >&2'), said.append)
    assert said == ["chalice: deploy --stage trial", "chalice: done"]


@pytest.mark.parametrize(
    "text", ["echo 'ImportError: no such thing'; exit 1", "echo 'Could not install dependencies: ImportError: no such thing'"]
)
def test_a_chalice_that_fails_or_leaves_packages_out_is_told_with_its_last_lines(tmp_path: Path, text: str) -> None:
    with pytest.raises(DeployError, match=r"(?s)chalice deploy failed:.*no such thing"):
        run_chalice("deploy", "trial", tmp_path, write_python(tmp_path, text), lambda _: None)
