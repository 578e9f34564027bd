"""`chalice deploy` of the API to LocalStack, unmodified: the stage's settings and layers, taken from the stack's outputs, in a copy of the
project. What was deployed before is remembered there, so that a second deployment updates instead of making another.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infrastructure.deploy import make_client
from infrastructure.errors import DeployError
from infrastructure.stage_config import ONE_THREAD
from localstack.run_file import write_private
from localstack.settings import STAGE

PROJECT = ("app.py", "chalicelib", "requirements.txt")
GATEWAY_STAGE = "timbre"
LAST_LINES = 15
UNSHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def deploy_api(root: Path, staging: Path, *, application: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """The REST API's id."""
    copy_project(root, staging)
    config = make_stage_config(root, application=application, outputs=outputs)
    write_private(staging / ".chalice" / "config.json", json.dumps(config, indent=1, sort_keys=True))  # it holds MongoDB's URI
    forget_what_is_gone(staging, make_client("apigateway"))
    run_chalice(staging)
    return read_api_id(staging)


def copy_project(root: Path, staging: Path) -> None:
    """Anew each time; `.chalice/deployed` stays, which knows what is there."""
    (staging / ".chalice").mkdir(parents=True, exist_ok=True)
    for name in PROJECT:
        source, target = root / name, staging / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=UNSHIPPED)
        else:
            shutil.copy2(source, target)


def make_stage_config(root: Path, *, application: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((root / ".chalice" / "config.json").read_text("utf-8"))
    stage = {
        "manage_iam_role": False,
        "iam_role_arn": outputs["ApiRoleArn"],
        "layers": [outputs["SearchLayerArn"]],
        "environment_variables": {**application, **ONE_THREAD},
    }
    return {**config, "stages": {STAGE: stage}}


def forget_what_is_gone(staging: Path, api_gateway: Any) -> None:  # boto3's clients have no static type without stubs
    """A LocalStack that was started anew has none of it; Chalice would try to delete what it remembers and fail."""
    record = staging / ".chalice" / "deployed" / f"{STAGE}.json"
    if not record.is_file():
        return
    try:
        api_gateway.get_rest_api(restApiId=read_api_id(staging))
    except (DeployError, api_gateway.exceptions.NotFoundException):
        record.unlink()


def run_chalice(staging: Path) -> None:
    """With the environment of this process, which leads to the emulator and to nowhere else."""
    command = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())", "deploy", "--stage", STAGE]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, cwd=staging, env=environment, capture_output=True, text=True, check=False)
    (staging / "chalice.log").write_text(done.stdout + done.stderr, "utf-8")
    if done.returncode != 0:
        tail = "\n".join("    " + line for line in (done.stdout + done.stderr).splitlines()[-LAST_LINES:])
        raise DeployError(f"`chalice deploy --stage {STAGE}` failed:\n{tail}")


def read_api_id(staging: Path) -> str:
    deployed = json.loads((staging / ".chalice" / "deployed" / f"{STAGE}.json").read_text("utf-8"))
    for resource in deployed["resources"]:
        if resource["resource_type"] == "rest_api":
            return str(resource["rest_api_id"])
    raise DeployError(f"`chalice deploy --stage {STAGE}` made no REST API")
