"""Deploys the API by `chalice deploy` and remembers what was deployed, in the artefacts bucket: a second deployment of the same does
nothing, one from another checkout finds the function and the REST API that are there, and one that fails is taken back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.build_cache import hash_files, hash_inputs
from infrastructure.chalice_command import Chalice, run_chalice
from infrastructure.errors import DeployError, TakeBackError
from infrastructure.running_api import Fetch, RunningApi, fetch_code
from infrastructure.toolchain import read_python_version

Clients = Callable[[str], Any]
Report = Callable[[str], None]


class Release(msgspec.Struct, frozen=True):
    """What is in force: of which inputs, as which code, and Chalice's own record of it."""

    inputs: str
    code_sha256: str
    deployed: dict[str, Any]  # Chalice's file, which is its own affair


@dataclass(frozen=True, slots=True)
class ApiStage:
    stage: str
    project: Path  # where app.py is
    python: Path  # runs Chalice, and so settles the function's Python
    artefacts: str  # the bucket
    clients: Clients
    chalice: Chalice = run_chalice
    fetch: Fetch = fetch_code

    @property
    def function_name(self) -> str:
        return f"timbre-{self.stage}"

    @property
    def deployed_file(self) -> Path:
        return self.project / ".chalice" / "deployed" / f"{self.stage}.json"

    @property
    def release_key(self) -> str:
        return f"releases/{self.stage}.json"


def release_api(api: ApiStage, described: Mapping[str, Any], prove: Callable[[], None], report: Report) -> None:
    """Deploys, has it proved, and records it as what is in force; where it does not prove good, what served before serves again."""
    before = deploy_api(api, described, report)
    with TakingBack(before, api.clients, report):
        prove()
    record_release(api, described)


def deploy_api(api: ApiStage, described: Mapping[str, Any], report: Report) -> RunningApi | None:
    """What served before, to be put back should the new one prove bad; None when nothing changed or nothing was there."""
    inputs = hash_release(api, described)
    known = read_release(api)
    before = RunningApi.capture(api.clients, api.function_name, rest_api_id=find_rest_api(known), fetch=api.fetch)
    restore_record(api, known)
    if known is not None and before is not None and (known.inputs, known.code_sha256) == (inputs, before.code_sha256):
        report("API: nothing to change")
        return None
    with TakingBack(before, api.clients, report):
        api.chalice("deploy", api.stage, api.project, api.python, report)
    return before


@dataclass(frozen=True, slots=True)
class TakingBack:
    """Whatever goes wrong inside, Ctrl-C too: the version before serves again. TakeBackError, with both reasons, where it does not."""

    before: RunningApi | None
    clients: Clients
    report: Report

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        if fault is None or self.before is None:
            return
        self.report("putting the last version of the API back")
        try:
            self.before.put_back(self.clients)
        except (BotoCoreError, ClientError) as exc:
            raise TakeBackError(f"{fault}\nThe last version of the API could not be put back: {exc}") from fault


def hash_release(api: ApiStage, described: Mapping[str, Any]) -> str:
    library = [path for path in (api.project / "chalicelib").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    files = [api.project / "app.py", api.project / "requirements.txt", *library]
    top = json.loads((api.project / ".chalice" / "config.json").read_text("utf-8"))
    top.pop("stages", None)
    settings = json.dumps([top, dict(described)], sort_keys=True)
    bytecode = (Path(__file__).with_name("api_bytecode.py")).read_bytes()
    return hash_inputs([read_python_version(api.python), settings, bytecode, hash_files(api.project, files)])


def read_release(api: ApiStage) -> Release | None:
    s3 = api.clients("s3")
    try:
        body = s3.get_object(Bucket=api.artefacts, Key=api.release_key)["Body"].read()
    except s3.exceptions.ClientError as exc:
        if exc.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
            return None
        raise
    return msgspec.json.decode(body, type=Release)


def record_release(api: ApiStage, described: Mapping[str, Any]) -> None:
    """After the smoke test: what is recorded has served."""
    configuration = api.clients("lambda").get_function_configuration(FunctionName=api.function_name)
    deployed = json.loads(api.deployed_file.read_text("utf-8"))
    release = Release(hash_release(api, described), configuration["CodeSha256"], deployed)
    api.clients("s3").put_object(Bucket=api.artefacts, Key=api.release_key, Body=msgspec.json.encode(release))


def restore_record(api: ApiStage, known: Release | None) -> None:
    """Chalice's record of another checkout. Its own, where it has one, is at least as new."""
    if known is not None and not api.deployed_file.is_file():
        api.deployed_file.parent.mkdir(parents=True, exist_ok=True)
        api.deployed_file.write_text(json.dumps(known.deployed, indent=2), "utf-8")


def find_rest_api(known: Release | None) -> str:
    resources = known.deployed.get("resources", []) if known is not None else []
    return next((str(each["rest_api_id"]) for each in resources if each["resource_type"] == "rest_api"), "")


def read_address(api: ApiStage, *, endpoint_url: str) -> str:
    """Of the API Gateway, without a slash at the end; on an emulator by its path, so that no name has to be resolved."""
    deployed = json.loads(api.deployed_file.read_text("utf-8"))
    rest_api = next((each for each in deployed["resources"] if each["resource_type"] == "rest_api"), None)
    if rest_api is None:
        raise DeployError("chalice deploy made no REST API")
    if not endpoint_url:
        return str(rest_api["rest_api_url"]).rstrip("/")
    stage = str(rest_api["rest_api_url"]).rstrip("/").rsplit("/", 1)[-1]
    return f"{endpoint_url}/_aws/execute-api/{rest_api['rest_api_id']}/{stage}"
