"""Deploys the API by `chalice deploy` and remembers what was deployed, in the artefacts bucket: a second deployment of the same does
nothing, one from another checkout finds the function and the REST API that are there, and one that fails is taken back.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from infrastructure.build_cache import hash_files, hash_inputs
from infrastructure.errors import DeployError
from infrastructure.running_api import RunningApi
from infrastructure.toolchain import read_python_version

Clients = Callable[[str], Any]
Report = Callable[[str], None]
LAST_LINES = 15


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

    @property
    def function_name(self) -> str:
        return f"timbre-{self.stage}"

    @property
    def deployed_file(self) -> Path:
        return self.project / ".chalice" / "deployed" / f"{self.stage}.json"

    @property
    def release_key(self) -> str:
        return f"releases/{self.stage}.json"


def deploy_api(api: ApiStage, described: Mapping[str, Any], report: Report) -> RunningApi | None:
    """What served before, to be put back should the new one prove bad; None when nothing changed or nothing was there."""
    inputs = hash_release(api, described)
    known = read_release(api)
    before = RunningApi.capture(api.clients, api.function_name, rest_api_id=find_rest_api(known.deployed if known else {}))
    if known is not None and before is not None and (known.inputs, known.code_sha256) == (inputs, before.code_sha256):
        restore_record(api, known)
        report("API: nothing to change")
        return None
    restore_record(api, known)
    try:
        run_chalice(api, "deploy", report)
    except DeployError:
        if before is not None:
            report("putting the last version of the API back")
            before.put_back(api.clients)
        raise
    return before


def hash_release(api: ApiStage, described: Mapping[str, Any]) -> str:
    library = [path for path in (api.project / "chalicelib").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    files = [api.project / "app.py", api.project / "requirements.txt", *library]
    top = json.loads((api.project / ".chalice" / "config.json").read_text("utf-8"))
    top.pop("stages", None)
    settings = json.dumps([top, dict(described)], sort_keys=True)
    return hash_inputs([read_python_version(api.python), settings, hash_files(api.project, files)])


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


def find_rest_api(deployed: Mapping[str, Any]) -> str:
    resources = deployed.get("resources", [])
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


def run_chalice(api: ApiStage, command: str, report: Report) -> None:
    """Line by line as it says them. DeployError with the last of them where it fails."""
    line = [str(api.python), "-c", "import sys; from chalice.cli import main; sys.exit(main())", command, "--stage", api.stage]
    path = f"{api.python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    said: list[str] = []
    with subprocess.Popen(
        line,
        cwd=api.project,
        env={**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for text in process.stdout or ():
            said.append(text.rstrip())
            report(f"chalice: {said[-1]}")
    missing = "Could not install" in "\n".join(said)  # it says so, leaves the packages out, and ends well
    if process.returncode != 0 or missing:
        raise DeployError(f"chalice {command} failed:\n" + "\n".join(said[-LAST_LINES:]))
